import { withLines } from './doc.ts'
import type { Doc, Line, Problem, Strategy } from './strategy.ts'

const BAR = /[|│┃]/
const RULE = /^\s*[-+|=:─━═┌┬┐├┼┤└┴┘╞╪╡│┃\s]*[-=─━═]{3,}[-+|=:─━═┌┬┐├┼┤└┴┘╞╪╡│┃\s]*$/
const MIN_LINES = 3
const MARKDOWN_RULE = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)+\|?\s*$/

/** Tables with bars: cells without the blanks that align them, rules without their length. */
export const BOXES: Strategy = {
  name: 'boxes',
  exactness: 'rendering',
  lossless: true,
  execute: (doc) => {
    const lines: Line[] = []
    let changed = false
    for (let i = 0; i < doc.lines.length; ) {
      let end = i
      while (end < doc.lines.length && (barsIn(doc.lines[end]!.text) || RULE.test(doc.lines[end]!.text)))
        end++
      const block = doc.lines.slice(i, end)
      const bars = block.flatMap(({ text }) => (RULE.test(text) ? [] : text.split(BAR).length))
      // As many cells in each line, or it is a text with bars in it.
      if (bars.length < MIN_LINES || bars.some((count) => count !== bars[0])) {
        lines.push(...doc.lines.slice(i, Math.max(end, i + 1)))
        i = Math.max(end, i + 1)
        continue
      }
      for (const line of block) {
        const text = squeezed(line.text)
        changed ||= text !== line.text
        lines.push({ ...line, text })
      }
      i = end
    }
    return changed ? withLines(doc, lines) : doc
  },
  validate: (before, after) => sameCells(before, after),
}

function barsIn(line: string): boolean {
  return BAR.test(line) && / [|│┃]|[|│┃] |^[|│┃]/.test(line)
}

function squeezed(line: string): string {
  if (MARKDOWN_RULE.test(line)) return line.replace(/\s+/g, '').replace(/-+/g, '-')
  if (RULE.test(line)) return '---'
  return line
    .split(/\s*[|│┃]\s*/)
    .join('|')
    .trim()
}

function sameCells(before: Doc, after: Doc): readonly Problem[] {
  const cells = ({ lines }: Doc) =>
    lines
      .map(({ text }) =>
        RULE.test(text) || /^(---|[|:-]+)$/.test(text) ? '' : text.replace(/\s*[|│┃]\s*/g, '|').trim(),
      )
      .join('\n')
  return cells(before) === cells(after) ? [] : [{ message: 'cells would be other ones' }]
}
