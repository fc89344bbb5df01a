import { lineEndOf } from './layout.ts'

/** First and last line of what mycelium writes into an ignore file; everything else in it is the user's. */
export const BLOCK_START = '# >>> mycelium ignore >>>'
/** Pairs with BLOCK_START. */
export const BLOCK_END = '# <<< mycelium ignore <<<'

/** An ignore file's text with our block behind the user's lines. */
export interface Blocked {
  readonly text: string
  /** The user's last line had no line end, and got one. */
  readonly joined: boolean
}

/** Puts a block behind everything else, with the line ends that the text uses; the user's lines stay byte for byte. */
export function putBlock(text: string, lines: readonly string[]): Blocked {
  const eol = lineEndOf(text)
  const joined = text !== '' && text !== '\uFEFF' && !text.endsWith('\n')
  const block = [BLOCK_START, ...lines, BLOCK_END].map((line) => line + eol).join('')
  return { text: `${text}${joined ? eol : ''}${block}`, joined }
}

/** Takes every block out. Of one whose end is gone only the lines that we wrote go: what follows may be the user's. */
export function takeBlock(
  text: string,
  lines: readonly string[],
  joined: boolean,
): { readonly text: string; readonly taken: number } {
  const ours = new Set(lines)
  const rows = text.match(/[^\n]*\n|[^\n]+$/g) ?? []
  const kept: string[] = []
  let taken = 0
  for (let at = 0; at < rows.length; at += 1) {
    if (bare(rows[at]!) !== BLOCK_START) {
      kept.push(rows[at]!)
      continue
    }
    taken += 1
    const end = rows.findIndex((row, i) => i > at && bare(row) === BLOCK_END)
    if (end >= 0) at = end
    else while (at + 1 < rows.length && ours.has(bare(rows[at + 1]!))) at += 1
    const last = kept.at(-1)
    if (joined && at === rows.length - 1 && last !== undefined)
      kept[kept.length - 1] = last.replace(/\r?\n$/, '')
  }
  return taken === 0 ? { text, taken } : { text: kept.join(''), taken }
}

/** A byte order mark may stand before the first line. */
function bare(row: string): string {
  return row.replace(/^\uFEFF/, '').replace(/\r?\n$/, '')
}
