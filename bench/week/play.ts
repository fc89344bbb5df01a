import { join } from 'node:path'
import { createSandbox, removeSandbox, type Sandbox } from '../../src/core/bench/sandbox.ts'
import { type FleetServer, installFleet, startLog } from './fleet.ts'
import { Meter } from './meter.ts'
import { runWeek, type WeekCount } from './run.ts'
import { DAY_MS, HOUR_MS, type Visit } from './schedule.ts'
import { SimClock } from './sim-clock.ts'
import { StartLog } from './start-log.ts'
import { type DayShown, dayShown, type StoreCount, storeCount } from './store.ts'
import { directWorld, myceliumWorld } from './worlds.ts'

/** What is played, and for how long. */
export interface Play {
  readonly packageRoot: string
  readonly visits: readonly Visit[]
  readonly fleet: readonly FleetServer[]
  readonly toolsOf: (server: string) => readonly string[]
  readonly spanMs: number
  /** Sums are also wanted up to here. */
  readonly markMs: number
  progress(text: string): void
}

/** How servers are put under agents. Undefined settings: not at all. */
export interface Way {
  readonly name: string
  readonly settings?: readonly string[]
  /** Whether the nightly jobs run. */
  readonly learns: boolean
}

/** Everything off, mycelium as it comes, and with all that learns. */
export const WAYS: readonly Way[] = [
  { name: 'direct', learns: false },
  { name: 'static', settings: ['events.sample_interval=1m'], learns: false },
  {
    name: 'learning',
    settings: ['events.sample_interval=1m', 'prewarm.enabled=true', 'envelope.enabled=true'],
    learns: true,
  },
]

/** What came of it: as the harness counted, and as mycelium has it on record. */
export interface Played {
  readonly way: Way
  readonly count: WeekCount
  readonly realMs: number
  readonly store?: StoreCount
  readonly day?: { readonly shown: DayShown; readonly counted: Omit<DayShown, 'startedAhead'> }
}

/** Static settings, but for how long a process that nobody has is kept. */
export function staticWith(idleMs: number): Way {
  const settings = [
    ...WAYS.find(({ name }) => name === 'static')!.settings!,
    `limits.idle_ms=${Math.round(idleMs)}`,
  ]
  return { name: 'static, equal memory', settings, learns: false }
}

/** As `mycelium jobs` would, every night. */
const NIGHTLY = ['prewarm-train', 'envelope-tune']
const NIGHT_HOUR = 4

/** Plays it one way, in a home of its own. */
export async function play(what: Play, way: Way): Promise<Played> {
  const sandbox = createSandbox(process.env.PATH ?? '')
  try {
    return await playIn(sandbox, what, way)
  } finally {
    removeSandbox(sandbox)
  }
}

async function playIn(sandbox: Sandbox, what: Play, way: Way): Promise<Played> {
  const began = performance.now()
  const { packageRoot, visits, fleet, spanMs } = what
  const servers = installFleet(packageRoot, sandbox, fleet, what.toolsOf)
  // The week ends now, so that commands, which have the machine's clock, find it in the past.
  const clock = new SimClock(join(sandbox.root, 'clock'), -spanMs)
  const mycelium = way.settings && myceliumWorld(packageRoot, sandbox, servers, clock, way.settings)
  const world = mycelium ?? directWorld(sandbox, servers, clock)
  const nights = Array.from({ length: Math.floor(spanMs / DAY_MS) }, (_, day) => day).slice(1)
  const jobs =
    way.learns && mycelium
      ? nights.map((day) => ({
          atMs: day * DAY_MS + NIGHT_HOUR * HOUR_MS,
          run: () => {
            for (const job of NIGHTLY) mycelium.run(['jobs', 'run', job])
          },
        }))
      : []
  const starts = new StartLog(startLog(sandbox))
  const count = await runWeek({
    visits,
    fleet,
    world,
    clock,
    meter: new Meter(starts),
    starts,
    beginMs: clock.now(),
    endMs: spanMs,
    jobs,
    marks: [what.markMs],
    progress: (text) => what.progress(`${way.name} ${text}`),
  })
  const realMs = performance.now() - began
  if (mycelium === undefined) return { way, count, realMs }
  mycelium.run(['daemon', 'stop'])
  const sinceMs = Date.now() - DAY_MS
  const shown = dayShown(mycelium.run)
  const day = count.opened.filter(({ atMs }) => atMs >= sinceMs)
  const warm = day.filter(({ cold }) => !cold).length
  return {
    way,
    count,
    realMs,
    store: storeCount(mycelium.run),
    day: { shown, counted: { sessions: day.length, warm } },
  }
}
