import { outlineOf } from '../../budget/outline.ts'
import { withLines } from '../doc.ts'
import type { Doc, Problem, Strategy } from '../strategy.ts'
import { rangesOutside } from './ranges.ts'
import { leaving } from './strategy.ts'

const WAYS = {
  part: 'for a part: the command in the first line, with --lines A-B',
  whole: 'for all of it: the same without --lines',
}

const OUTLINING = leaving('outline', async (doc, target, { count, parse, path }) => {
  // Its numbers must be those of the original.
  if (doc.pinned.length > 0 || doc.lines.some(({ from }, i) => from !== i + 1)) return doc
  const name = path === '' ? (doc.kind === 'markdown' ? 'text.md' : 'text') : path
  const parsed = await parse?.(name, doc.text)
  // Without a syntax tree nothing says which lines matter.
  if (parsed === undefined && doc.kind === 'code') return doc
  const outline = outlineOf({
    path: name,
    text: doc.text,
    parsed,
    budget: target,
    tokensOf: count,
    ways: WAYS,
  })
  if (outline === undefined) return doc
  const last = doc.lines.length
  const leftOut = rangesOutside(outline.shown, last).map((range) => ({
    ...range,
    what: 'in the outline only',
  }))
  const lines = outline.text.split('\n').map((text) => {
    const number = Number(/^(\d+)\t/.exec(text)?.[1] ?? 0)
    return number > 0 && number <= last ? { text, from: number, to: number } : { text, from: 1, to: last }
  })
  return { ...withLines(doc, lines, { leftOut }), plain: plainOf(outline.text) }
})

/** The lines of an outline that are the original's own; the others are checked below. */
function plainOf(outline: string): string {
  return outline
    .split('\n')
    .map((line) => /^\d+\t(.*)$/.exec(line)?.[1] ?? '')
    .join('\n')
}

/** A source or a long document in part: what it holds with line numbers, and the passages that matter most. */
export const OUTLINE: Strategy = {
  ...OUTLINING,
  validate: (before, after, context) => [
    ...OUTLINING.validate(before, after, context),
    ...saysWhatIsThere(before, after),
  ],
}

/** What is said to stand in some lines stands in them, word for word and in that order. */
function saysWhatIsThere(before: Doc, after: Doc): readonly Problem[] {
  for (const { text } of after.lines) {
    const [, verbatim, own] = /^(\d+)\t(.*)$/s.exec(text) ?? []
    if (verbatim !== undefined && before.lines[Number(verbatim) - 1]?.text !== own)
      return [{ message: `line ${verbatim} is another one` }]
    const [, from, to = from, label] = /^\s*(\d+)(?:-(\d+))?: (.*)$/.exec(text) ?? []
    if (from === undefined) continue
    const there = before.lines
      .slice(Number(from) - 1, Number(to))
      .map((line) => line.text)
      .join(' ')
    let at = 0
    for (const word of label!.match(/[\p{L}\p{N}_$]+/gu) ?? []) {
      at = there.indexOf(word, at)
      if (at < 0) return [{ message: `line ${from} says nothing of ${word}` }]
      at += word.length
    }
  }
  return []
}
