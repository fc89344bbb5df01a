import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type IdleEvaluation, judge, type Outcome, WINDOWS } from '../../src/core/policy/idle/judge.ts'
import { count, hybridWindow, newCounts } from '../../src/core/policy/idle/windows.ts'
import { mixedDay, traceOf } from '../fixtures/idle-traces.ts'
import { verifies } from '../requirements.ts'

/** Traces of some functions over up to three hours. */
const trace = fc.integer({ min: 2, max: 180 }).chain((minutes) =>
  fc.record({
    minutes: fc.constant(minutes),
    uses: fc.array(fc.uniqueArray(fc.nat(minutes - 1), { maxLength: 40 }), { minLength: 1, maxLength: 8 }),
  }),
)

function outcomesOf({ learned, baselines, pareto }: IdleEvaluation): Outcome[] {
  return [learned, ...Object.values(baselines), ...pareto.map((point) => point.learned)]
}

describe('the judgement of a trace', () => {
  it('finds of fixed windows what counting each minute by itself finds', () => {
    verifies('PRE-2')
    fc.assert(
      fc.property(trace, ({ minutes, uses }) => {
        const { baselines, judgedFrom } = judge(traceOf(minutes, uses))
        for (const window of WINDOWS) {
          let cold = 0
          let warm = 0
          for (const of of uses)
            for (let minute = judgedFrom; minute < minutes; minute++) {
              const kept = of.some((use) => use < minute && minute - use <= window)
              const used = of.includes(minute)
              if (used && !kept) cold++
              if (used || kept) warm++
            }
          expect([
            baselines[`fixed${window}`]!.coldMinutes,
            baselines[`fixed${window}`]!.warmMinutes,
          ]).toEqual([cold, warm])
        }
      }),
      { numRuns: 40 },
    )
  })

  it('has no policy look at the minute it decides about', () => {
    verifies('PRE-2')
    fc.assert(
      fc.property(
        trace,
        fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
        ({ minutes, uses }, last) => {
          // Nothing but what comes in the last minute differs, so neither may any decision.
          const quiet = uses.map((of) => of.filter((use) => use !== minutes - 1))
          const loud = quiet.map((of, i) => (last[i] ? [...of, minutes - 1] : of))
          const before = judge(traceOf(minutes, quiet))
          const after = judge(traceOf(minutes, loud))
          const more = after.invokedMinutes - before.invokedMinutes
          outcomesOf(after).forEach((outcome, i) => {
            const cold = outcome.coldMinutes - outcomesOf(before)[i]!.coldMinutes
            const warm = outcome.warmMinutes - outcomesOf(before)[i]!.warmMinutes
            expect(warm).toBe(cold)
            expect(cold).toBeGreaterThanOrEqual(0)
            expect(cold).toBeLessThanOrEqual(more)
          })
        },
      ),
      { numRuns: 60 },
    )
  })

  it('is the same each time, and every cold minute is invoked and warm from then on', () => {
    fc.assert(
      fc.property(trace, ({ minutes, uses }) => {
        const once = judge(traceOf(minutes, uses))
        expect(judge(traceOf(minutes, uses))).toEqual(once)
        for (const { coldMinutes, coldMinutesShare, warmMinutes } of outcomesOf(once)) {
          expect(coldMinutes).toBeLessThanOrEqual(once.invokedMinutes)
          expect(warmMinutes).toBeGreaterThanOrEqual(once.invokedMinutes)
          expect(coldMinutesShare).toBe(once.invokedMinutes === 0 ? null : coldMinutes / once.invokedMinutes)
        }
      }),
      { numRuns: 40 },
    )
  })
})

describe('the learned policy', () => {
  it('at the warm time of 20 fixed minutes has fewer cold ones, on a day of timers, people and chance', () => {
    verifies('PRE-2')
    for (const seed of [1, 2]) {
      const { learned, baselines, pareto } = judge(traceOf(1_440, mixedDay(90, seed)))
      const fixed = baselines.fixed20!
      expect(learned.coldMinutes).toBeLessThan(0.6 * fixed.coldMinutes)
      expect(learned.warmMinutes).toBeLessThan(1.01 * fixed.warmMinutes)
      for (const point of pareto)
        expect(point.learned.coldMinutes).toBeLessThanOrEqual(point.fixed.coldMinutes)
    }
  })

  it('spends what the window that it is given spends', () => {
    const day = traceOf(1_440, mixedDay(60, 3))
    for (const window of [8, 90]) {
      const { learned, pareto } = judge(day, window)
      const point = pareto.find(({ budgetWindow }) => budgetWindow === window)!
      expect(point.learned).toEqual(learned)
      expect(learned.warmMinutes).toBeLessThan(1.02 * point.fixed.warmMinutes)
    }
  })
})

describe('the hybrid histogram', () => {
  it('opens around what nearly all idle times were, and stays with its fallback while they say nothing', () => {
    const counts = newCounts()
    expect(hybridWindow(counts, 10)).toEqual({ from: 1, to: 10 })
    for (let i = 0; i < 20; i++) count(counts, 60)
    expect(hybridWindow(counts, 10)).toEqual({ from: 54, to: 66 })
    const long = newCounts()
    for (let i = 0; i < 3; i++) count(long, 500)
    count(long, 60)
    expect(hybridWindow(long, 240)).toEqual({ from: 1, to: 240 })
    const even = newCounts()
    for (let gap = 1; gap <= 240; gap++) count(even, gap)
    expect(hybridWindow(even, 10)).toEqual({ from: 1, to: 10 })
  })
})
