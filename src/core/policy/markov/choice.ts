/** One choice that was made: the rows of what could have been chosen, and which was. */
export interface Choice {
  /** Row by row, `width` features each. */
  readonly rows: Float64Array
  /** Added to the utility of each row: a row that stands for many has the logarithm of how many. */
  readonly offsets: Float64Array
  readonly chosen: number
  readonly weight: number
}

/** Utilities of all rows under these weights. */
export function utilities(
  rows: Float64Array,
  count: number,
  weights: ArrayLike<number>,
  into: Float64Array,
): void {
  const width = weights.length
  for (let i = 0; i < count; i++) {
    let sum = 0
    const at = i * width
    for (let k = 0; k < width; k++) sum += rows[at + k]! * weights[k]!
    into[i] = sum
  }
}

/** Utilities to probabilities, in place; those of −∞ have none. */
export function softmax(values: Float64Array, count: number): void {
  let top = Number.NEGATIVE_INFINITY
  for (let i = 0; i < count; i++) if (values[i]! > top) top = values[i]!
  let sum = 0
  for (let i = 0; i < count; i++) {
    values[i] = Math.exp(values[i]! - top)
    sum += values[i]!
  }
  for (let i = 0; i < count; i++) values[i]! /= sum
}

const ROUNDS = 8
/** Candidates that are less likely bend nothing. */
const MIN_SHARE = 1e-5
const ENOUGH = 1e-4

/**
 * Weights of a conditional logit, by Newton's method, drawn to `prior` by ridge · |w − prior|² / 2. `start` is where the search begins.
 * Source: McFadden, Conditional logit analysis of qualitative choice behavior, 1974.
 */
export function fitChoices(
  choices: readonly Choice[],
  prior: readonly number[],
  ridge: number,
  start: readonly number[] = prior,
): number[] {
  const width = prior.length
  let weights = [...start]
  if (choices.length === 0) return weights
  let best = loss(choices, weights, prior, ridge)
  for (let round = 0; round < ROUNDS; round++) {
    const { gradient, hessian } = slopes(choices, weights, prior, ridge)
    const move = solve(hessian, gradient)
    let size = 1
    let next = weights
    let value = best
    // Halved until it helps: far from the minimum a whole step may overshoot.
    for (; size > 1e-3; size /= 2) {
      next = weights.map((w, k) => w - size * move[k]!)
      value = loss(choices, next, prior, ridge)
      if (value < best) break
    }
    if (size <= 1e-3) break
    const gained = best - value
    weights = next
    best = value
    if (gained < ENOUGH * width) break
  }
  return weights
}

function loss(
  choices: readonly Choice[],
  weights: readonly number[],
  prior: readonly number[],
  ridge: number,
): number {
  const width = weights.length
  let sum = 0
  for (const { rows, offsets, chosen, weight } of choices) {
    const count = rows.length / width
    const p = new Float64Array(count)
    utilities(rows, count, weights, p)
    for (let i = 0; i < count; i++) p[i]! += offsets[i]!
    let top = Number.NEGATIVE_INFINITY
    for (let i = 0; i < count; i++) if (p[i]! > top) top = p[i]!
    let norm = 0
    for (let i = 0; i < count; i++) norm += Math.exp(p[i]! - top)
    sum += weight * (Math.log(norm) + top - p[chosen]!)
  }
  for (let k = 0; k < width; k++) sum += (ridge / 2) * (weights[k]! - prior[k]!) ** 2
  return sum
}

function slopes(
  choices: readonly Choice[],
  weights: readonly number[],
  prior: readonly number[],
  ridge: number,
) {
  const width = weights.length
  const gradient = new Float64Array(width)
  const hessian = new Float64Array(width * width)
  const mean = new Float64Array(width)
  for (const { rows, offsets, chosen, weight } of choices) {
    const count = rows.length / width
    const p = new Float64Array(count)
    utilities(rows, count, weights, p)
    for (let i = 0; i < count; i++) p[i]! += offsets[i]!
    softmax(p, count)
    mean.fill(0)
    for (let i = 0; i < count; i++) {
      const at = i * width
      const share = p[i]!
      if (share < MIN_SHARE) continue
      for (let k = 0; k < width; k++) mean[k]! += share * rows[at + k]!
      for (let k = 0; k < width; k++) {
        const scaled = weight * share * rows[at + k]!
        if (scaled === 0) continue
        for (let m = 0; m <= k; m++) hessian[k * width + m]! += scaled * rows[at + m]!
      }
    }
    for (let k = 0; k < width; k++) {
      gradient[k]! += weight * (mean[k]! - rows[chosen * width + k]!)
      for (let m = 0; m <= k; m++) hessian[k * width + m]! -= weight * mean[k]! * mean[m]!
    }
  }
  for (let k = 0; k < width; k++) {
    gradient[k]! += ridge * (weights[k]! - prior[k]!)
    hessian[k * width + k]! += ridge
    for (let m = 0; m < k; m++) hessian[m * width + k] = hessian[k * width + m]!
  }
  return { gradient, hessian }
}

/** Solves a symmetric positive system by Cholesky's method. */
function solve(matrix: Float64Array, right: Float64Array): Float64Array {
  const n = right.length
  const lower = new Float64Array(n * n)
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j]!
      for (let k = 0; k < j; k++) sum -= lower[i * n + k]! * lower[j * n + k]!
      lower[i * n + j] = i === j ? Math.sqrt(Math.max(sum, 1e-9)) : sum / lower[j * n + j]!
    }
  const x = Float64Array.from(right)
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i]! -= lower[i * n + k]! * x[k]!
    x[i]! /= lower[i * n + i]!
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i]! -= lower[k * n + i]! * x[k]!
    x[i]! /= lower[i * n + i]!
  }
  return x
}
