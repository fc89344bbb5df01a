/** Each bucket begins 5 % above the one before: what is read from a histogram is up to that much too high, never too low. */
const RATIO = 1.05
/** What counts for less than this share of a new value is forgotten. */
const FORGOTTEN = 1e-4

/** Values in exponential buckets, the older the lighter. Plain data, about 20 bytes for each bucket in use. */
export interface Histogram {
  /** What the weights are as of, ms. */
  readonly atMs: number
  /** Bucket and weight, by bucket, ascending; bucket b holds values in (RATIO^(b-1), RATIO^b]. */
  readonly buckets: readonly (readonly [bucket: number, weight: number])[]
}

/** A histogram that holds nothing. */
export const EMPTY: Histogram = { atMs: 0, buckets: [] }

/** The bucket of a value above 0; all below 1 are in bucket 0. */
export function bucketOf(value: number): number {
  return Math.max(0, Math.ceil(Math.log(value) / Math.log(RATIO) - 1e-9))
}

/** The upper end of a bucket. */
export function topOf(bucket: number): number {
  return RATIO ** bucket
}

/** With one more value of weight 1 at that time, which is not before the histogram's own. */
export function withValue(histogram: Histogram, value: number, atMs: number, halfLifeMs: number): Histogram {
  const faded = 2 ** ((histogram.atMs - atMs) / halfLifeMs)
  const bucket = bucketOf(value)
  const kept = histogram.buckets.flatMap(([one, weight]) => {
    const left = weight * faded
    return one === bucket || left < FORGOTTEN ? [] : [[one, left] as const]
  })
  const before = histogram.buckets.find(([one]) => one === bucket)?.[1] ?? 0
  const at = kept.findIndex(([one]) => one > bucket)
  kept.splice(at < 0 ? kept.length : at, 0, [bucket, before * faded + 1])
  return { atMs, buckets: kept }
}

/** The upper end of the bucket below which `share` of the weight lies; 0 of nothing. Never less where a value is replaced by a larger one. */
export function quantile({ buckets }: Histogram, share: number): number {
  const total = buckets.reduce((sum, [, weight]) => sum + weight, 0)
  let below = 0
  for (const [bucket, weight] of buckets) {
    below += weight
    if (below >= share * total) return topOf(bucket)
  }
  return buckets.length === 0 ? 0 : topOf(buckets.at(-1)![0])
}
