/** What a client shows its model of a long tool result; the rest it cuts away itself, or keeps in a file. */
interface Cut {
  readonly characters?: number
  readonly lines?: number
  readonly tokens?: number
  /** Above its bound nothing is shown but the beginning, in characters: the text lies in a file. */
  readonly preview?: number
}

/**
 * Defaults of the clients for results of MCP tools, which their users may set otherwise. Claude Code: 25,000 tokens, and above 50,000 characters a
 * file with the first 2,000 shown (its documentation of October 2026). Codex: 10,000 tokens (`tool_output_token_limit`). opencode: 2,000 lines or
 * 50 KiB (`tool_output`). A client that is not here is taken to show everything.
 */
const CUTS: Readonly<Record<string, Cut>> = {
  'claude-code': { tokens: 25_000, characters: 50_000, preview: 2_000 },
  codex: { tokens: 10_000 },
  opencode: { characters: 50 * 1024, lines: 2_000 },
}

/** Tokens of a result that the client would have shown its model, of so many in all. */
export function shownTokens(client: string, text: string, tokens: number): number {
  const cut = CUTS[client]
  if (cut === undefined || text.length === 0) return tokens
  const share = (characters: number) => Math.min(1, characters / text.length)
  if (cut.preview !== undefined && text.length > (cut.characters ?? Number.POSITIVE_INFINITY))
    return Math.round(tokens * share(cut.preview))
  const kept = Math.min(
    share(cut.characters ?? Number.POSITIVE_INFINITY),
    share(cut.lines === undefined ? Number.POSITIVE_INFINITY : endOfLine(text, cut.lines)),
  )
  return Math.min(Math.round(tokens * kept), cut.tokens ?? Number.POSITIVE_INFINITY)
}

/** Characters of the first lines of a text. */
function endOfLine(text: string, lines: number): number {
  let at = -1
  for (let i = 0; i < lines; i++) {
    at = text.indexOf('\n', at + 1)
    if (at === -1) return text.length
  }
  return at
}
