/** Examples by rows: x has `width` columns, y is 1 or 0, weight is how much the row counts. */
export interface Examples {
  readonly width: number
  readonly x: Float32Array
  readonly y: Uint8Array
  readonly weight: Float64Array
}

/** A linear model: the log odds of a row are bias + Σ weight · column. */
export interface Linear {
  readonly bias: number
  readonly weights: Float64Array
}

const MAX_STEPS = 25
const TOLERANCE = 1e-7

/**
 * Logistic regression by Newton's method with an L2 penalty on the distance from `prior`: with a large penalty the prior comes back, with none the
 * data alone decide. The bias is free. `penalty` is in units of total example weight. Deterministic.
 * Source: Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 2009, §4.4.1.
 */
export function fitLogistic(examples: Examples, prior: ArrayLike<number>, penalty: number): Linear {
  const { width, x, y, weight } = examples
  const size = width + 1
  let beta = new Float64Array(size)
  for (let c = 0; c < width; c += 1) beta[c] = prior[c]!
  const total = weight.reduce((sum, w) => sum + w, 0)
  const lambda = penalty * total
  const lossOf = (at: Float64Array): number => {
    let loss = 0
    for (let c = 0; c < width; c += 1) loss += (lambda / 2) * (at[c]! - prior[c]!) ** 2
    for (let r = 0; r < y.length; r += 1) {
      let z = at[width]!
      for (let c = 0; c < width; c += 1) z += at[c]! * x[r * width + c]!
      const wrong = y[r] === 1 ? -z : z
      loss += weight[r]! * (wrong > 30 ? wrong : Math.log1p(Math.exp(wrong)))
    }
    return loss
  }
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const gradient = new Float64Array(size)
    const hessian = Array.from({ length: size }, () => new Float64Array(size))
    for (let r = 0; r < y.length; r += 1) {
      const at = r * width
      let z = beta[width]!
      for (let c = 0; c < width; c += 1) z += beta[c]! * x[at + c]!
      const p = sigmoid(z)
      const slope = weight[r]! * (p - y[r]!)
      const curve = weight[r]! * p * (1 - p)
      for (let c = 0; c < size; c += 1) {
        const value = c < width ? x[at + c]! : 1
        if (value === 0) continue
        gradient[c]! += slope * value
        const row = hessian[c]!
        for (let d = 0; d <= c; d += 1) row[d]! += curve * value * (d < width ? x[at + d]! : 1)
      }
    }
    for (let c = 0; c < size; c += 1) {
      if (c < width) gradient[c]! += lambda * (beta[c]! - prior[c]!)
      // The little that keeps a column of zeros from making it singular.
      hessian[c]![c]! += (c < width ? lambda : 0) + 1e-9 * (total + 1)
      for (let d = 0; d < c; d += 1) hessian[d]![c] = hessian[c]![d]!
    }
    const move = solve(hessian, gradient)
    const before = lossOf(beta)
    let share = 1
    let next = beta.map((b, c) => b - move[c]!)
    // A full step may overshoot where the classes are far apart.
    while (lossOf(next) > before && share > 1e-4) {
      share /= 2
      next = beta.map((b, c) => b - share * move[c]!)
    }
    beta = next
    if (share * largest(move) < TOLERANCE) break
  }
  return { bias: beta[width]!, weights: beta.slice(0, width) }
}

function largest(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
}

/** 1 / (1 + e^−z). */
export function sigmoid(z: number): number {
  return 1 / (1 + Math.exp(-z))
}

/** Cholesky's method for a symmetric positive definite system; the arguments are used up. */
function solve(a: readonly Float64Array[], b: Float64Array): Float64Array {
  const n = b.length
  for (let i = 0; i < n; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      let sum = a[i]![j]!
      for (let k = 0; k < j; k += 1) sum -= a[i]![k]! * a[j]![k]!
      a[i]![j] = i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / a[j]![j]!
    }
  }
  for (let i = 0; i < n; i += 1) {
    for (let k = 0; k < i; k += 1) b[i]! -= a[i]![k]! * b[k]!
    b[i]! /= a[i]![i]!
  }
  for (let i = n - 1; i >= 0; i -= 1) {
    for (let k = i + 1; k < n; k += 1) b[i]! -= a[k]![i]! * b[k]!
    b[i]! /= a[i]![i]!
  }
  return b
}
