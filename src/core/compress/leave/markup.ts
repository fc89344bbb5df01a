import { dropLines, pinnedLines, withLines } from '../doc.ts'
import type { Doc, Line } from '../strategy.ts'
import { leaving } from './strategy.ts'

const WRAPPER =
  /^\s*(- |\[\d+\] |uid=\S+ )?(generic|none|presentation|listitem|list|group|paragraph|rowgroup|LineBreak|InlineTextBox|Iframe|strong|emphasis)\s*(\[[^\]]*\]\s*)*:?\s*$/
const HIDDEN = /<(script|style|svg|noscript|template)\b[\s\S]*?<\/\1\s*>|<!--[\s\S]*?-->/gi
/** What tells an element from others, or says what it does. */
const TOLD =
  /^(id|href|src|alt|title|name|value|type|role|for|action|method|placeholder|checked|disabled|selected|aria-[\w-]+|data-testid|content|lang)$/i
const TAG = /<([a-z][\w-]*)((?:\s+[\w:@.-]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'>]+))?)*)\s*(\/?)>/gi
const ATTRIBUTE = /([\w:@.-]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+))?/g

/** Scripts, styles and drawings of a page, attributes that only style it, and nodes of an accessibility tree that only wrap others. */
export const MARKUP = leaving('markup', (doc) =>
  /<[a-z!]/i.test(doc.text) ? withoutStyling(doc) : withoutWrappers(doc),
)

function withoutWrappers(doc: Doc): Doc {
  return dropLines(
    doc,
    doc.lines.map(({ text }) => WRAPPER.test(text)),
    'nodes without a name',
  )
}

function withoutStyling(doc: Doc): Doc {
  if (doc.pinned.length > 0 && pinnedLines(doc).size > 0) return doc
  // Line breaks stay, so that each line has its number.
  const text = doc.text
    .replace(HIDDEN, (hidden) => hidden.replace(/[^\n]+/g, ''))
    .replace(TAG, (_, name: string, attributes: string, end: string) => {
      const told = [...attributes.matchAll(ATTRIBUTE)].flatMap(([whole, key]) =>
        TOLD.test(key!) ? [` ${whole}`] : [],
      )
      return `<${name}${told.join('')}${end}>`
    })
  if (text === doc.text) return doc
  const lines: Line[] = []
  const leftOut: { from: number; to: number; what: string }[] = []
  for (const [i, line] of text.split('\n').entries()) {
    const before = doc.lines[i]!
    if (line !== before.text)
      leftOut.push({ from: before.from, to: before.to, what: 'scripts, styles, attributes' })
    if (line.trim() !== '') lines.push({ ...before, text: line.trim() })
  }
  return withLines(doc, lines, { notes: ['scripts, styles, attributes left out'], leftOut: joined(leftOut) })
}

function joined(ranges: readonly { from: number; to: number; what: string }[]) {
  const all: { from: number; to: number; what: string }[] = []
  for (const range of ranges) {
    const last = all.at(-1)
    if (last !== undefined && last.to >= range.from - 1) last.to = range.to
    else all.push({ ...range })
  }
  return all
}
