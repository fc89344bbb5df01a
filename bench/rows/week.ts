import { join } from 'node:path'
import { createSandbox, removeSandbox } from '../../src/core/bench/sandbox.ts'
import { median, quantile } from '../../src/core/bench/statistics.ts'
import type { Context } from '../context.ts'
import type { Headline, RowResult } from '../result.ts'
import { Agent } from '../week/agent.ts'
import { FLEET, installFleet } from '../week/fleet.ts'
import { coldOf, type Play, type Played, play, WAYS } from '../week/play.ts'
import { DAY_MS, DAYS, LEARNING_DAYS, weekOf } from '../week/schedule.ts'
import { SimClock } from '../week/sim-clock.ts'
import { generatedTraffic, readTraffic, toolsIn } from '../week/traffic.ts'
import { directWorld } from '../week/worlds.ts'

const SEED = 20_261_127
const STARTS = 3

/** A week of sessions in some minutes, three ways: what agents waited for and what was held. */
export async function week(context: Context): Promise<RowResult> {
  const names = FLEET.map(({ name }) => name)
  const traffic =
    context.weekData === undefined ? generatedTraffic(SEED, names) : readTraffic(context.weekData, names)
  const tools = toolsIn(traffic)
  const what: Play = {
    packageRoot: context.packageRoot,
    visits: weekOf(SEED, traffic),
    fleet: FLEET,
    toolsOf: (server) => tools.get(server) ?? [],
    spanMs: DAYS * DAY_MS,
    markMs: LEARNING_DAYS * DAY_MS,
    progress: (text) => context.progress(`week ${text}`),
  }
  const startMs = await measuredStarts(what)
  const all: Played[] = []
  for (const way of WAYS) all.push(await play(what, way, startMs))
  return {
    headlines: all.flatMap((one) => headlinesOf(one, startMs)),
    details: [],
    notes: notesOf(all, what, startMs),
  }
}

/** How long each server takes from the start of its command to its tools, directly: the median of some. */
async function measuredStarts(what: Play): Promise<ReadonlyMap<string, number>> {
  const sandbox = createSandbox(process.env.PATH ?? '')
  try {
    const servers = installFleet(what.packageRoot, sandbox, what.fleet, what.toolsOf)
    const world = directWorld(sandbox, servers, new SimClock(join(sandbox.root, 'clock'), 0))
    const took = new Map<string, number>()
    for (const { name } of servers) {
      const some: number[] = []
      for (let i = 0; i < STARTS; i++) {
        const agent = new Agent((server) => world.command('', 'web', server), Date.now)
        some.push(await agent.open([name]))
        await agent.close()
      }
      took.set(name, median(some))
    }
    return took
  } finally {
    removeSandbox(sandbox)
  }
}

function headlinesOf({ way, count }: Played, startMs: ReadonlyMap<string, number>): Headline[] {
  const [mark, end] = count.held as [(typeof count.held)[0], (typeof count.held)[0]]
  const weekBeganMs = Math.min(...count.opened.map(({ atMs }) => atMs))
  const judgedFromMs = Math.floor(weekBeganMs) + LEARNING_DAYS * DAY_MS - 8 * 3_600_000
  const line = (what: string, value: number, unit: Headline['unit']): Headline => ({
    what,
    contender: way.name,
    value,
    unit,
  })
  return [true, false].flatMap((isJudged) => {
    const days = isJudged ? `days ${LEARNING_DAYS + 1}–${DAYS}` : `days 1–${LEARNING_DAYS}`
    const isIn = ({ atMs }: { atMs: number }) => atMs >= judgedFromMs === isJudged
    const waits = count.waits.filter(isIn).map(({ waitedMs }) => waitedMs)
    const opened = count.opened.filter(isIn)
    const sum = (key: keyof typeof end) => (isJudged ? end[key] - mark[key] : mark[key])
    return [
      line(`${days}: cold starts of ${opened.length} connections`, coldOf(opened, startMs).length, ''),
      line(`${days}: waited by agents`, waits.reduce((total, ms) => total + ms, 0) / 1_000, 's'),
      line(`${days}: longest wait but 5 %`, quantile(waits, 0.95), 'ms'),
      line(`${days}: processes started`, count.starts.filter(isIn).length, ''),
      line(`${days}: memory of servers`, sum('serversMbH'), 'MB h'),
      line(`${days}: memory of daemon and relays`, sum('otherMbH'), 'MB h'),
      line(`${days}: server processes`, sum('processHours'), 'h'),
    ]
  })
}

function notesOf(all: readonly Played[], what: Play, startMs: ReadonlyMap<string, number>): string[] {
  const starts = [...startMs].map(([server, ms]) => `${server} ${Math.round(ms)} ms`).join(', ')
  return [
    `${what.visits.length} sessions; a start takes ${starts}`,
    ...all.map(({ way, realMs }) => `${way.name}: the week took ${(realMs / 60_000).toFixed(1)} min`),
    ...all.flatMap(({ way, count, store, day }) => {
      if (store === undefined || day === undefined) return []
      const end = count.held.at(-1)!
      const cold = coldOf(count.opened, startMs).length
      return [
        `${way.name}: harness and event store: connections ${count.opened.length}, ${store.greeted}; cold ${cold}, ${store.cold}; processes ${count.starts.length}, ${store.started}; calls ${count.calls}, ${store.calls}; process hours ${end.processHours.toFixed(1)}, ${store.processHours.toFixed(1)}; MB h ${end.serversMbH.toFixed(0)}, ${store.serversMbH.toFixed(0)}`,
        `${way.name}: last day, harness and status --show-optimization: connections ${day.counted.sessions}, ${day.shown.sessions}; warm ${day.counted.warm}, ${day.shown.warm}; started ahead ${day.shown.startedAhead}`,
      ]
    }),
  ]
}
