import { outlineOf } from '../../budget/outline.ts'
import { withLines } from '../doc.ts'
import { rangesOutside } from './ranges.ts'
import { leaving } from './strategy.ts'

const WAYS = {
  part: 'for a part: the command in the first line, with --lines A-B',
  whole: 'for all of it: the same without --lines',
}

/** A source or a long document in part: what it holds with line numbers, and the passages that matter most. */
export const OUTLINE = leaving('outline', async (doc, target, { count, parse, path }) => {
  // Its numbers must be those of the original.
  if (doc.pinned.length > 0 || doc.lines.some(({ from }, i) => from !== i + 1)) return doc
  const name = path === '' ? (doc.kind === 'markdown' ? 'text.md' : 'text') : path
  const parsed = await parse?.(name, doc.text)
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
  return withLines(doc, lines, { leftOut })
})
