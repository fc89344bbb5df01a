/** What of a component file a parser of scripts can read. */
export interface Scripts {
  /** As long as the file, with blanks for what is no script: offsets and lines stay as they are. */
  readonly text: string
  readonly language: 'jsx' | 'ts' | 'tsx'
}

const BLOCK = /<script\b((?:[^>"']|"[^"]*"|'[^']*')*)>([\s\S]*?)<\/script\s*>/gi
const FRONTMATTER = /^\uFEFF?\s*---[^\S\n]*\n([\s\S]*?)^---/m
const NOT_A_SCRIPT =
  /\btype\s*=\s*["']?(?!module|text\/(java|type|babel)script|text\/babel|application\/javascript|ts|js)/i

/**
 * The scripts of a Vue, Svelte or Astro file: `<script>` blocks, and what Astro has between dashes at the top. Expressions in
 * templates are left out.
 */
export function scriptsIn(path: string, text: string): Scripts {
  const astro = path.endsWith('.astro')
  let language: Scripts['language'] = astro ? 'ts' : 'jsx'
  let kept = ''
  let seen = 0
  const keep = (start: number, end: number) => {
    kept += text.slice(seen, start).replace(/[^\r\n]/g, ' ') + text.slice(start, end)
    seen = end
  }
  const front = astro ? FRONTMATTER.exec(text) : null
  if (front !== null && front.index === 0) {
    const start = front[0].indexOf('\n') + 1
    keep(start, start + front[1]!.length)
  }
  for (const { 0: whole, 1: attributes, 2: script, index } of text.matchAll(BLOCK)) {
    if (index < seen || NOT_A_SCRIPT.test(attributes!)) continue
    const tagged = /\blang\s*=\s*["']?(tsx?|jsx)\b/i.exec(attributes!)?.[1]?.toLowerCase()
    if (tagged === 'ts' || tagged === 'tsx') language = tagged
    const start = index + whole.indexOf('>', whole.indexOf(attributes!) + attributes!.length) + 1
    keep(start, start + script!.length)
    // Two scripts on one line are two statements.
    kept += ';'
    seen++
  }
  keep(text.length, text.length)
  return { text: kept, language }
}
