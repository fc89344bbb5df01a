import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CONTEXTS, evidenceAt, VIEWS } from '../../src/core/policy/idle/evidence.ts'
import { afterUse, GAPS, type IdleHistory, readHistory } from '../../src/core/policy/idle/history.ts'
import { chanceOf, learn, newOdds, type Odds, oddsData, readOdds } from '../../src/core/policy/idle/odds.ts'
import { type IdleServer, planOf, worthAt } from '../../src/core/policy/idle/plan.ts'
import { newDemand, priceOf, settle, unused } from '../../src/core/policy/idle/price.ts'
import { verifies } from '../requirements.ts'

const SLOT_MS = 60_000

const gaps = fc.array(fc.oneof(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 1, max: 100_000 })), {
  maxLength: 150,
})
const history = fc
  .tuple(fc.integer({ min: 0, max: 30_000_000 }), gaps)
  .map(([first, all]) => historyOf(first, all))
const server: fc.Arbitrary<IdleServer> = fc.record({
  history,
  coldMs: fc.integer({ min: 1, max: 200_000 }),
  memoryMb: fc.double({ min: 0.5, max: 4_000, noNaN: true }),
})
const age = fc.integer({ min: 1, max: 3_000 })
/** Slots after the last use, and whether one came: what a machine has learned so far. */
const lessons = fc.array(fc.tuple(age, fc.boolean()), { maxLength: 60 })
const price = fc.oneof(
  fc.constant(0),
  fc.constant(Number.POSITIVE_INFINITY),
  fc.double({ min: 1e-6, max: 500, noNaN: true }),
)

function historyOf(first: number, all: readonly number[]): IdleHistory {
  let slot = first
  let known = afterUse(undefined, slot)
  for (const gap of all) {
    slot += gap
    known = afterUse(known, slot)
  }
  return known
}

function taught(of: IdleHistory, all: readonly (readonly [number, boolean])[]): Odds {
  const odds = newOdds()
  for (const [at, used] of all) learn(odds, evidenceAt(of, at), used)
  return odds
}

describe('what is kept of a server', () => {
  it('has a bound, and comes back from JSON as it was', () => {
    verifies('PRE-2')
    fc.assert(
      fc.property(history, (one) => {
        const text = JSON.stringify(one)
        expect(one.gaps.length).toBeLessThanOrEqual(GAPS)
        expect(text.length).toBeLessThan(500)
        expect(readHistory(JSON.parse(text))).toEqual(one)
      }),
    )
  })

  it('is refused when none of ours can be so', () => {
    const good = historyOf(5, [3, 4])
    const bad = [
      undefined,
      null,
      3,
      [],
      {},
      { ...good, gaps: [0] },
      { ...good, gaps: [1.5] },
      { ...good, rate: 0 },
    ]
    const worse = [
      { ...good, lastSlot: 'x' },
      { ...good, gaps: Array(GAPS + 1).fill(1) },
      { ...good, rate: 2 },
    ]
    for (const value of [...bad, ...worse]) expect(readHistory(value)).toBeUndefined()
    fc.assert(fc.property(fc.jsonValue(), (value) => void readHistory(value)))
  })

  it('does not change by a use in a slot that is known, or an older one', () => {
    fc.assert(
      fc.property(history, fc.nat(1_000), (one, before) => {
        expect(afterUse(one, one.lastSlot - before)).toBe(one)
      }),
    )
  })
})

describe('the chance of a use', () => {
  it('lies between 0 and 1, whatever was learned, from cells that exist', () => {
    verifies('PRE-2')
    fc.assert(
      fc.property(history, lessons, age, (one, all, at) => {
        const evidence = evidenceAt(one, at)
        expect(evidence.context).toBeLessThan(CONTEXTS)
        for (const [view, { cells }] of VIEWS.entries()) expect(evidence.cells[view]).toBeLessThan(cells)
        const chance = chanceOf(taught(one, all), evidence)
        expect(chance).toBeGreaterThan(0)
        expect(chance).toBeLessThan(1)
      }),
    )
  })

  it('is the same after what was learned went through JSON', () => {
    fc.assert(
      fc.property(history, lessons, age, (one, all, at) => {
        const odds = taught(one, all)
        const again = readOdds(JSON.parse(JSON.stringify(oddsData(odds))))
        expect(chanceOf(again!, evidenceAt(one, at))).toBe(chanceOf(odds, evidenceAt(one, at)))
      }),
      { numRuns: 30 },
    )
  })

  it('is not learned from damaged data', () => {
    const good = oddsData(taught(historyOf(0, [5, 5]), [[5, true]])) as Record<string, unknown[]>
    const changes = [
      { weights: [] },
      { squares: good.squares!.map(() => 0) },
      { weights: good.weights!.map(() => null) },
      { cells: [[0, 1e9, 1, 1]] },
      { cells: [[9, 0, 1, 1]] },
      { cells: [[0, 0, 1, 2]] },
      { cells: [3] },
      { cells: undefined },
    ]
    expect(readOdds(good)).toBeDefined()
    for (const change of changes) expect(readOdds({ ...good, ...change })).toBeUndefined()
  })
})

