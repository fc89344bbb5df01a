import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { certify } from '../../src/core/agents/certificate.ts'
import { boundsOf, type Claim, type Group } from '../../src/core/agents/claim.ts'
import { proposalsFor } from '../../src/core/agents/proposals.ts'
import { type Infeasible, type Solution, solve, waitingFor } from '../../src/core/agents/solve.ts'
import { gainOf, worthOf } from '../../src/core/agents/worth.ts'
import { verifies } from '../requirements.ts'

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']

/** Claims of sizes up to `most`, with needs on earlier ones. */
function claims(most: number, count: { minLength: number; maxLength: number }) {
  const claim = fc.record({
    sizes: fc.tuple(
      fc.integer({ min: 0, max: most }),
      fc.integer({ min: 1, max: most }),
      fc.integer({ min: 1, max: 2 * most }),
    ),
    // Equal weights make ties.
    weight: fc.oneof(fc.constant(1), fc.double({ min: 0.1, max: 5, noNaN: true })),
    needs: fc.array(fc.nat(7), { maxLength: 2 }),
    stage: fc.nat(2),
  })
  return fc.array(claim, count).map((all) =>
    all.map(({ sizes, weight, needs, stage }, i): Claim => {
      const [min, want, max] = [...sizes].sort((a, b) => a - b) as [number, number, number]
      return {
        name: NAMES[i]!,
        ...{ min, want: Math.max(1, want), max: Math.max(1, max), weight, stage },
        needs: needs.filter((need) => need < i).map((need) => NAMES[need]!),
      }
    }),
  )
}

/** Nested: the second inside the first. */
const groups = (most: number) =>
  fc
    .tuple(fc.subarray(NAMES, { minLength: 1 }), fc.nat(most), fc.nat(most), fc.nat(7))
    .map(([agents, limit, inner, cut]): readonly Group[] => [
      { name: 'outer', agents, limit },
      { name: 'inner', agents: agents.slice(0, 1 + (cut % agents.length)), limit: inner },
    ])

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
const tokensOf = (solution: Solution) => solution.grants.map(({ tokens }) => tokens)
const isSolved = (result: Solution | Infeasible): result is Solution => result.feasible

/** The highest worth of all grants there are, one by one; undefined where none is allowed. */
function bestWorth(all: readonly Claim[], within: readonly Group[], total: number): number | undefined {
  const bounds = boundsOf(all, within, total)
  let best: number | undefined
  const amounts: number[] = []
  const visit = (i: number, worth: number): void => {
    if (i === all.length) {
      if (bounds.every(({ members, limit }) => sum(members.map((m) => amounts[m]!)) <= limit))
        best = Math.max(best ?? worth, worth)
      return
    }
    for (let x = all[i]!.min; x <= all[i]!.max && sum(amounts.slice(0, i)) + x <= total; x++) {
      amounts[i] = x
      visit(i + 1, worth + worthOf(all[i]!, x))
    }
  }
  visit(0, 0)
  return best
}

