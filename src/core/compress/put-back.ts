import type { Doc, LeftOut, Line } from './strategy.ts'

/** Stands for lines, and is none of them; pairs with markOf() in doc.ts. */
const MARK = /^\s*\[… \d+(-\d+)?: .*\]$/

/** Lines of `whole`, counted from 1 in it, of which nothing stands in `after`. */
export function goneFrom(whole: Doc, after: Doc): { from: number; to: number }[] {
  const stands = new Set<number>()
  const last = whole.lines.at(-1)!.to
  for (const { text, from, to } of after.lines) {
    if (MARK.test(text)) continue
    if (from === 1 && to === last && to > 1) {
      // Such a line stands for no one line; a strategy that has lines of its own says what a judge reads.
      if (after.plain === undefined) return []
      continue
    }
    for (let line = from; line <= to; line++) stands.add(line)
  }
  const gone: { from: number; to: number }[] = []
  for (const [i, { from, to }] of whole.lines.entries()) {
    let isGone = true
    for (let line = from; line <= to && isGone; line++) isGone = !stands.has(line)
    if (!isGone) continue
    const range = gone.at(-1)
    if (range?.to === i) range.to = i + 1
    else gone.push({ from: i + 1, to: i + 1 })
  }
  return gone
}

/** The shortened document with these lines of the original as they were, and what their marks stand for; the same one where they are. */
export function putBack(whole: Doc, after: Doc, lost: ReadonlySet<number>): Doc {
  if (after.plain !== undefined || after.value !== undefined) return after
  const back = new Set<number>()
  for (const line of lost) {
    const range = after.leftOut.find(({ from, to }) => from <= line && line <= to)
    if (range === undefined) return after
    const isMarked = after.lines.some(
      ({ text, from, to }) => from === range.from && to === range.to && MARK.test(text),
    )
    // A mark goes as a whole; without one, the line alone.
    for (let one = isMarked ? range.from : line; one <= (isMarked ? range.to : line); one++) back.add(one)
  }
  if (back.size === 0) return after
  const lines: Line[] = []
  let next = 0
  const restoreUpTo = (end: number): void => {
    for (; next < whole.lines.length && whole.lines[next]!.from <= end; next++)
      if (back.has(whole.lines[next]!.from)) lines.push(whole.lines[next]!)
  }
  for (const line of after.lines) {
    restoreUpTo(line.from - 1)
    if (!back.has(line.from)) lines.push(line)
    else restoreUpTo(line.to)
  }
  restoreUpTo(Number.POSITIVE_INFINITY)
  const leftOut = after.leftOut.flatMap((range) => withoutLines(range, back))
  return { ...after, lines, leftOut, text: lines.map(({ text }) => text).join('\n') }
}

function withoutLines(range: LeftOut, back: ReadonlySet<number>): LeftOut[] {
  const parts: LeftOut[] = []
  for (let from = range.from; from <= range.to; from++) {
    if (back.has(from)) continue
    let to = from
    while (to < range.to && !back.has(to + 1)) to++
    parts.push({ ...range, from, to })
    from = to
  }
  return parts
}
