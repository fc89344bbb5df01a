import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Estimate,
  meanEstimate,
  medianEstimate,
  sparedPerGreeting,
  sumOf,
} from '../../src/core/effects/estimate.ts'
import { verifies } from '../requirements.ts'

const many = (count: number, of: (i: number) => number) => Array.from({ length: count }, (_, i) => of(i))

describe('an estimate', () => {
  it.each([
    // Ranks from the table of the binomial distribution, n and the ends that are left out.
    [6, 0],
    [8, 0],
    [9, 1],
    [20, 5],
    [100, 39],
  ])('of the median of %i values leaves out %i at each end', (n, out) => {
    verifies('CLI-2')
    const { low, high, note } = medianEstimate(many(n, (i) => i + 1))
    expect([low, high, note]).toEqual([out + 1, n - out, ''])
  })

  it('holds the true median in about 95 of 100 cases, or more', () => {
    let state = 1
    const random = () => {
      state = (state * 48_271) % 2_147_483_647
      return state / 2_147_483_647
    }
    const hits = many(2_000, () => {
      // Exponential: as lopsided as times are. Its median is ln 2.
      const { low, high } = medianEstimate(many(25, () => -Math.log(random())))
      return low! <= Math.LN2 && Math.LN2 <= high! ? 1 : 0
    }).reduce((sum, hit) => sum + hit, 0)
    expect(hits / 2_000).toBeGreaterThan(0.945)
  })

  it.each([
    [0, null, 'nothing happened'],
    [1, 5, 'too few: 1'],
    [29, 5, 'too few: 29'],
  ])('of %i differences has no interval, and says why', (n, value, note) => {
    verifies('CLI-2')
    expect(meanEstimate(many(n, () => 5))).toEqual({ value, low: null, high: null, n, note })
  })

  it('may be negative, and is the same each time', () => {
    const one = meanEstimate(many(40, (i) => -10 - (i % 7)))
    expect(one.high).toBeLessThan(0)
    expect(one.low).toBeLessThan(one.value!)
    expect(meanEstimate(many(40, (i) => -10 - (i % 7)))).toEqual(one)
  })

  it('lies in its interval', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -1_000, max: 1_000 }), { minLength: 30, maxLength: 60 }),
        (ms) => {
          for (const { value, low, high } of [medianEstimate(ms), meanEstimate(ms)]) {
            expect(low).toBeLessThanOrEqual(value!)
            expect(high).toBeGreaterThanOrEqual(value!)
          }
        },
      ),
      { numRuns: 50 },
    )
  })
})

describe('what greetings spared', () => {
  const greetings = many(40, (i) => i).map((i) => ({ server: i % 2 === 0 ? 'a' : 'b', ms: 10 }))
  const starts = (a: number, b: number) =>
    new Map([
      ['a', many(a, (i) => 100 + i)],
      ['b', many(b, (i) => 5 - i / 100)],
    ])

  it('is reckoned for each server by its own starts', () => {
    verifies('CLI-2')
    const { value, n, note } = sparedPerGreeting(greetings, starts(7, 7))
    expect(value).toBeCloseTo((93 + (5 - 0.03 - 10)) / 2, 9)
    expect([n, note]).toEqual([40, ''])
  })

  it('has no interval where a server has too few starts, and leaves out those without any', () => {
    expect(sparedPerGreeting(greetings, starts(7, 2))).toMatchObject({
      low: null,
      note: 'too few starts of a server: 2',
    })
    expect(sparedPerGreeting(greetings, starts(7, 0))).toMatchObject({
      value: 93,
      n: 20,
      note: 'too few: 20',
    })
    expect(sparedPerGreeting(greetings, new Map())).toMatchObject({
      value: null,
      n: 0,
      note: 'no start of these servers was measured',
    })
  })

  it('takes no longer than a glance for as much as it is ever given', () => {
    const all = many(2_000, (i) => i).map((i) => ({ server: `s${i % 40}`, ms: i % 9 }))
    const since = performance.now()
    sparedPerGreeting(all, new Map(many(40, (i) => i).map((i) => [`s${i}`, many(60, (j) => 100 + j)])))
    // A bound on the order of growth, not a figure.
    expect(performance.now() - since).toBeLessThan(1_500)
  })
})

it('a sum has an interval when all its parts have', () => {
  const whole: Estimate = { value: 5, low: 4, high: 6, n: 9, note: '' }
  const part: Estimate = { value: -2, low: null, high: null, n: 1, note: 'too few: 1' }
  expect(sumOf([whole, whole], 3)).toEqual({ value: 10, low: 8, high: 12, n: 3, note: '' })
  expect(sumOf([whole, part], 3)).toEqual({ value: 3, low: null, high: null, n: 3, note: 'too few: 1' })
})
