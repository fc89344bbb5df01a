/** Lines of code up to each line, for differences: index 0 is 0, index n counts lines 1…n. */
export type LineSums = Int32Array

/**
 * Counts lines that are neither blank nor comment alone, in one pass.
 * `comments` are [start, end) offsets of the text in UTF-16 units, in order and without overlap.
 */
export function sumCodeLines(text: string, comments: readonly (readonly [number, number])[]): LineSums {
  const sums: number[] = [0]
  let comment = 0
  let total = 0
  let start = 0
  while (start <= text.length) {
    const newline = text.indexOf('\n', start)
    const end = newline < 0 ? text.length : newline
    let at = start
    let code = false
    while (at < end) {
      while (comment < comments.length && comments[comment]![1] <= at) comment++
      const next = comments[comment]
      if (next && next[0] <= at) {
        at = Math.min(next[1], end)
        if (next[1] > end) break
      } else if (isBlank(text.charCodeAt(at))) at++
      else {
        code = true
        break
      }
    }
    if (code) total++
    sums.push(total)
    start = end + 1
  }
  return Int32Array.from(sums)
}

/** Lines of code between two lines, both included. */
export function codeLinesIn(sums: LineSums, from: number, to: number): number {
  return sums[Math.min(to, sums.length - 1)]! - sums[Math.min(from, sums.length) - 1]!
}

// A byte order mark is no code either.
const isBlank = (unit: number): boolean =>
  unit === 32 || (unit >= 9 && unit <= 13) || unit === 0xa0 || unit === 0xfeff
