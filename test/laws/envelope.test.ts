import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EMPTY, quantile, withValue } from '../../src/core/policy/envelope/histogram.ts'
import { afterDeath, type Envelope, inForceMb, observe } from '../../src/core/policy/envelope/limit.ts'
import { ENVELOPE_OPTIONS } from '../../src/core/policy/envelope/options.ts'
import type { MemorySample } from '../../src/core/policy/envelope/profile.ts'
import { type Claim, shareCeiling } from '../../src/core/policy/envelope/share.ts'
import { random } from '../fixtures/memory-traces.ts'
import { verifies } from '../requirements.ts'

const mb = fc.double({ min: 1, max: 20_000, noNaN: true })
const samples = fc
  .array(fc.record({ afterMs: fc.integer({ min: 0, max: 3_600_000 }), mb }), { minLength: 1, maxLength: 60 })
  .map((steps) => {
    let atMs = 0
    return steps.map(({ afterMs, mb }): MemorySample => {
      atMs += afterMs
      return { atMs, mb }
    })
  })
const envelopeOf = (all: readonly MemorySample[], from?: Envelope) =>
  all.reduce<Envelope | undefined>((one, sample) => observe(one, sample, ENVELOPE_OPTIONS), from)!

const claim = fc.record({
  hardMb: fc.double({ min: 1, max: 4_000, noNaN: true }),
  guaranteeMb: fc.double({ min: 1, max: 500, noNaN: true }),
  weight: fc.double({ min: 0.1, max: 1_000, noNaN: true }),
})
const claims = fc
  .array(claim, { minLength: 1, maxLength: 30 })
  .map((all) => all.map((one, i): Claim => ({ server: `s${i}`, ...one })))
const ceiling = fc.double({ min: 1, max: 20_000, noNaN: true })
const near = 1e-6

describe('an envelope', () => {
  it('is above the sample that was just seen, with soft and guarantee below hard', () => {
    verifies('ENV-1')
    fc.assert(
      fc.property(samples, (all) => {
        const { limit } = envelopeOf(all)
        expect(limit.hardMb).toBeGreaterThan(all.at(-1)!.mb)
        expect(limit.softMb).toBeLessThan(limit.hardMb)
        expect(limit.guaranteeMb).toBeLessThanOrEqual(limit.softMb)
      }),
    )
  })

  it('gives no less for a larger sample', () => {
    verifies('ENV-1')
    fc.assert(
      fc.property(samples, mb, mb, (all, a, b) => {
        const before = envelopeOf(all)
        const atMs = all.at(-1)!.atMs + 60_000
        const limitOf = (size: number) => observe(before, { atMs, mb: size }, ENVELOPE_OPTIONS).limit.hardMb
        expect(limitOf(Math.max(a, b))).toBeGreaterThanOrEqual(limitOf(Math.min(a, b)) - near)
      }),
    )
  })

  it('is larger in the same measure where everything is larger', () => {
    verifies('ENV-1')
    fc.assert(
      fc.property(samples, fc.integer({ min: 2, max: 9 }), (all, factor) => {
        const larger = envelopeOf(all.map(({ atMs, mb }) => ({ atMs, mb: mb * factor })))
        expect(larger.limit.hardMb).toBeGreaterThanOrEqual(envelopeOf(all).limit.hardMb - near)
      }),
    )
  })

  it('is raised by a death, and more than it was above', () => {
    verifies('ENV-1')
    fc.assert(
      fc.property(samples, fc.double({ min: 1.001, max: 5, noNaN: true }), (all, factor) => {
        const before = envelopeOf(all)
        fc.pre(inForceMb(before) !== undefined)
        const atMs = all.at(-1)!.atMs + 1_000
        const killed = before.limit.hardMb * factor
        const one = observe(before, { atMs, mb: killed }, { ...ENVELOPE_OPTIONS, lends: false })
        expect(one.deaths).toBe(before.deaths + 1)
        expect(one.limit.hardMb).toBeGreaterThanOrEqual(Math.max(killed * 1.2, killed + 100) - near)
        expect(one.limit.because).toBe('death')
        const told = afterDeath(before, atMs, ENVELOPE_OPTIONS)
        expect(told.limit.hardMb).toBeGreaterThanOrEqual(before.limit.hardMb)
      }),
    )
  })

  it('counts no death where memory is lent, up to twice the limit, and sets aside no more than the limit', () => {
    verifies('ENV-1')
    fc.assert(
      fc.property(samples, fc.double({ min: 1.001, max: 5, noNaN: true }), (all, factor) => {
        const before = envelopeOf(all)
        fc.pre(inForceMb(before) !== undefined && Math.abs(factor - 2) > 1e-6)
        const { hardMb, asideMb, guaranteeMb } = before.limit
        expect(asideMb).toBeLessThanOrEqual(hardMb)
        expect(asideMb).toBeGreaterThanOrEqual(guaranteeMb)
        const one = observe(before, { atMs: all.at(-1)!.atMs + 1_000, mb: hardMb * factor }, ENVELOPE_OPTIONS)
        expect(one.deaths - before.deaths).toBe(factor > 2 ? 1 : 0)
        // What was lent is known from then on.
        expect(one.limit.hardMb).toBeGreaterThanOrEqual(hardMb * factor - near)
      }),
    )
  })

  it('does not flap on noise of 3 %', () => {
    verifies('ENV-1')
    fc.assert(
      fc.property(fc.integer(), mb, (seed, size) => {
        const next = random(seed)
        const noise = (from: number, minutes: number) =>
          Array.from({ length: minutes }, (_, i) => ({
            atMs: (from + i) * 60_000,
            mb: size * (0.97 + 0.06 * next()),
          }))
        let envelope = envelopeOf(noise(0, 360))
        let changes = 0
        for (const sample of noise(360, 720)) {
          const { sinceMs } = envelope.limit
          envelope = observe(envelope, sample, ENVELOPE_OPTIONS)
          if (envelope.limit.sinceMs !== sinceMs) changes++
        }
        expect(changes).toBeLessThanOrEqual(2)
        expect(envelope.deaths).toBe(0)
      }),
      { numRuns: 25 },
    )
  })

  it('is never lowered within ten minutes of its last change, nor within a quarter of its age where that is less', () => {
    verifies('ENV-1')
    fc.assert(
      fc.property(samples, (all) => {
        let envelope: Envelope | undefined
        for (const sample of all) {
          const before = envelope?.limit
          envelope = observe(envelope, sample, ENVELOPE_OPTIONS)
          if (before !== undefined && envelope.limit.hardMb < before.hardMb)
            expect(envelope.limit.sinceMs - before.sinceMs).toBeGreaterThanOrEqual(
              Math.min(600_000, Math.max(30_000, (envelope.profile.windowFromMs - all[0]!.atMs) / 4)),
            )
        }
      }),
    )
  })

  it('is the same when it was written as JSON in between', () => {
    verifies('ENV-1')
    fc.assert(
      fc.property(samples, samples, (first, second) => {
        const start = first.at(-1)!.atMs
        const later = second.map(({ atMs, mb }) => ({ atMs: start + atMs, mb }))
        const read = JSON.parse(JSON.stringify(envelopeOf(first))) as Envelope
        expect(envelopeOf(later, read)).toEqual(envelopeOf(later, envelopeOf(first)))
        expect(JSON.stringify(read).length).toBeLessThan(6_000)
      }),
    )
  })
})

