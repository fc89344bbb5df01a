/** Lines `from` to `to`, both included, counted from 1. */
export interface LineRange {
  readonly from: number
  readonly to: number
}

/** What is not in any of the ranges, which are in order, of the lines 1 to `last`. */
export function rangesOutside(ranges: readonly LineRange[], last: number): readonly LineRange[] {
  const outside: LineRange[] = []
  let next = 1
  for (const { from, to } of ranges) {
    if (from > next) outside.push({ from: next, to: from - 1 })
    next = Math.max(next, to + 1)
  }
  if (next <= last) outside.push({ from: next, to: last })
  return outside
}