describe('grants of a workflow', () => {
  it('are worth as much as the best of all that there could be, or there are none', () => {
    verifies('ALLOC-1')
    let solved = 0
    fc.assert(
      fc.property(claims(8, { minLength: 1, maxLength: 4 }), groups(30), fc.nat(45), (all, within, total) => {
        const best = bestWorth(all, within, total)
        const result = solve(all, within, total)
        expect(result.feasible).toBe(best !== undefined)
        if (!isSolved(result)) return
        solved += 1
        const worth = sum(all.map((claim, i) => worthOf(claim, tokensOf(result)[i]!)))
        expect(worth).toBeCloseTo(best!, 9)
        expect(result.certificate.optimal).toBe(true)
      }),
      { numRuns: 250 },
    )
    expect(solved).toBeGreaterThan(100)
  })

  it('keep every bound, use up all that may be used, and the certificate finds every spoilt one', () => {
    verifies('ALLOC-1')
    fc.assert(
      fc.property(
        claims(60_000, { minLength: 2, maxLength: 8 }),
        groups(300_000),
        fc.nat(600_000),
        fc.nat(7),
        fc.nat(7),
        (all, within, total, from, to) => {
          const result = solve(all, within, total)
          if (!isSolved(result)) return
          const tokens = tokensOf(result)
          const bounds = boundsOf(all, within, total)
          for (const { members, limit } of bounds)
            expect(sum(members.map((i) => tokens[i]!))).toBeLessThanOrEqual(limit)
          all.forEach(({ min, max }, i) => {
            expect(Number.isSafeInteger(tokens[i])).toBe(true)
            expect(tokens[i]).toBeGreaterThanOrEqual(min)
            expect(tokens[i]).toBeLessThanOrEqual(max)
          })
          // Whoever could have more is held by what its grant names.
          for (const [i, { binding }] of result.grants.entries()) {
            const full = bounds.filter(
              ({ members, limit }) => members.includes(i) && sum(members.map((m) => tokens[m]!)) === limit,
            )
            if (binding === 'max') expect(tokens[i]).toBe(all[i]!.max)
            else expect(full.length).toBeGreaterThan(0)
          }
          expect(result.certificate.optimal).toBe(true)
          const [a, b] = [from % all.length, to % all.length]
          const step = Math.max(1, Math.floor(all[a]!.want / 10))
          const spoilt = tokens.map((x, i) => x - (i === a ? step : 0) + (i === b ? step : 0))
          const isAllowed =
            a !== b &&
            spoilt.every((x, i) => x >= all[i]!.min && x <= all[i]!.max) &&
            bounds.every(({ members, limit }) => sum(members.map((i) => spoilt[i]!)) <= limit)
          const lost =
            sum(all.map((claim, i) => worthOf(claim, tokens[i]!))) -
            sum(all.map((claim, i) => worthOf(claim, spoilt[i]!)))
          if (isAllowed && lost > 1e-6) expect(certify(all, bounds, spoilt).optimal).toBe(false)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('do not depend on the order of claims, and no agent loses by a larger total', () => {
    verifies('ALLOC-1')
    fc.assert(
      fc.property(
        claims(60_000, { minLength: 1, maxLength: 8 }),
        groups(300_000),
        fc.nat(500_000),
        fc.nat(5_000),
        fc.nat(),
        (all, within, total, more, seed) => {
          const result = solve(all, within, total)
          if (!isSolved(result)) return
          const order = all
            .map((_, i) => i)
            .sort((a, b) => (((a + 1) * (seed + 7)) % 11) - (((b + 1) * (seed + 7)) % 11))
          const other = solve(
            order.map((i) => all[i]!),
            [...within].reverse(),
            total,
          ) as Solution
          order.forEach((i, at) => {
            expect(other.grants[at]!.tokens).toBe(tokensOf(result)[i])
          })
          const richer = tokensOf(solve(all, within, total + more) as Solution)
          tokensOf(result).forEach((tokens, i) => {
            expect(richer[i]).toBeGreaterThanOrEqual(tokens)
          })
        },
      ),
      { numRuns: 200 },
    )
  })

  it('are the same shares, to a token each, where all sizes are ten times as large', () => {
    verifies('ALLOC-1')
    fc.assert(
      fc.property(claims(20_000, { minLength: 1, maxLength: 8 }), fc.nat(150_000), (all, total) => {
        const small = solve(all, [], total)
        if (!isSolved(small)) return
        const large = all.map((claim) => ({
          ...claim,
          ...{ min: 10 * claim.min, want: 10 * claim.want, max: 10 * claim.max },
        }))
        const grown = tokensOf(solve(large, [], 10 * total) as Solution)
        tokensOf(small).forEach((tokens, i) => {
          expect(Math.abs(grown[i]! - 10 * tokens)).toBeLessThanOrEqual(10 * all.length)
        })
      }),
      { numRuns: 200 },
    )
  })

  it('give each token what it is worth: gains fall, and the first ones beyond want count a quarter', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 0, max: 3e6 }), (want, x) => {
        const one = { want, weight: 2 }
        expect(gainOf(one, x + 1)).toBeLessThan(gainOf(one, x))
        expect(worthOf(one, x + 1) - worthOf(one, x)).toBeCloseTo(gainOf(one, x), 5)
      }),
    )
    const one = { want: 10_000, weight: 1 }
    expect(gainOf(one, 10_000) / gainOf(one, 9_999)).toBeCloseTo(0.25, 3)
  })
})

describe('claims that do not fit', () => {
  it('are named so that without any one of them the others would fit, with ways out that work', () => {
    verifies('ALLOC-1')
    let refused = 0
    fc.assert(
      fc.property(
        claims(10_000, { minLength: 1, maxLength: 8 }),
        groups(20_000),
        fc.nat(30_000),
        (all, within, total) => {
          const result = solve(all, within, total)
          if (isSolved(result)) return
          refused += 1
          for (const { limit, needed, claims: few } of result.conflicts) {
            expect(needed).toBeGreaterThan(limit)
            expect(sum(few.map(({ min }) => min))).toBeGreaterThan(limit)
            for (const { min } of few) expect(sum(few.map((c) => c.min)) - min).toBeLessThanOrEqual(limit)
          }
          const { defer, simplify, abort } = proposalsFor(all, within, total)
          const less = all.map((claim) => ({
            ...claim,
            min: simplify.find(({ name }) => name === claim.name)?.to ?? claim.min,
          }))
          expect(solve(less, within, total).feasible).toBe(true)
          const limitOf = (name: string, limit: number) =>
            abort.reduce((most, { bound, needed }) => (bound === name ? Math.max(most, needed) : most), limit)
          const wider = within.map(({ name, agents, limit }) => ({
            name,
            agents,
            limit: limitOf(name, limit),
          }))
          expect(solve(all, wider, limitOf('total', total)).feasible).toBe(true)
          if (defer === undefined) return
          const off = waitingFor(all, defer.agents)
          for (const { claim, tokens } of defer.solution.grants)
            if (off.has(claim.name)) expect(tokens).toBe(0)
          // None of those put off could have stayed.
          for (const name of defer.agents)
            expect(
              solve(
                all,
                within,
                total,
                defer.agents.filter((one) => one !== name),
              ).feasible,
            ).toBe(false)
        },
      ),
      { numRuns: 300 },
    )
    expect(refused).toBeGreaterThan(50)
  })

  it('take those along that need what is put off, however far', () => {
    verifies('ALLOC-1')
    const claim = (name: string, ...needs: string[]): Claim => ({
      ...{ name, min: 10, want: 20, max: 40, weight: 1, needs },
      stage: needs.length,
    })
    const all = [claim('read'), claim('plan', 'read'), claim('write', 'plan'), claim('log')]
    const { grants } = solve(all, [], 1_000, ['read']) as Solution
    expect(grants.map(({ tokens, binding, by }) => [tokens, binding, by])).toEqual([
      [0, 'deferred', []],
      [0, 'dependency', ['read']],
      [0, 'dependency', ['plan']],
      [40, 'max', []],
    ])
  })
})
