/** Cells that are worth their time; beyond it only what is the same in order, looking a little ahead, is found. */
const MAX_CELLS = 1 << 21
const AHEAD = 64

/** Pairs of indices of a longest common subsequence of two lists, in order; for long lists that differ much, of a common one. */
export function commonPairs(a: readonly string[], b: readonly string[]): [number, number][] {
  let from = 0
  while (from < a.length && from < b.length && a[from] === b[from]) from++
  let [toA, toB] = [a.length, b.length]
  while (toA > from && toB > from && a[toA - 1] === b[toB - 1]) [toA, toB] = [toA - 1, toB - 1]
  const pairs: [number, number][] = Array.from({ length: from }, (_, i) => [i, i])
  const middle =
    (toA - from) * (toB - from) <= MAX_CELLS
      ? longest(a.slice(from, toA), b.slice(from, toB))
      : greedy(a.slice(from, toA), b.slice(from, toB))
  for (const [i, j] of middle) pairs.push([i + from, j + from])
  for (let i = toA; i < a.length; i++) pairs.push([i, i - toA + toB])
  return pairs
}

function longest(a: readonly string[], b: readonly string[]): [number, number][] {
  const width = b.length + 1
  const length = new Uint16Array((a.length + 1) * width)
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      length[i * width + j] =
        a[i] === b[j]
          ? length[(i + 1) * width + j + 1]! + 1
          : Math.max(length[(i + 1) * width + j]!, length[i * width + j + 1]!)
  const pairs: [number, number][] = []
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) pairs.push([i++, j++])
    else if (length[(i + 1) * width + j]! >= length[i * width + j + 1]!) i++
    else j++
  }
  return pairs
}

/** Next place of each item of `b` at or after the one reached; items that lie too far ahead are let go first. */
function greedy(a: readonly string[], b: readonly string[]): [number, number][] {
  const places = new Map<string, number[]>()
  for (const [i, text] of a.entries()) places.get(text)?.push(i) ?? places.set(text, [i])
  const pairs: [number, number][] = []
  let at = 0
  const nextOf = (text: string) => places.get(text)?.find((i) => i >= at)
  for (const [j, text] of b.entries()) {
    const i = nextOf(text)
    if (i === undefined) continue
    // A word far ahead is believed only if what follows it is there too.
    if (i - at > AHEAD && b[j + 1] !== undefined && a[i + 1] !== b[j + 1]) continue
    pairs.push([i, j])
    at = i + 1
  }
  return pairs
}