describe('a plan', () => {
  const at = fc.nat(3_000)

  it('has its times in order, none before now', () => {
    verifies('PRE-2')
    fc.assert(
      fc.property(server, lessons, price, at, fc.nat(SLOT_MS - 1), (one, all, limit, slots, ms) => {
        const nowMs = (one.history.lastSlot + slots) * SLOT_MS + ms
        const plan = planOf(taught(one.history, all), one, limit, { nowMs, slotMs: SLOT_MS })
        expect(plan.keepWarmUntilMs).toBeGreaterThanOrEqual(nowMs)
        expect(plan.startAheadAtMs ?? plan.keepWarmUntilMs).toBeGreaterThanOrEqual(plan.keepWarmUntilMs)
        expect(plan.because).toMatch(/idle times.*price/)
      }),
    )
  })

  it('is warm no longer at a higher price', () => {
    verifies('PRE-2')
    fc.assert(
      fc.property(server, lessons, price, price, at, (one, all, a, b, slots) => {
        const odds = taught(one.history, all)
        const when = { nowMs: (one.history.lastSlot + slots) * SLOT_MS, slotMs: SLOT_MS }
        const cheap = planOf(odds, one, Math.min(a, b), when)
        const dear = planOf(odds, one, Math.max(a, b), when)
        expect(dear.keepWarmUntilMs).toBeLessThanOrEqual(cheap.keepWarmUntilMs)
      }),
    )
  })

  it('keeps warm exactly the slots that are worth their price, where a pause is not too short', () => {
    fc.assert(
      fc.property(server, lessons, price, (one, all, limit) => {
        const odds = taught(one.history, all)
        const last = one.history.lastSlot
        const plan = planOf(odds, one, limit, { nowMs: last * SLOT_MS, slotMs: SLOT_MS })
        const until = plan.keepWarmUntilMs / SLOT_MS - last
        if (until < 60) expect(worthAt(odds, one, until)).toBeLessThan(limit)
        if (until > 1) expect(worthAt(odds, one, until - 1)).toBeGreaterThanOrEqual(limit)
      }),
    )
  })

  it('lets a timer go after its use and starts it ahead of the next, early enough to be warm', () => {
    verifies('PRE-2')
    const one = { history: historyOf(1_000, Array(30).fill(60)), coldMs: 4_000, memoryMb: 80 }
    const odds = newOdds()
    for (let round = 0; round < 50; round++)
      for (let slot = 1; slot <= 60; slot++) learn(odds, evidenceAt(one.history, slot), slot === 60)
    const last = one.history.lastSlot
    const plan = planOf(odds, one, 5, { nowMs: last * SLOT_MS, slotMs: SLOT_MS })
    expect(plan.keepWarmUntilMs).toBe((last + 1) * SLOT_MS)
    expect(plan.startAheadAtMs).toBe((last + 60) * SLOT_MS - 4_000)
    const used = afterUse(one.history, last + 60)
    expect(used.gaps.at(-1)).toBe(60)
  })
})

describe('the price', () => {
  const sold = fc.array(
    fc.tuple(fc.double({ min: 1e-9, max: 1e5, noNaN: true }), fc.double({ min: 0.1, max: 500, noNaN: true })),
    { maxLength: 50 },
  )
  const money = fc.double({ min: 0, max: 20_000, noNaN: true })

  it('is no higher for who may spend more, and never below nothing', () => {
    verifies('PRE-2')
    fc.assert(
      fc.property(sold, money, money, money, (all, a, b, left) => {
        const demand = newDemand()
        for (const [worth, cost] of all) unused(demand, worth, cost)
        const poor = priceOf(demand, { allowed: Math.min(a, b), left })
        const rich = priceOf(demand, { allowed: Math.max(a, b), left })
        expect(rich).toBeLessThanOrEqual(poor)
        expect(rich).toBeGreaterThanOrEqual(0)
      }),
    )
  })

  it('is beyond all worth where nothing may be spent, and what is left over has a bound', () => {
    expect(priceOf(newDemand(), { allowed: 0, left: 0 })).toBe(Number.POSITIVE_INFINITY)
    let purse = { allowed: 0, left: 0 }
    for (let slot = 0; slot < 5_000; slot++) purse = settle(purse, 10, 0)
    expect(purse.left).toBeLessThanOrEqual(2_400.1)
  })
})
