/** Below this many samples a 95th percentile is one sample's accident, and is left out. */
export const MIN_SAMPLES_P95 = 30
/** The same for the 99th percentile. */
export const MIN_SAMPLES_P99 = 100

/** What is said of a list of samples; a percentile that so few samples cannot show is undefined. */
export interface Summary {
  readonly n: number
  readonly p50: number
  readonly p95: number | undefined
  readonly p99: number | undefined
}

/** A figure with the interval that holds it in 95 of 100 repetitions. */
export interface Interval {
  readonly value: number
  readonly low: number
  readonly high: number
}

/** The p-quantile (0 ≤ p ≤ 1) by linear interpolation between order statistics (type 7 of Hyndman and Fan, 1996). Throws on no samples. */
export function quantile(samples: readonly number[], p: number): number {
  if (samples.length === 0) throw new RangeError('quantile of no samples')
  const sorted = Float64Array.from(samples).sort()
  const at = (sorted.length - 1) * p
  const low = Math.floor(at)
  const high = Math.min(low + 1, sorted.length - 1)
  return sorted[low]! + (sorted[high]! - sorted[low]!) * (at - low)
}

/** The middle of the samples. */
export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5)
}

/** n, p50 and as many of p95 and p99 as n allows. */
export function summaryOf(samples: readonly number[]): Summary {
  return {
    n: samples.length,
    p50: median(samples),
    p95: samples.length >= MIN_SAMPLES_P95 ? quantile(samples, 0.95) : undefined,
    p99: samples.length >= MIN_SAMPLES_P99 ? quantile(samples, 0.99) : undefined,
  }
}

/**
 * A statistic of two independent sample lists with its 95 % percentile bootstrap interval (Efron and Tibshirani, 1993, §13.3).
 * Pass whole blocks' figures, not single calls, where samples of one block resemble each other. Deterministic: the resampling is seeded.
 */
export function bootstrap(
  a: readonly number[],
  b: readonly number[],
  statistic: (a: readonly number[], b: readonly number[]) => number,
  rounds = 2000,
): Interval {
  const random = seededRandom(0x5eed)
  const resampled = (from: readonly number[]) => from.map(() => from[Math.floor(random() * from.length)]!)
  const values = Array.from({ length: rounds }, () => statistic(resampled(a), resampled(b)))
  return { value: statistic(a, b), low: quantile(values, 0.025), high: quantile(values, 0.975) }
}

/** Median of a divided by median of b. */
export function medianRatio(a: readonly number[], b: readonly number[]): number {
  return median(a) / median(b)
}

/** Median of a less median of b. */
export function medianDifference(a: readonly number[], b: readonly number[]): number {
  return median(a) - median(b)
}

/** Mulberry32: enough randomness to resample with, the same in every run. Gives numbers from 0 up to 1. */
export function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
