import { median } from '../../bench/statistics.ts'

/** One observation: y is about the sum of x times the coefficients. */
export interface Row {
  readonly x: readonly number[]
  readonly y: number
}

/** What is thought of a coefficient before; `weight` is that of so many rows in which its x is 1. */
export interface Prior {
  readonly mean: number
  readonly weight: number
}

const ROUNDS = 25
/** Tukey's constant: 95 % of the efficiency of least squares where errors are normal. */
const BISQUARE = 4.685
/** Makes the median absolute deviation of normal errors their standard deviation. */
const NORMAL = 1.4826
/** Residuals below this are exact. */
const LEAST_SCALE = 1e-4

/**
 * Coefficients by iteratively reweighted least squares (Holland and Welsch, 1977) with a ridge towards the priors: first least absolute
 * deviations, which gross errors cannot pull far, then from there Tukey's bisquare, which leaves them out. Up to half of the rows may be
 * wrong if they are wrong in ways of their own. Every prior's weight must be positive. O(rows x coefficients² x 50).
 */
export function robustLeastSquares(rows: readonly Row[], priors: readonly Prior[]): number[] {
  let solution = priors.map(({ mean }) => mean)
  const refine = (weight: (residual: number, scale: number) => number) => {
    for (let round = 0; round < ROUNDS; round++) {
      const residuals = rows.map(({ x, y }) =>
        Math.abs(y - x.reduce((sum, part, i) => sum + part * solution[i]!, 0)),
      )
      const scale = Math.max(LEAST_SCALE, residuals.length === 0 ? 0 : NORMAL * median(residuals))
      solution = solve(
        rows,
        residuals.map((residual) => weight(residual, scale)),
        priors,
      )
    }
  }
  refine((residual, scale) => scale / Math.max(residual, scale / 10))
  refine((residual, scale) => Math.max(0, 1 - (residual / (BISQUARE * scale)) ** 2) ** 2)
  return solution
}

/** The normal equations of weighted least squares with the priors, by Gaussian elimination; positive definite, so that no pivot is 0. */
function solve(rows: readonly Row[], weights: readonly number[], priors: readonly Prior[]): number[] {
  const n = priors.length
  const a = priors.map(({ mean, weight }, i) =>
    Array.from({ length: n + 1 }, (_, j) => (j === i ? weight : j === n ? weight * mean : 0)),
  )
  rows.forEach(({ x, y }, row) => {
    for (let i = 0; i < n; i++) {
      const weighted = weights[row]! * x[i]!
      if (weighted === 0) continue
      for (let j = 0; j < n; j++) a[i]![j]! += weighted * x[j]!
      a[i]![n]! += weighted * y
    }
  })
  for (let i = 0; i < n; i++) {
    for (let below = i + 1; below < n; below++) {
      const by = a[below]![i]! / a[i]![i]!
      for (let j = i; j <= n; j++) a[below]![j]! -= by * a[i]![j]!
    }
  }
  const solution = Array.from({ length: n }, () => 0)
  for (let i = n - 1; i >= 0; i--) {
    const rest = a[i]!.slice(i + 1, n).reduce((sum, part, k) => sum + part * solution[i + 1 + k]!, 0)
    solution[i] = (a[i]![n]! - rest) / a[i]![i]!
  }
  return solution
}
