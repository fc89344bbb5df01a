import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { advise, type Candidate, type Snapshot } from '../../src/core/policy/advice/advise.ts'
import {
  NO_RECORD,
  readRecord,
  standingOf,
  withOutcome,
  withSums,
} from '../../src/core/policy/advice/record.ts'
import { breakEven, costOfHolding, costOfStart } from '../../src/core/policy/advice/worth.ts'
import { verifies } from '../requirements.ts'

const candidate: fc.Arbitrary<Candidate> = fc.record({
  server: fc.string(),
  pool: fc.string(),
  chance: fc.double({ min: 0, max: 1, noNaN: true }),
  coldMs: fc.double({ min: 1, max: 60_000, noNaN: true }),
  memoryMb: fc.double({ min: 1, max: 4_000, noNaN: true }),
  hindrance: fc.constantFrom('', '', '', 'the server is paused', 'its pool is closed', 'it crashed'),
})
const snapshot: fc.Arbitrary<Snapshot> = fc.record({
  candidates: fc.array(candidate, { maxLength: 20 }),
  prices: fc.record({
    msPerMbMinute: fc.double({ min: 0, max: 100, noNaN: true }),
    processors: fc.integer({ min: 1, max: 128 }),
    holdMs: fc.integer({ min: 0, max: 3_600_000 }),
  }),
  roomMb: fc.double({ min: -1_000, max: 8_000, noNaN: true }),
  places: fc.integer({ min: -2, max: 8 }),
})
const outcome = fc.record({
  hit: fc.boolean(),
  coldMs: fc.double({ min: 1, max: 60_000, noNaN: true }),
  missMs: fc.double({ min: 0, max: 60_000, noNaN: true }),
})

describe('advice', () => {
  it('takes no more memory and holds no more servers than it may, and wants nothing that cannot be started', () => {
    verifies('PRE-1')
    fc.assert(
      fc.property(snapshot, (now) => {
        const intents = advise(now)
        const warm = intents.filter(({ kind }) => kind === 'warm').map((one) => one.candidate)
        expect(warm.length).toBeLessThanOrEqual(Math.max(0, now.places))
        const taken = warm.reduce((sum, { memoryMb }) => sum + memoryMb, 0)
        expect(taken).toBeLessThanOrEqual(Math.max(0, now.roomMb) + 1e-6)
        for (const { candidate: wanted } of intents) expect(wanted.hindrance).toBe('')
      }),
    )
  })

  it('wants exactly what is worth more than it costs, each with its reason', () => {
    verifies('PRE-1')
    fc.assert(
      fc.property(snapshot, (now) => {
        const intents = advise(now)
        const wanted = new Set(intents.map((one) => one.candidate))
        for (const one of now.candidates) {
          const missMs = costOfStart(one, now.prices) + costOfHolding(one, now.prices)
          const pays = one.chance * one.coldMs > (1 - one.chance) * missMs
          expect(wanted.has(one)).toBe(pays && one.hindrance === '')
        }
        for (const { because } of intents) expect(because).not.toBe('')
      }),
    )
  })

  it('is surer to want a server that is likelier, starts slower or is smaller', () => {
    fc.assert(
      fc.property(candidate, snapshot, fc.double({ min: 0, max: 1, noNaN: true }), (one, now, more) => {
        const alone = (what: Candidate) =>
          advise({ ...now, candidates: [what], roomMb: 1e6, places: 1 }).length
        const free = { ...one, hindrance: '' }
        const likelier = { ...free, chance: free.chance + (1 - free.chance) * more }
        const smaller = { ...free, memoryMb: free.memoryMb * (1 - more / 2) }
        for (const better of [likelier, smaller]) expect(alone(better)).toBeGreaterThanOrEqual(alone(free))
      }),
    )
  })
})

describe('a record of guesses', () => {
  it('stops only where fewer came true than pays, and goes on once they do', () => {
    verifies('PRE-1')
    fc.assert(
      fc.property(fc.array(outcome, { maxLength: 60 }), (outcomes) => {
        const record = outcomes.reduce(withOutcome, NO_RECORD)
        const { n, precision, breakEven: even, paused } = standingOf(record)
        expect(n).toBe(Math.min(20, outcomes.length))
        expect(paused !== '').toBe(n >= 8 && precision < even)
        const sure = Array.from({ length: 20 }, () => ({ hit: true, coldMs: 1_000, missMs: 500 }))
        expect(standingOf(sure.reduce(withOutcome, record)).paused).toBe('')
        const wrong = sure.map((one) => ({ ...one, hit: false }))
        expect(standingOf(wrong.reduce(withOutcome, record)).paused).not.toBe('')
      }),
    )
  })

  it('breaks even where what is spared and what is lost are equal', () => {
    const even = breakEven(1_500, 500)
    expect(even * 1_500).toBeCloseTo((1 - even) * 500)
  })

  it('is read as it was kept, and anything else is none', () => {
    fc.assert(
      fc.property(fc.array(outcome, { maxLength: 30 }), fc.nat(), (outcomes, acts) => {
        const record = withSums(outcomes.reduce(withOutcome, NO_RECORD), { acts })
        expect(readRecord(JSON.parse(JSON.stringify(record)))).toEqual(record)
      }),
    )
    for (const odd of [null, 1, {}, { outcomes: [] }, { outcomes: [{}], sums: NO_RECORD.sums }])
      expect(readRecord(odd)).toEqual(NO_RECORD)
  })
})