describe('a decayed histogram', () => {
  it('reads a quantile no lower where a value was larger, and at most 5 % too high', () => {
    verifies('ENV-1')
    fc.assert(
      fc.property(samples, fc.nat(), fc.double({ min: 1, max: 3, noNaN: true }), (all, index, factor) => {
        const of = (list: readonly MemorySample[]) =>
          quantile(
            list.reduce((one, { atMs, mb }) => withValue(one, mb, atMs, 7_200_000), EMPTY),
            0.9,
          )
        const at = index % all.length
        const raised = all.map((one, i) => (i === at ? { ...one, mb: one.mb * factor } : one))
        expect(of(raised)).toBeGreaterThanOrEqual(of(all))
        expect(of(all)).toBeLessThanOrEqual(Math.max(...all.map(({ mb }) => mb)) * 1.05 + near)
      }),
    )
  })
})

describe('the ceiling', () => {
  it('holds for all together, and guarantees hold where they fit', () => {
    verifies('ENV-1')
    fc.assert(
      fc.property(claims, ceiling, (all, most) => {
        const { mb, guaranteesFit } = shareCeiling(all, most)
        const sum = [...mb.values()].reduce((a, b) => a + b, 0)
        expect(sum).toBeLessThanOrEqual(most + near)
        const guaranteed = all.reduce((a, { guaranteeMb, hardMb }) => a + Math.min(guaranteeMb, hardMb), 0)
        if (guaranteed < most - near) expect(guaranteesFit).toBe(true)
        if (guaranteed > most + near) expect(guaranteesFit).toBe(false)
        for (const { server, hardMb, guaranteeMb } of all) {
          expect(mb.get(server)).toBeLessThanOrEqual(hardMb)
          if (guaranteesFit)
            expect(mb.get(server)).toBeGreaterThanOrEqual(Math.min(guaranteeMb, hardMb) - near)
        }
      }),
    )
  })

  it('leaves nothing unused while somebody wants it', () => {
    verifies('ENV-1')
    fc.assert(
      fc.property(claims, ceiling, (all, most) => {
        const sum = [...shareCeiling(all, most).mb.values()].reduce((a, b) => a + b, 0)
        const wanted = all.reduce((a, { hardMb }) => a + hardMb, 0)
        expect(sum).toBeCloseTo(Math.min(most, wanted), 3)
      }),
    )
  })

  it('knows no order of servers', () => {
    verifies('ENV-1')
    fc.assert(
      fc.property(claims, ceiling, (all, most) => {
        expect(shareCeiling([...all].reverse(), most)).toEqual(shareCeiling(all, most))
      }),
    )
  })
})
