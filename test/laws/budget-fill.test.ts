import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  DEFAULT_READS,
  DEFAULT_SHARE,
  OUTLINE_TOKENS,
  planBudgets,
  SMALL_TOKENS,
} from '../../src/core/budget/plan.ts'
import { steadyBudget, stepBelow } from '../../src/core/budget/steps.ts'
import { waterFill } from '../../src/core/water-fill.ts'
import { rankedFile } from '../fixtures/ranked-files.ts'
import { verifies } from '../requirements.ts'

const vessel = fc.record({
  size: fc.integer({ min: 0, max: 100_000 }),
  weight: fc.double({ min: 0.01, max: 3, noNaN: true }),
  floor: fc.integer({ min: 0, max: 2_000 }),
})
const vessels = fc.array(vessel, { minLength: 1, maxLength: 60 })
const capacity = fc.integer({ min: 0, max: 1_000_000 })
const file = fc.record({
  tokens: fc.integer({ min: 0, max: 60_000 }),
  importance: fc.double({ min: 0, max: 1, noNaN: true }),
  cognitive: fc.integer({ min: 0, max: 400 }),
})
const files = fc
  .array(file, { minLength: 1, maxLength: 120 })
  .map((all) => all.map((one, i) => rankedFile(`src/f${String(i).padStart(3, '0')}.ts`, one)))
const window = fc.integer({ min: 2_000, max: 1_000_000 })
const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0)
const near = 1e-6

describe('water-filling', () => {
  it('never gives more than there is, nor more than a vessel holds, nor less than its floor while floors fit', () => {
    verifies('BUDGET-1')
    fc.assert(
      fc.property(vessels, capacity, (all, cap) => {
        const { amounts: tokens, floorCap } = waterFill(all, cap)
        expect(total(tokens)).toBeLessThanOrEqual(cap + near)
        all.forEach(({ size, floor }, i) => {
          expect(tokens[i]).toBeLessThanOrEqual(size)
          expect(tokens[i]).toBeGreaterThanOrEqual(Math.min(size, floor, floorCap) - near)
        })
      }),
    )
  })

  it('cuts floors that do not fit from the top, so that what is small stays whole', () => {
    const large = { size: 10_000, weight: 1, floor: 600 }
    const { amounts: tokens, floorCap } = waterFill(
      [...Array(10).fill(large), { size: 25, weight: 0.01, floor: 25 }],
      2_025,
    )
    expect(tokens.at(-1)).toBe(25)
    expect(tokens[0]).toBeCloseTo(200, 3)
    expect(floorCap).toBeCloseTo(200, 3)
  })

  it('is of a hundred thousand vessels and more', () => {
    const many = Array(130_000).fill({ size: 5_000, weight: 1, floor: 600 })
    expect(waterFill(many, 1_300_000).amounts[0]).toBeCloseTo(10, 6)
  })

  it('leaves nothing over that anybody could use', () => {
    fc.assert(
      fc.property(vessels, capacity, (all, cap) => {
        const { amounts: tokens } = waterFill(all, cap)
        const useful = Math.min(cap, total(all.map(({ size }) => size)))
        expect(total(tokens)).toBeGreaterThanOrEqual(useful - 0.01)
      }),
    )
  })

  it('gives nobody less when there is more', () => {
    fc.assert(
      fc.property(vessels, capacity, capacity, (all, a, b) => {
        const [less, more] = [waterFill(all, Math.min(a, b)), waterFill(all, Math.max(a, b))]
        less.amounts.forEach((tokens, i) => {
          expect(more.amounts[i]).toBeGreaterThanOrEqual(tokens - near)
        })
      }),
    )
  })

  it('gives a vessel no less when it weighs more', () => {
    fc.assert(
      fc.property(vessels, capacity, fc.double({ min: 1, max: 10, noNaN: true }), (all, cap, factor) => {
        const before = waterFill(all, cap).amounts[0]!
        const [first, ...rest] = all
        const after = waterFill([{ ...first!, weight: first!.weight * factor }, ...rest], cap).amounts[0]!
        expect(after).toBeGreaterThanOrEqual(before - near)
      }),
    )
  })

  it('gives equal vessels the same level', () => {
    const { amounts: tokens, level } = waterFill(
      [
        { size: 10_000, weight: 1, floor: 0 },
        { size: 10_000, weight: 2, floor: 0 },
        { size: 100, weight: 1, floor: 0 },
      ],
      6_100,
    )
    expect(level).toBeCloseTo(2_000, 3)
    expect(tokens.map(Math.round)).toEqual([2_000, 4_000, 100])
  })
})

