import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { advise, type Seen } from '../../src/core/policy/envelope/advise.ts'
import { inForce, type Running, raised, whyNoRoom, within } from '../../src/core/policy/envelope/in-force.ts'
import { ENVELOPE_OPTIONS } from '../../src/core/policy/envelope/options.ts'
import { verifies } from '../requirements.ts'

const kept = fc
  .tuple(
    fc.integer({ min: 10, max: 3_000 }),
    fc.double({ min: 0.3, max: 1, noNaN: true }),
    fc.double({ min: 0.1, max: 1, noNaN: true }),
  )
  .map(([hardMb, soft, least]) => ({ hardMb, softMb: hardMb * soft, guaranteeMb: hardMb * soft * least }))
const running = fc.uniqueArray(
  fc.record({
    server: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    processes: fc.integer({ min: 1, max: 6 }),
    memoryMb: fc.double({ min: 0, max: 4_000, noNaN: true }),
    kept: fc.option(kept, { nil: undefined }),
  }),
  { selector: ({ server }) => server, maxLength: 6 },
)
const ceiling = fc.integer({ min: 1, max: 20_000 })

const total = (rows: readonly Running[], hardOf: (row: Running) => number) =>
  rows.reduce((sum, row) => sum + row.processes * hardOf(row), 0)

describe('limits in force', () => {
  it('are together never over the ceiling, and none is above what was kept', () => {
    verifies('ENV-1')
    fc.assert(
      fc.property(running, ceiling, (rows, ceilingMb) => {
        const limits = inForce(rows, ceilingMb)
        expect([...limits.keys()].sort()).toEqual(
          rows.flatMap((row) => (row.kept ? [row.server] : [])).sort(),
        )
        expect(total(rows, ({ server }) => limits.get(server)?.hardMb ?? 0)).toBeLessThanOrEqual(
          ceilingMb * (1 + 1e-9) + 1e-6,
        )
        for (const { server, kept: before } of rows) {
          const limit = limits.get(server)
          if (limit === undefined || before === undefined) continue
          expect(limit.hardMb).toBeLessThanOrEqual(before.hardMb + 1e-6)
          expect(limit.softMb).toBeLessThanOrEqual(limit.hardMb)
        }
      }),
    )
  })

  it('with lending are together never over the ceiling, nor any above twice what was kept, and leave each what it has', () => {
    verifies('ENV-1')
    fc.assert(
      fc.property(running, ceiling, (given, ceilingMb) => {
        const rows = given.map((row) => (row.kept ? { ...row, kept: { ...row.kept, lends: true } } : row))
        const limits = inForce(rows, ceilingMb)
        const hardOf = ({ server }: Running) => limits.get(server)?.hardMb ?? 0
        expect(total(rows, hardOf)).toBeLessThanOrEqual(ceilingMb * (1 + 1e-9) + 1e-6)
        const most = ({ kept: before }: Running) => 2 * (before?.hardMb ?? 0)
        for (const row of rows) expect(hardOf(row)).toBeLessThanOrEqual(most(row) + 1e-6)
        if (total(rows, most) <= ceilingMb)
          for (const row of rows) expect(hardOf(row)).toBeCloseTo(most(row), 3)
        const floor = ({ kept: before, memoryMb }: Running) =>
          before === undefined ? 0 : Math.max(before.guaranteeMb, Math.min(2 * before.hardMb, memoryMb))
        if (total(rows, floor) <= ceilingMb)
          for (const row of rows) expect(hardOf(row)).toBeGreaterThanOrEqual(floor(row) - 1e-6)
      }),
    )
  })

  it('leave each process what it has while that fits', () => {
    verifies('ENV-1')
    fc.assert(
      fc.property(running, ceiling, (rows, ceilingMb) => {
        const floor = ({ kept: before, memoryMb }: Running) =>
          before === undefined ? 0 : Math.max(before.guaranteeMb, Math.min(before.hardMb, 1.1 * memoryMb))
        fc.pre(total(rows, floor) <= ceilingMb)
        const limits = inForce(rows, ceilingMb)
        for (const row of rows)
          if (row.kept !== undefined)
            expect(limits.get(row.server)!.hardMb).toBeGreaterThanOrEqual(floor(row) - 1e-6)
      }),
    )
  })

  it('are reckoned of nothing that all together could not have', () => {
    verifies('ENV-1')
    // Numbers that a file may hold, but no sum of them.
    const amount = fc.constantFrom(Number.MIN_VALUE, 1, 300, 1e15, 1e300, Number.MAX_VALUE)
    const written = fc.record({ softMb: amount, hardMb: amount, guaranteeMb: amount })
    fc.assert(
      fc.property(fc.array(written, { minLength: 1, maxLength: 4 }), ceiling, (files, ceilingMb) => {
        const rows = files.map((file, i) => ({
          ...{ server: `s${i}`, processes: 3, memoryMb: 40 },
          kept: within(file, ceilingMb),
        }))
        const limits = inForce(rows, ceilingMb)
        const hard = rows.map(({ server }) => limits.get(server)!.hardMb)
        expect(hard.every((mb) => mb >= 0 && mb <= ceilingMb)).toBe(true)
        expect(3 * hard.reduce((sum, mb) => sum + mb, 0)).toBeLessThanOrEqual(ceilingMb * (1 + 1e-9) + 1e-6)
        for (const { server, kept: now } of rows) {
          expect(limits.get(server)!.softMb).toBeLessThanOrEqual(limits.get(server)!.hardMb)
          expect(now.guaranteeMb).toBeLessThanOrEqual(now.softMb)
        }
      }),
    )
  })

  it('that are raised after deaths stay within the ceiling and twice what was kept', () => {
    verifies('ENV-1')
    fc.assert(
      fc.property(running, ceiling, (rows, ceilingMb) => {
        for (const row of rows) {
          const hardMb = raised(row.server, row.kept?.hardMb ?? 0, rows, ceilingMb, ENVELOPE_OPTIONS)
          if (hardMb === undefined) continue
          expect(hardMb).toBeGreaterThan(row.kept!.hardMb)
          expect(hardMb).toBeLessThanOrEqual(2 * row.kept!.hardMb)
          const all = total(rows, (one) => (one === row ? hardMb : (one.kept?.hardMb ?? one.memoryMb)))
          expect(all).toBeLessThanOrEqual(ceilingMb + 1e-6)
        }
      }),
    )
  })

  it('leave no room for a process ahead that would bring all over the ceiling, or of a server over its soft limit', () => {
    verifies('ENV-1')
    fc.assert(
      fc.property(
        running,
        ceiling,
        fc.double({ min: 1, max: 500, noNaN: true }),
        (rows, ceilingMb, memoryMb) => {
          for (const server of ['a', 'new']) {
            const own = rows.find((row) => row.server === server)
            const because = whyNoRoom(server, own?.kept, memoryMb, rows, ceilingMb)
            const after =
              total(rows, (one) => one.kept?.hardMb ?? one.memoryMb) + (own?.kept?.hardMb ?? memoryMb)
            const isOver = own?.kept !== undefined && own.memoryMb > own.kept.softMb
            expect(because === undefined).toBe(after <= ceilingMb && !isOver)
          }
        },
      ),
    )
  })
})

