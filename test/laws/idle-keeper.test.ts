import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Keeper, keeperOf } from '../../src/core/policy/idle/keeper.ts'
import { verifies } from '../requirements.ts'

const COSTS = { coldMs: 1_000, memoryMb: 100 }
const costsOf = () => COSTS
const NONE = new Set<string>()

/** Minutes of servers that are used by the clock, each with a period of its own. */
function taught(periods: Readonly<Record<string, number>>, minutes: number, windowSlots = 5): Keeper {
  const keeper = new Keeper()
  for (let slot = 0; slot < minutes; slot++) {
    const used = Object.entries(periods).flatMap(([server, period]) => (slot % period === 0 ? [server] : []))
    keeper.pass(slot, new Set(used), costsOf, () => windowSlots, NONE)
  }
  return keeper
}

describe('the keeper', () => {
  it('wants what is used by the clock warm when it is due, and not in between', () => {
    verifies('PRE-2')
    const keeper = taught({ hourly: 60, often: 2, rare: 700 }, 2_400)
    const hourly = (slot: number) => keeper.wishFor('hourly', slot, COSTS)
    expect(hourly(2_400)!.chance).toBeGreaterThan(0.5)
    expect(hourly(2_400)!.warm).toBe(true)
    expect(hourly(2_370)!.chance).toBeLessThan(0.1)
    expect(hourly(2_370)!.warm).toBe(false)
    expect(keeper.wishFor('often', 2_401, COSTS)!.warm).toBe(true)
  })

  it('has no opinion of what it hardly knows', () => {
    const keeper = taught({ rare: 700 }, 1_500)
    expect(keeper.wishFor('rare', 1_500, COSTS)).toBeUndefined()
    expect(keeper.wishFor('unheard of', 1_500, COSTS)).toBeUndefined()
  })

  it('values what is slow to start above what is quick, and what is small above what is large', () => {
    const keeper = taught({ a: 30, b: 7, c: 13 }, 1_000, 1)
    const wish = (coldMs: number, memoryMb: number) => keeper.wishFor('a', 1_005, { coldMs, memoryMb })!.warm
    expect(wish(1e9, 1)).toBe(true)
    expect(wish(1, 1e9)).toBe(false)
  })

  it('wants twice as much of what would have to be started as of what is warm', () => {
    verifies('PRE-2')
    const keeper = taught({ hourly: 60, often: 2, rare: 700 }, 2_371)
    const price = (server: string) =>
      Number(/price of (\S+)$/.exec(keeper.wishFor(server, 2_371, COSTS)!.because)![1])
    // It was used half an hour ago, and is due in another half.
    expect(price('hourly') / price('often')).toBeGreaterThan(1.9)
    expect(price('hourly') / price('often')).toBeLessThan(2.1)
  })

  it('holds a wish for later worth staying for, as long as its own memory until then costs less', () => {
    verifies('PRE-2')
    const keeper = taught({ hourly: 60, often: 2, rare: 700 }, 2_371)
    // The next of these is due in half an hour.
    const stays = (servers: readonly string[], ownMb: number, horizonSlots: number) =>
      keeper.isWorthStaying(servers, 2_371, costsOf, ownMb, horizonSlots)
    expect(stays(['hourly'], 1, 60)).toBe(true)
    expect(stays(['hourly'], 1, 20)).toBe(false)
    expect(stays(['hourly'], 1e6, 60)).toBe(false)
    expect(stays(['rare', 'unheard of'], 1, 60)).toBe(false)
    expect(stays([], 0, 60)).toBe(false)
  })

  it('spends nothing on what a session holds, and for each server what its own window would', () => {
    verifies('PRE-2')
    const keptAfter = (held: ReadonlySet<string>) => {
      const keeper = new Keeper()
      for (let slot = 0; slot < 50; slot++)
        keeper.pass(
          slot,
          new Set(slot === 0 ? ['a', 'b'] : []),
          costsOf,
          (server) => (server === 'a' ? 4 : 9),
          held,
        )
      return keeper.data() as { purse: { allowed: number }; demand: readonly number[] }
    }
    const allowed = (...held: readonly string[]) => keptAfter(new Set(held)).purse.allowed
    expect(allowed('a') / allowed('b')).toBeCloseTo(9 / 4, 0)
    expect(allowed()).toBeCloseTo(allowed('a') + allowed('b'), 9)
    expect(allowed('a', 'b')).toBe(0)
    expect(Math.max(...keptAfter(new Set(['a', 'b'])).demand)).toBe(0)
  })

  it('says the same after it was kept as data and read again, and takes a slot once', () => {
    const used = fc.array(fc.tuple(fc.integer({ min: 0, max: 400 }), fc.constantFrom('a', 'b', 'c')), {
      maxLength: 200,
    })
    fc.assert(
      fc.property(used, (uses) => {
        const keeper = new Keeper()
        for (let slot = 0; slot <= 400; slot++) {
          const names = new Set(uses.flatMap(([at, server]) => (at === slot ? [server] : [])))
          keeper.pass(slot, names, costsOf, () => 10, NONE)
          keeper.pass(slot, new Set(['a', 'b', 'c']), costsOf, () => 10, NONE)
        }
        const again = keeperOf(JSON.parse(JSON.stringify(keeper.data())))
        for (const server of ['a', 'b', 'c'])
          for (const slot of [401, 420, 800])
            expect(again.wishFor(server, slot, COSTS)).toEqual(keeper.wishFor(server, slot, COSTS))
      }),
      { numRuns: 30 },
    )
  })

  it('begins anew from what is none of its data', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(keeperOf(value).wishFor('a', 1, COSTS)).toBeUndefined()
      }),
    )
  })
})