describe('steps', () => {
  it('do not hold a file below its size once its share is clearly more', () => {
    const file = { size: 2_000, floor: 600 }
    const former = stepBelow(1_900)
    expect(steadyBudget({ ...file, wanted: 1_900 }, undefined)).toBe(former)
    expect(steadyBudget({ ...file, wanted: Number.POSITIVE_INFINITY }, former)).toBe(2_000)
    expect(steadyBudget({ ...file, wanted: 2_250 }, former)).toBe(2_000)
    expect(steadyBudget({ ...file, wanted: 2_010 }, former)).toBe(former)
  })

  it('never go above, never decrease, and lose less than a fifth', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e7, noNaN: true }), (tokens) => {
        const step = stepBelow(tokens)
        expect(step).toBeLessThanOrEqual(tokens)
        expect(stepBelow(tokens + 1)).toBeGreaterThanOrEqual(step)
        expect(stepBelow(step)).toBe(step)
        if (tokens >= 100) expect(step).toBeGreaterThan(tokens * 0.79)
      }),
    )
  })
})

describe('a plan of budgets', () => {
  it('says how far a whole file may grow: as far as another plan would give it whole', () => {
    verifies('BUDGET-1')
    fc.assert(
      fc.property(files, window, (all, size) => {
        for (const { tokens, budget, room } of planBudgets(all, { window: size }).files)
          if (budget < tokens) expect(room).toBe(budget)
          else expect(room).toBeGreaterThanOrEqual(tokens)
      }),
    )
    const [whole, cut] = planBudgets(
      [rankedFile('a.ts', { tokens: 5_000, importance: 1 }), rankedFile('b.ts', { tokens: 90_000 })],
      { window: 40_000 },
    ).files
    expect([whole!.budget, whole!.room > 6_000, cut!.budget < 90_000]).toEqual([5_000, true, true])
  })

  it('stays within the share of the window for what a window takes of the files', () => {
    verifies('BUDGET-1')
    fc.assert(
      fc.property(files, window, (all, size) => {
        const plan = planBudgets(all, { window: size })
        const read = Math.min(1, DEFAULT_READS / plan.files.length)
        expect(total(plan.files.map(({ budget }) => budget)) * read).toBeLessThanOrEqual(
          size * DEFAULT_SHARE + near,
        )
      }),
    )
  })

  it('gives small files whole and others an outline, while that much fits', () => {
    fc.assert(
      fc.property(files, (all) => {
        for (const { tokens, budget } of planBudgets(all, { window: 200_000 }).files) {
          expect(budget).toBeLessThanOrEqual(tokens)
          expect(budget).toBeGreaterThanOrEqual(tokens <= SMALL_TOKENS ? tokens : OUTLINE_TOKENS)
        }
      }),
    )
  })

  it('gives no file less for a larger window or more importance', () => {
    fc.assert(
      fc.property(files, window, window, (all, a, b) => {
        const less = planBudgets(all, { window: Math.min(a, b) })
        const more = planBudgets(all, { window: Math.max(a, b) })
        less.files.forEach(({ budget }, i) => {
          expect(more.files[i]!.budget).toBeGreaterThanOrEqual(budget)
        })
      }),
    )
    fc.assert(
      fc.property(files, window, fc.double({ min: 0, max: 1, noNaN: true }), (all, size, share) => {
        const path = all[0]!.path
        const budgetOf = (importance: number) =>
          planBudgets([{ ...all[0]!, importance }, ...all.slice(1)], { window: size }).files.find(
            (one) => one.path === path,
          )?.budget ?? 0
        const before = all[0]!.importance * share
        expect(budgetOf(all[0]!.importance)).toBeGreaterThanOrEqual(budgetOf(before))
      }),
    )
  })

  it('moves nothing when every score moves by up to 3 %, and keeps the bound with what it kept', () => {
    verifies('BUDGET-1')
    const noise = fc.array(fc.double({ min: -0.03, max: 0.03, noNaN: true }), {
      minLength: 240,
      maxLength: 240,
    })
    fc.assert(
      fc.property(files, window, noise, (all, size, by) => {
        const first = planBudgets(all, { window: size })
        const former = new Map(first.files.map(({ path, room }) => [path, room]))
        const shaken = all.map((one, i) => ({
          ...one,
          importance: one.importance * (1 + by[2 * i]!),
          cognitive: one.cognitive * (1 + by[2 * i + 1]!),
        }))
        const second = planBudgets(shaken, { window: size, former })
        expect(second.files.map(({ budget }) => budget)).toEqual(first.files.map(({ budget }) => budget))
        expect(total(second.files.map(({ budget }) => budget))).toBeLessThanOrEqual(second.capacity + near)
      }),
    )
  })

  it('keeps the bound whatever the former budgets were', () => {
    const former = fc.array(fc.integer({ min: 0, max: 60_000 }), { minLength: 120, maxLength: 120 })
    fc.assert(
      fc.property(files, window, former, (all, size, old) => {
        const plan = planBudgets(all, {
          window: size,
          former: new Map(all.map(({ path }, i) => [path, old[i]!])),
        })
        expect(total(plan.files.map(({ budget }) => budget))).toBeLessThanOrEqual(plan.capacity + near)
      }),
    )
  })

  it('does not depend on the order of the files', () => {
    fc.assert(
      fc.property(files, window, (all, size) => {
        expect(planBudgets(all.toReversed(), { window: size })).toEqual(planBudgets(all, { window: size }))
      }),
    )
  })
})