const seen: fc.Arbitrary<Seen> = fc.record({
  pid: fc.integer({ min: 2, max: 1_000_000 }),
  server: fc.constantFrom('a', 'b', 'c'),
  memoryMb: fc.double({ min: 0, max: 4_000, noNaN: true }),
  atRest: fc.boolean(),
  sessions: fc.integer({ min: 0, max: 3 }),
  overSoftMs: fc.constantFrom(0, 500, 60_000),
  sinceRenewalMs: fc.constantFrom(0, 1_000, Number.POSITIVE_INFINITY),
  waitsMs: fc.constantFrom(0, 1_000, 20_000),
  boundTo: fc.constantFrom(
    undefined,
    { softMb: null, hardMb: null },
    { softMb: 50, hardMb: 100 },
    { softMb: null, hardMb: 100 },
  ),
  holdsHard: fc.boolean(),
  holdsSoft: fc.boolean(),
})
const limit = { softMb: 50, hardMb: 100, because: 'as kept' }

describe('what is advised', () => {
  it('disturbs nobody below the limits, ends above the hard one alone, and replaces at rest alone', () => {
    verifies('ENV-1')
    fc.assert(
      fc.property(fc.array(seen), (rows) => {
        const limits = new Map([
          ['a', limit],
          ['b', limit],
        ])
        for (const row of rows) {
          const intents = advise([row], limits)
          for (const { what, because, pid } of intents) {
            expect(because).not.toBe('')
            expect(pid).toBe(row.pid)
            if (what === 'limit') continue
            expect(row.server).not.toBe('c')
            if (what === 'end') expect(row.memoryMb).toBeGreaterThan(limit.hardMb)
            else expect([row.atRest, row.overSoftMs > 10_000]).toEqual([true, true])
            if (what === 'let-go') expect(row.sessions).toBe(0)
          }
          const hard = intents.flatMap((one) =>
            one.what === 'limit' && one.hardMb !== null ? [one.hardMb] : [],
          )
          expect(hard.every((mb) => mb === limit.hardMb)).toBe(true)
        }
      }),
    )
  })

  const calm: Seen = {
    ...{ pid: 7, server: 'a', memoryMb: 60, atRest: true, sessions: 1, overSoftMs: 60_000, waitsMs: 0 },
    ...{ sinceRenewalMs: 1e9, boundTo: limit, holdsHard: true, holdsSoft: true },
  }
  const what = (row: Partial<Seen>) =>
    advise([{ ...calm, ...row }], new Map([['a', limit]])).map((intent) => intent.what)

  it('is by what the process is at, and says so once', () => {
    verifies('ENV-1')
    expect(what({})).toEqual(['renew'])
    expect(what({ sessions: 0 })).toEqual(['let-go'])
    expect(what({ sinceRenewalMs: 60_000 })).toEqual([])
    expect(what({ atRest: false })).toEqual([])
    expect(what({ overSoftMs: 5_000 })).toEqual([])
    expect(what({ holdsHard: false, memoryMb: 101 })).toEqual(['end'])
    // The kernel does it.
    expect(what({ memoryMb: 101, atRest: false })).toEqual([])
    expect(what({ memoryMb: 111 })).toEqual(['end'])
  })

  it('lifts a soft bound that slows down a call, until memory is well below', () => {
    verifies('ENV-1')
    const slowed = advise([{ ...calm, atRest: false, waitsMs: 20_000 }], new Map([['a', limit]]))
    expect(slowed).toMatchObject([{ what: 'limit', softMb: null, hardMb: 100 }])
    const lifted = { softMb: null, hardMb: 100 }
    expect(what({ boundTo: lifted, atRest: false, memoryMb: 45 })).toEqual([])
    expect(what({ boundTo: lifted, atRest: false, memoryMb: 30 })).toEqual(['limit'])
    expect(what({ boundTo: undefined, memoryMb: 30, overSoftMs: 0 })).toEqual(['limit'])
  })
})
