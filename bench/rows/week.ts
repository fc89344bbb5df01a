import { median, quantile } from '../../src/core/bench/statistics.ts'
import type { Context } from '../context.ts'
import type { Headline, RowResult } from '../result.ts'
import type { Opened } from '../week/agent.ts'
import { FLEET } from '../week/fleet.ts'
import { type Play, type Played, play, staticWith, WAYS } from '../week/play.ts'
import { idleMsFor, memoryOf, replayWeek } from '../week/replay.ts'
import { DAY_MS, DAYS, LEARNING_DAYS, weekOf } from '../week/schedule.ts'
import { generatedTraffic, readTraffic, toolsIn } from '../week/traffic.ts'

const SEED = 20_261_127

/** A week of sessions in some minutes, each way, and static with as much memory as learning took: what agents waited for and what was held. */
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
  const all: Played[] = []
  for (const way of WAYS) all.push(await play(what, way))
  all.push(await play(what, staticWith(equalIdleMs(all, what))))
  return {
    headlines: all.flatMap((one) => headlinesOf(one)),
    details: [],
    notes: notesOf(all, what),
  }
}

function headlinesOf({ way, count }: Played): Headline[] {
  const [mark, end] = count.held as [(typeof count.held)[0], (typeof count.held)[0]]
  const judgedFromMs = count.beganMs + LEARNING_DAYS * DAY_MS
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
      line(`${days}: cold starts of ${opened.length} connections`, coldOf(opened), ''),
      line(`${days}: waited by agents`, waits.reduce((total, ms) => total + ms, 0) / 1_000, 's'),
      line(`${days}: longest wait but 5 %`, quantile(waits, 0.95), 'ms'),
      line(`${days}: processes started`, count.starts.filter(isIn).length, ''),
      line(`${days}: memory of servers`, sum('serversMbH'), 'MB h'),
      line(`${days}: memory of daemon and relays`, sum('otherMbH'), 'MB h'),
      line(`${days}: server processes`, sum('processHours'), 'h'),
    ]
  })
}

/** How long static has to keep what nobody has, to take as much memory as learning did: by a replay, and by how far the replay of static was off. */
function equalIdleMs(all: readonly Played[], { visits }: Play): number {
  const judgedMbH = (name: string): number => {
    const { held } = all.find(({ way }) => way.name === name)!.count
    const [mark, end] = held as [(typeof held)[0], (typeof held)[0]]
    return end.serversMbH + end.otherMbH - mark.serversMbH - mark.otherMbH
  }
  const ratio = judgedMbH('learning') / judgedMbH('static')
  return idleMsFor([visits], ratio * memoryOf(replayWeek(visits, 'static')))
}

function coldOf(opened: readonly Opened[]): number {
  return opened.filter(({ cold }) => cold).length
}

/** Of each server the median of what its cold connections of the direct way waited. */
function startsText([direct]: readonly Played[]): string {
  return FLEET.map(({ name }) => {
    const waits = direct!.count.opened.filter(({ server }) => server === name).map(({ waitedMs }) => waitedMs)
    return `${name} ${waits.length === 0 ? '–' : Math.round(median(waits))} ms`
  }).join(', ')
}

function notesOf(all: readonly Played[], what: Play): string[] {
  return [
    `${what.visits.length} sessions; a start takes ${startsText(all)}`,
    ...all.map(({ way, realMs }) => `${way.name}: the week took ${(realMs / 60_000).toFixed(1)} min`),
    ...all.flatMap(({ way, count, store, day }) => {
      if (store === undefined || day === undefined) return []
      const end = count.held.at(-1)!
      const cold = coldOf(count.opened)
      return [
        `${way.name}: harness and event store: connections ${count.opened.length}, ${store.greeted}; cold ${cold}, ${store.cold}; processes ${count.starts.length}, ${store.started}; calls ${count.calls}, ${store.calls}; process hours ${end.processHours.toFixed(1)}, ${store.processHours.toFixed(1)}; MB h ${end.serversMbH.toFixed(0)}, ${store.serversMbH.toFixed(0)}`,
        `${way.name}: last day, harness and status --show-optimization: connections ${day.counted.sessions}, ${day.shown.sessions}; warm ${day.counted.warm}, ${day.shown.warm}; started ahead ${day.shown.startedAhead}`,
      ]
    }),
  ]
}
