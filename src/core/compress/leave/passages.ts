import type { Doc } from '../strategy.ts'

/** A sentence of a line, or a paragraph of several lines: `from` and `to` are indices of lines. */
export interface Passage {
  readonly from: number
  readonly to: number
  readonly text: string
}

const KEPT_LINE = /^\s*(#|```|~~~|\||[-=*]{3,}|$)/
const ITEM = /^\s*([-*+•]|\d+[.)])\s/
const SENTENCES = /\S.*?(?:[.!?]["')\]]*(?=\s+["'([]?[\p{Lu}\d`])|$)/gu
/** Text of a page that nobody can click or fill in; the name of its node stands before it. */
const NODE_TEXT =
  /^\s*(?:- |\[\d+\] |uid=\S+ )?(?:paragraph|StaticText|text|generic|cell|emphasis|strong|code|blockquote)\b[^"]*?(?:: |")(?=.{60})/
/** Such a line is wrapped only if it is nearly full. */
const MIN_FULL = 40

/** What may be left out of a text: its sentences, where a line holds whole ones, else its paragraphs. */
export function passagesOf(doc: Doc, pinned: ReadonlySet<number>): readonly Passage[] {
  const texts = doc.lines.map(({ text }) => text)
  if (doc.kind === 'tree')
    return texts.flatMap((text, i) =>
      NODE_TEXT.test(text) && !pinned.has(i) ? [{ from: i, to: i, text: text.trim() }] : [],
    )
  const found: Passage[] = []
  let inCode = false
  for (let i = 0; i < texts.length; i++) {
    const text = texts[i]!
    if (/^\s*(```|~~~)/.test(text)) inCode = !inCode
    if (inCode || KEPT_LINE.test(text)) continue
    const from = i
    while (i + 1 < texts.length && goesOn(texts[i]!, texts[i + 1]!)) i++
    let isPinned = false
    for (let line = from; line <= i; line++) isPinned ||= pinned.has(line)
    if (isPinned) continue
    if (i > from)
      found.push({
        from,
        to: i,
        text: texts
          .slice(from, i + 1)
          .join(' ')
          .trim(),
      })
    else for (const [sentence] of text.matchAll(SENTENCES)) found.push({ from, to: from, text: sentence })
  }
  return found
}

function goesOn(line: string, next: string): boolean {
  return (
    line.length >= MIN_FULL && !/[.!?:]["')\]]*\s*$/.test(line) && !KEPT_LINE.test(next) && !ITEM.test(next)
  )
}
