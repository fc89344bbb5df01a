import { describe, expect, it } from 'vitest'
import {
  bootstrap,
  median,
  medianDifference,
  medianRatio,
  quantile,
  summaryOf,
} from '../../src/core/bench/statistics.ts'

/** 1 … n in an order that is not sorted. */
const upTo = (n: number) => Array.from({ length: n }, (_, i) => ((i * 7) % n) + 1)

describe('quantiles', () => {
  it('interpolate between order statistics as type 7 does', () => {
    expect(quantile([4, 1, 3, 2], 0)).toBe(1)
    expect(quantile([4, 1, 3, 2], 0.25)).toBe(1.75)
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5)
    expect(quantile([4, 1, 3, 2], 1)).toBe(4)
    expect(median([10, 9, 100])).toBe(10)
  })

  it('sort by size and leave the samples as they were', () => {
    const samples = [10, 9, 100]
    expect(quantile(samples, 1)).toBe(100)
    expect(samples).toEqual([10, 9, 100])
  })

  it('of no samples are refused', () => {
    expect(() => median([])).toThrow(RangeError)
  })
})

describe('a summary', () => {
  it('names no 95th percentile of fewer than 30 samples and no 99th of fewer than 100', () => {
    expect(summaryOf(upTo(29))).toEqual({ n: 29, p50: 15, p95: undefined, p99: undefined })
    expect(summaryOf(upTo(30))).toMatchObject({ n: 30, p95: expect.closeTo(28.55), p99: undefined })
    expect(summaryOf(upTo(100))).toMatchObject({ n: 100, p99: expect.closeTo(99.01) })
  })
})

describe('the bootstrap', () => {
  it('is as wide as the samples are spread, and the same in every run', () => {
    const wide = bootstrap(upTo(30), upTo(30), medianRatio)
    expect(wide.value).toBe(1)
    expect(wide.low).toBeLessThan(0.9)
    expect(wide.high).toBeGreaterThan(1.1)
    expect(bootstrap(upTo(30), upTo(30), medianRatio)).toEqual(wide)
    expect(bootstrap([2, 2, 2], [1, 1, 1], medianRatio)).toEqual({ value: 2, low: 2, high: 2 })
  })

  it('holds the true difference of shifted samples', () => {
    const { value, low, high } = bootstrap(
      upTo(50).map((ms) => ms + 10),
      upTo(50),
      medianDifference,
    )
    expect(value).toBe(10)
    expect(low).toBeLessThanOrEqual(10)
    expect(high).toBeGreaterThanOrEqual(10)
    expect(high - low).toBeLessThan(30)
  })
})
