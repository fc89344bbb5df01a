/** A stretch of a text, in UTF-16 units. */
export interface Stretch {
  readonly start: number
  readonly end: number
}

/** Which line an offset is on, and which lines hold code. */
export interface CodeLines {
  /** One-based. */
  lineAt(offset: number): number
  /** Lines from `first` to `last`, both included, that are neither blank nor comment alone. */
  count(first: number, last: number): number
  readonly total: number
}

/** `comments` in the order of the text, none inside of another. */
export function codeLinesOf(text: string, comments: readonly Stretch[]): CodeLines {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  // before[n] is the number of lines of code among the first n.
  const before = new Uint32Array(starts.length + 1)
  let comment = 0
  for (let line = 0; line < starts.length; line++) {
    const end = starts[line + 1] ?? text.length
    let at = starts[line]!
    let code = 0
    while (at < end) {
      while (comment < comments.length && comments[comment]!.end <= at) comment++
      const next = comments[comment]
      if (next !== undefined && next.start <= at) at = next.end
      else if (text.charCodeAt(at) > 32 && !isBlank(text.charCodeAt(at))) {
        code = 1
        break
      } else at++
    }
    before[line + 1] = before[line]! + code
  }
  const lineAt = (offset: number) => {
    let low = 0
    let high = starts.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (starts[middle]! <= offset) low = middle
      else high = middle
    }
    return low + 1
  }
  return {
    lineAt,
    count: (first, last) => before[last]! - before[first - 1]!,
    total: before[starts.length]!,
  }
}

/** Of white space outside of ASCII, what files really hold: a no-break space and a byte order mark. */
function isBlank(code: number): boolean {
  return code === 0xa0 || code === 0xfeff
}
