import { describe, expect, it } from 'vitest'
import { evaluate } from '../../src/core/policy/envelope/evaluate.ts'
import { ENVELOPE_OPTIONS } from '../../src/core/policy/envelope/options.ts'
import { replay } from '../../src/core/policy/envelope/replay.ts'
import { isHeader, lineOf, serversOf } from '../../src/core/policy/envelope/trace.ts'
import { KINDS, samplesOf } from '../fixtures/memory-traces.ts'
import { verifies } from '../requirements.ts'

const linesOf = (...texts: string[]) => texts.map((text) => lineOf(text)!)

describe('a line of a trace', () => {
  it.each([
    ['github,12,80.5', 'github', 12],
    [' github , 12 , 80.5 ', 'github', 12],
    ['"git,hub",12,80.5', 'git,hub', 12],
    ['git,hub,12,80.5', 'git,hub', 12],
    ['"a ""b""",1.5e3,80.5\r', 'a "b"', 1500],
    ['a,2026-11-01T00:00:00Z,80.5', 'a', Date.UTC(2026, 10, 1)],
    ['a,2026-11-01 02:00:00.5+02:00,80.5', 'a', Date.UTC(2026, 10, 1) + 500],
    ['a,2026-11-01T00:00,80.5', 'a', Date.UTC(2026, 10, 1)],
  ])('%j is read', (text, server, time) => {
    verifies('ENV-1')
    expect(lineOf(text)).toMatchObject({ server, time, mb: 80.5 })
  })

  it.each([
    '',
    'a,1',
    'server,time,MB',
    ',1,2',
    'a,yesterday,2',
    'a,1,0',
    'a,1,-4',
    'a,1,NaN',
    'a,1,0x10',
    'a,1,1e300',
    'a,2026-13-01T00:00:00Z,2',
  ])('%j is none', (text) => expect(lineOf(text)).toBeUndefined())

  it('is a header only when no cell begins with a digit', () => {
    expect([isHeader('server,time,MB'), isHeader('a,1x,MB'), isHeader('a,b')]).toEqual([true, false, false])
  })
})

describe('the times of a trace', () => {
  const first = (...texts: string[]) => serversOf(linesOf(...texts), undefined).servers[0]!.samples

  it('are milliseconds where they are as large as those of today, else seconds', () => {
    verifies('ENV-1')
    expect(first('a,1700000000,1')[0]!.atMs).toBe(1_700_000_000_000)
    expect(first('a,1700000000000,1')[0]!.atMs).toBe(1_700_000_000_000)
    expect(first('a,60,1')[0]!.atMs).toBe(60_000)
    expect(serversOf(linesOf('a,60000,1'), 'ms').servers[0]!.samples[0]!.atMs).toBe(60_000)
  })

  it('are put in order, and of two samples at once the larger counts', () => {
    verifies('ENV-1')
    expect(first('a,3,5', 'a,1,7', 'a,1,9', 'a,2,6').map(({ atMs, mb }) => [atMs, mb])).toEqual([
      [1_000, 9],
      [2_000, 6],
      [3_000, 5],
    ])
  })
})

describe('a replay', () => {
  const fixedAt = (mb: number) => ({ hardMb: mb, asideMb: mb, guaranteeMb: mb })

  it('lends up to twice a limit, of what all others neither have nor are guaranteed', () => {
    verifies('ENV-1')
    const { servers } = serversOf(
      linesOf('a,0,50', 'a,10,150', 'a,20,210', 'a,30,50', 'b,0,80', 'b,10,80', 'b,20,80', 'b,30,80'),
      undefined,
    )
    const policy = () => ({
      inForce: () => ({ hardMb: 100, asideMb: 60, guaranteeMb: 40 }),
      see: () => {},
    })
    const within = (ceilingMb: number) => {
      const { outOfMemory, lent, peakMb } = replay(servers, policy, () => 0, ceilingMb)
      return { outOfMemory, lent, peakMb }
    }
    // 150 beside the 80 of the other and a tenth; 210 is more than twice 100, and ends.
    expect(within(1_000)).toEqual({ outOfMemory: 1, lent: 1, peakMb: 230 })
    expect(within(238)).toEqual({ outOfMemory: 1, lent: 1, peakMb: 230 })
    expect(within(237)).toEqual({ outOfMemory: 2, lent: 0, peakMb: 140 })
    // Not even what is within the limits is there.
    expect(within(129).outOfMemory).toBeGreaterThan(2)
    // A limit that lends nothing is set aside as it is.
    expect(replay(servers, policy, () => 0)).toMatchObject({ outOfMemory: 2, lent: 0, peakMb: 120 })
  })

  it('holds each sample against the limit before it, and weighs slack by time', () => {
    verifies('ENV-1')
    const { servers } = serversOf(linesOf('a,0,50', 'a,10,100', 'a,40,120', 'b,0,10', 'b,40,10'), undefined)
    const told: number[] = []
    const policy = () => ({ inForce: () => fixedAt(100), see: (_: number, mb: number) => void told.push(mb) })
    const outcome = replay(servers, policy, () => 0)
    // a: 10 s at half, 30 s at all of it; b: 40 s at a tenth.
    expect(outcome.slack).toBeCloseTo((10 * 0.5 + 40 * 0.9) / 80, 9)
    expect(outcome.slackByMemory).toBeCloseTo(1 - (10 * 50 + 30 * 100 + 40 * 10) / 8_000, 9)
    expect(outcome).toMatchObject({ outOfMemory: 1, peakMb: 200 })
    expect(told).toEqual([50, 10, 100, 120, 10])
  })

  it('counts no limit of a server that was not running', () => {
    verifies('ENV-1')
    const { servers } = serversOf(
      linesOf('a,0,50', 'a,10,50', 'a,10000,50', 'a,10010,50', 'b,5000,50', 'b,5010,50'),
      undefined,
    )
    const policy = () => ({ inForce: () => fixedAt(100), see: () => {} })
    expect(replay(servers, policy, () => 0).peakMb).toBe(100)
  })
})

describe('envelopes on two days of minutes', () => {
  const day = 1_440
  const fleet = Object.keys(KINDS).flatMap((kind) =>
    [1, 2, 3].map((seed) => ({
      name: `${kind}${seed}`,
      gapMs: 300_000,
      samples: samplesOf(kind as keyof typeof KINDS, 2 * day, seed),
    })),
  )

  it('end no server, waste less than static limits do, and promise less at once', () => {
    verifies('ENV-1')
    const { envelope, peakReduction, baselines } = evaluate(fleet, ENVELOPE_OPTIONS)
    expect(envelope.outOfMemory).toBe(0)
    expect(envelope.slack).toBeLessThan(0.23)
    expect(envelope.slack).toBeLessThan(baselines.static.slack)
    expect(peakReduction).toBeGreaterThan(0)
    // A server that drifts outgrows what was written down on the first day.
    expect(baselines.staticBare.outOfMemory).toBeGreaterThan(100)
    expect(baselines.staticSafe.outOfMemory).toBe(0)
  })

  it('do the same whatever the order of servers', () => {
    verifies('ENV-1')
    const [one, other] = [fleet, [...fleet].reverse()].map((all) => evaluate(all, ENVELOPE_OPTIONS))
    expect(other!.envelope.outOfMemory).toBe(one!.envelope.outOfMemory)
    expect(other!.envelope.slack).toBeCloseTo(one!.envelope.slack, 9)
    expect(other!.servers.map(({ server }) => server)).toEqual(one!.servers.map(({ server }) => server))
  })
})
