import { Agent, type Opened } from './agent.ts'
import { callOf, type FleetServer } from './fleet.ts'
import type { Held, Meter, Start } from './meter.ts'
import type { Visit } from './schedule.ts'
import type { SimClock } from './sim-clock.ts'
import type { StartLog } from './start-log.ts'
import type { World } from './worlds.ts'

/** What the harness counted, itself. Times by the simulated clock, waits in real milliseconds. */
export interface WeekCount {
  /** When it began, by the simulated clock. */
  readonly beganMs: number
  readonly opened: readonly Opened[]
  /** One for each session that starts its servers at once: the wait until all had told their tools; and one for each later call that waited. */
  readonly waits: readonly { readonly atMs: number; readonly waitedMs: number }[]
  readonly calls: number
  readonly starts: readonly Start[]
  /** Sums up to each of the times that were asked for, and to the end. */
  readonly held: readonly Held[]
}

/** Something to do at a time. */
interface Deed {
  readonly atMs: number
  run(): Promise<void>
}

/** What is run, and where. */
export interface WeekRun {
  readonly visits: readonly Visit[]
  readonly fleet: readonly FleetServer[]
  readonly world: World
  readonly clock: SimClock
  readonly meter: Meter
  readonly starts: StartLog
  /** When the week begins, by the clock. */
  readonly beginMs: number
  readonly endMs: number
  /** Done by the clock, as jobs are. */
  readonly jobs: readonly { readonly atMs: number; run(): void }[]
  /** Where sums are wanted. */
  readonly marks: readonly number[]
  progress(text: string): void
}

/** Plays a week: one deed after the other, time passing in between. */
export async function runWeek(week: WeekRun): Promise<WeekCount> {
  const { visits, fleet, world, clock, meter, beginMs } = week
  const agents = new Set<Agent>()
  const opened: Opened[] = []
  const waits: { atMs: number; waitedMs: number }[] = []
  const held: Held[] = []
  let calls = 0
  const deedsOf = (visit: Visit): Deed[] => {
    const agent = new Agent(
      (server) => world.command(visit.client, visit.project, server),
      () => clock.now(),
      (server) => week.starts.countOf(server),
    )
    const waited = async (wait: Promise<number>) => {
      const atMs = clock.now()
      waits.push({ atMs, waitedMs: await wait })
    }
    return [
      {
        atMs: visit.startMs,
        run: async () => {
          agents.add(agent)
          if (visit.servers.length > 0) await waited(agent.open(visit.servers))
        },
      },
      ...visit.calls.map(({ atMs, server, tool }) => ({
        atMs,
        run: async () => {
          const call = callOf(fleet.find(({ name }) => name === server)!, tool)
          calls++
          await waited(agent.call(server, call.tool, call.args))
        },
      })),
      {
        atMs: visit.endMs,
        run: async () => {
          await agent.close()
          agents.delete(agent)
          opened.push(...agent.opened)
        },
      },
    ]
  }
  const deeds: Deed[] = [
    ...visits.flatMap(deedsOf),
    ...week.jobs.map(({ atMs, run }) => ({ atMs, run: async () => run() })),
    ...week.marks.map((atMs) => ({ atMs, run: async () => void held.push(meter.held) })),
  ].sort((a, b) => a.atMs - b.atMs)
  const others = () => [
    ...world.others(),
    ...(world.hasRelays ? [...agents].flatMap(({ pids }) => pids) : []),
  ]
  meter.standing(others)
  const passUntil = async (untilMs: number) => {
    for (let leftMs = untilMs - clock.now(); leftMs >= 1; leftMs = untilMs - clock.now()) {
      const connections = [...agents].reduce((sum, agent) => sum + agent.connections, 0)
      await world.pass(Math.min(Math.round(leftMs), world.lookMs), connections)
      meter.look(clock.now())
    }
  }
  meter.look(clock.now())
  for (const [i, deed] of deeds.entries()) {
    if (i % 25 === 0) week.progress(`${i} of ${deeds.length}`)
    await passUntil(beginMs + deed.atMs)
    await deed.run()
    meter.look(clock.now())
  }
  await passUntil(beginMs + week.endMs)
  return { beganMs: beginMs, opened, waits, calls, starts: meter.starts, held: [...held, meter.held] }
}
