import { expect, it } from 'vitest'
import { idleMsFor, memoryOf, replayWeek } from '../../bench/week/replay.ts'
import { DAY_MS, HOUR_MS, type Visit, weekOf } from '../../bench/week/schedule.ts'
import { generatedTraffic } from '../../bench/week/traffic.ts'
import { verifies } from '../requirements.ts'

const SERVERS = [
  'github',
  'filesystem',
  'postgres',
  'memory',
  'playwright',
  'thinking',
  'qdrant',
  'everything',
]
const visits = weekOf(1, generatedTraffic(1, SERVERS))
const MINUTE_MS = 60_000

/** On the fifth day, a session that holds a server for so long, twice. */
const twice = (server: string, apartMs: number, holdsMs: number): readonly Visit[] =>
  [0, apartMs].map((lateMs) => {
    const startMs = 4 * DAY_MS + 9 * HOUR_MS + lateMs
    return { client: 'c', project: 'p', startMs, endMs: startMs + holdsMs, servers: [server], calls: [] }
  })

it('a replayed week counts what each way holds and waits for', () => {
  verifies('PRE-2')
  const two = twice('github', 15 * MINUTE_MS, 6 * MINUTE_MS)
  expect(replayWeek(two, 'direct')).toMatchObject({ connections: 2, cold: 2, waitedMs: 1_800, daemonMbH: 0 })
  expect(replayWeek(two, 'direct').serversMbH).toBeCloseTo((12 / 60) * 55, 6)
  // The second comes nine minutes after the first has left: its process is there still, and ten minutes after the second.
  expect(replayWeek(two, 'static')).toMatchObject({ cold: 1, waitedMs: 900 })
  expect(replayWeek(two, 'static').serversMbH).toBeCloseTo((31 / 60) * 55, 0)
  expect(replayWeek(two, 'static', 8 * MINUTE_MS).cold).toBe(2)
})

it('a server whose sessions share nothing takes no more than direct and one process around the coming and going of sessions', () => {
  verifies('POOL-1')
  for (const holdsMs of [MINUTE_MS, 20 * MINUTE_MS]) {
    const two = twice('playwright', 8 * HOUR_MS, holdsMs)
    const more = replayWeek(two, 'static').serversMbH - replayWeek(two, 'direct').serversMbH
    // Three minutes after each of two comings and two goings, a tick longer at most.
    expect(more).toBeLessThanOrEqual((4 * 3.2 * 135) / 60)
  }
})

it('as much memory as asked for is found by an idle time', () => {
  const asked = 1.2 * memoryOf(replayWeek(visits, 'static'))
  const found = memoryOf(replayWeek(visits, 'static', idleMsFor([visits], asked)))
  expect(Math.abs(found / asked - 1)).toBeLessThan(0.02)
})
