import type { Run, Work } from './match.ts'

/** A stretch of both sequences; `to` is not in it. */
interface Stretch {
  readonly aFrom: number
  readonly aTo: number
  readonly bFrom: number
  readonly bTo: number
}

/**
 * What two stretches share by the shortest difference of at most `most` units taken out and put in (Myers 1986, the greedy algorithm);
 * undefined where it is longer, or the work runs out. Memory: 2 × most² bytes.
 */
export function shortestMatches(
  a: Int32Array,
  b: Int32Array,
  { aFrom, aTo, bFrom, bTo }: Stretch,
  work: Work,
  most: number,
): readonly Run[] | undefined {
  const [n, m] = [aTo - aFrom, bTo - bFrom]
  if (Math.abs(n - m) > most) return undefined
  const max = Math.min(most, n + m)
  /** By diagonal: how far it was gone in `a`. */
  const furthest = new Int32Array(2 * max + 3)
  const zero = max + 1
  /** What `furthest` was before each step, from diagonal -d to d. */
  const steps: Int32Array[] = []
  for (let d = 0; d <= max; d++) {
    steps.push(furthest.slice(zero - d, zero + d + 1))
    for (let diagonal = -d; diagonal <= d; diagonal += 2) {
      const down =
        diagonal === -d || (diagonal !== d && furthest[zero + diagonal - 1]! < furthest[zero + diagonal + 1]!)
      let x = down ? furthest[zero + diagonal + 1]! : furthest[zero + diagonal - 1]! + 1
      let y = x - diagonal
      const started = x
      while (x < n && y < m && a[aFrom + x] === b[bFrom + y]) {
        x++
        y++
      }
      work.left -= 1 + x - started
      furthest[zero + diagonal] = x
      if (x >= n && y >= m) return wayBack(steps, d, n, m, aFrom, bFrom)
    }
    if (work.left <= 0) return undefined
  }
  return undefined
}

function wayBack(
  steps: readonly Int32Array[],
  length: number,
  n: number,
  m: number,
  aFrom: number,
  bFrom: number,
): readonly Run[] {
  const runs: Run[] = []
  let [x, y] = [n, m]
  for (let d = length; d >= 0; d--) {
    const before = steps[d]!
    const at = (diagonal: number) => before[diagonal + d] ?? 0
    const diagonal = x - y
    const down = diagonal === -d || (diagonal !== d && at(diagonal - 1) < at(diagonal + 1))
    const fromX = d === 0 ? 0 : down ? at(diagonal + 1) : at(diagonal - 1) + 1
    const fromY = fromX - diagonal
    if (x > fromX) runs.push({ a: aFrom + fromX, b: bFrom + fromY, length: x - fromX })
    if (down) [x, y] = [fromX, fromY - 1]
    else [x, y] = [fromX - 1, fromY]
  }
  return runs.reverse()
}
