import { fileURLToPath } from 'node:url'
import { beforeAll, expect, it } from 'vitest'
import { slow } from '../../bench/week/fleet.ts'
import { type Play, type Played, play, WAYS } from '../../bench/week/play.ts'
import { HOUR_MS, MINUTE_MS, type Visit } from '../../bench/week/schedule.ts'
import { builtCli } from '../fixtures/built-cli.ts'
import { verifies } from '../requirements.ts'

const SPAN_MS = 5 * HOUR_MS
const MARK_MS = 2 * HOUR_MS
const START_MS = 400

/** One session a quarter of an hour, and one every 20 min: both just beyond the 10 min that a server is kept without learning. */
const visits: readonly Visit[] = [
  ...everyMinutes(15, 'github'),
  ...everyMinutes(20, 'postgres').map((visit) => ({
    ...visit,
    startMs: visit.startMs + 4 * MINUTE_MS,
    endMs: visit.endMs + 4 * MINUTE_MS,
    calls: visit.calls.map((call) => ({ ...call, atMs: call.atMs + 4 * MINUTE_MS })),
  })),
].sort((a, b) => a.startMs - b.startMs)

function everyMinutes(minutes: number, server: string): Visit[] {
  const times = Array.from({ length: Math.floor(SPAN_MS / (minutes * MINUTE_MS)) }, (_, i) => i)
  return times.map((i) => {
    const startMs = i * minutes * MINUTE_MS
    return {
      client: 'claude-code',
      project: 'web',
      startMs,
      endMs: startMs + 30_000,
      servers: [server],
      calls: [{ atMs: startMs + 10_000, server, tool: 'use' }],
    }
  })
}

const what: Play = {
  packageRoot: fileURLToPath(new URL('../..', import.meta.url)),
  visits,
  fleet: [
    slow('github', 'github-mcp-server', START_MS, 20),
    slow('postgres', 'mcp-server-postgres', START_MS, 20),
  ],
  toolsOf: () => ['use'],
  spanMs: SPAN_MS,
  markMs: MARK_MS,
  progress: () => {},
}

const played = new Map<string, Played>()
beforeAll(async () => {
  builtCli()
  for (const way of WAYS.filter(({ settings }) => settings !== undefined))
    played.set(way.name, await play(what, way))
}, 300_000)

it.each(['static', 'learning'])('%s: the event store and status tell what happened', (name) => {
  verifies('PRE-2')
  const { count, store, day } = played.get(name)!
  const end = count.held.at(-1)!
  expect(count.opened).toHaveLength(visits.length)
  expect(store).toMatchObject({
    greeted: count.opened.length,
    cold: count.opened.filter(({ cold }) => cold).length,
    started: count.starts.length,
    calls: count.calls,
  })
  // The harness looks once a minute, the daemon too.
  expect(Math.abs(store!.processHours - end.processHours)).toBeLessThan(0.1 * end.processHours)
  expect(Math.abs(store!.serversMbH - end.serversMbH)).toBeLessThan(0.1 * end.serversMbH)
  expect(day!.shown).toMatchObject(day!.counted)
})

it('once it has learnt, fewer sessions find no process than without, for no more memory', () => {
  verifies('PRE-2')
  const after = (name: string) => {
    const { count } = played.get(name)!
    const [mark, end] = count.held as [(typeof count.held)[0], (typeof count.held)[0]]
    const fromMs = count.beganMs + MARK_MS
    return {
      cold: count.opened.filter(({ cold, atMs }) => cold && atMs >= fromMs).length,
      mbH: end.serversMbH - mark.serversMbH,
    }
  }
  const [without, learnt] = [after('static'), after('learning')]
  expect(learnt.cold).toBeLessThan(without.cold)
  // Of two servers the allowance is held on average only.
  expect(learnt.mbH).toBeLessThan(1.2 * without.mbH)
})
