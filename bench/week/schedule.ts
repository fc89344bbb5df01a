import { seededRandom } from '../../src/core/bench/statistics.ts'
import type { Sequence, Step, Traffic } from './traffic.ts'

/** One session of an agent. Times are ms since the week began. */
export interface Visit {
  readonly client: string
  readonly project: string
  readonly startMs: number
  readonly endMs: number
  /** Started with the session, as agents do; empty: each when it is first called. */
  readonly servers: readonly string[]
  readonly calls: readonly (Step & { readonly atMs: number })[]
}

export const MINUTE_MS = 60_000
export const HOUR_MS = 60 * MINUTE_MS
export const DAY_MS = 24 * HOUR_MS
/** The week begins on a Wednesday: three working days to learn from, then the weekend, Monday and Tuesday. */
export const DAYS = 7
export const LEARNING_DAYS = 3
const WEEKEND = [3, 4]

/** What people work on, and the servers configured there. */
const PROJECTS: Readonly<Record<string, readonly string[]>> = {
  web: ['github', 'filesystem', 'memory', 'playwright'],
  data: ['filesystem', 'postgres', 'thinking', 'qdrant'],
  tools: ['github', 'memory', 'thinking', 'everything'],
}
const PEOPLES = Object.keys(PROJECTS)
/** What a machine works on by the clock. */
const BY_THE_CLOCK: Readonly<Record<string, readonly string[]>> = {
  triage: ['github', 'memory'],
  report: ['postgres', 'github'],
}

/** A week of one person with several agents, and of two agents that a machine starts by the clock. The same for the same seed and traffic. */
export function weekOf(seed: number, traffic: Traffic): readonly Visit[] {
  const random = seededRandom(seed)
  const visits: Visit[] = []
  for (let day = 0; day < DAYS; day++) {
    const sequences = new Deck(random, day < LEARNING_DAYS ? traffic.learned : traffic.judged)
    const at = (hour: number) => day * DAY_MS + hour * HOUR_MS
    const near = (hour: number) => at(hour) + (random() - 0.5) * 30 * MINUTE_MS
    const person = { random, sequences, favourite: pick(random, PEOPLES) }
    if (WEEKEND.includes(day)) {
      if (random() < 0.7) visits.push(...boutsOf(person, near(10 + 6 * random()), at(19), 1))
      continue
    }
    visits.push(...boutsOf(person, near(9), at(12.25)))
    visits.push(...boutsOf(person, near(13.25), at(17.75)))
    if (random() < 0.4) visits.push(...boutsOf(person, near(20.25), at(22), 1))
    visits.push(byTheClock('report', sequences, at(8.5), random))
    for (let hour = 8; hour <= 19; hour++) visits.push(byTheClock('triage', sequences, at(hour), random))
  }
  return visits.filter(({ calls }) => calls.length > 0).sort((a, b) => a.startMs - b.startMs)
}

interface Person {
  readonly random: () => number
  readonly sequences: Deck
  readonly favourite: string
}

/** Bouts of work on one project each: two to four sessions with pauses, some of them long; beside a third of them a sub-agent that starts servers as it needs them. */
function boutsOf(person: Person, fromMs: number, untilMs: number, most = 99): Visit[] {
  const { random, sequences, favourite } = person
  const visits: Visit[] = []
  let atMs = fromMs
  for (let bout = 0; bout < most && atMs < untilMs; bout++) {
    const project = random() < 0.6 ? favourite : pick(random, PEOPLES)
    const sessions = 2 + Math.floor(random() * 3)
    for (let i = 0; i < sessions && atMs < untilMs; i++) {
      const visit = visitOf('claude-code', project, PROJECTS[project]!, sequences, atMs, random)
      visits.push(visit)
      if (random() < 0.33)
        visits.push({
          ...visitOf('gemini-cli', project, PROJECTS[project]!, sequences, atMs + 3 * MINUTE_MS, random),
          servers: [],
        })
      atMs = visit.endMs + lognormal(random, 15 * MINUTE_MS, 1.1, 90 * MINUTE_MS)
    }
  }
  return visits
}

function byTheClock(project: string, sequences: Deck, startMs: number, random: () => number): Visit {
  return visitOf('gemini-cli', project, BY_THE_CLOCK[project]!, sequences, startMs, random, 10_000, 20_000)
}

/** A session with the calls of one or two recorded ones; `pauseMs` is the median time between calls. */
function visitOf(
  client: string,
  project: string,
  servers: readonly string[],
  sequences: Deck,
  startMs: number,
  random: () => number,
  pauseMs = 45_000,
  lastMs = 3 * MINUTE_MS,
): Visit {
  let atMs = startMs + lognormal(random, pauseMs, 0.8, 10 * MINUTE_MS)
  const calls = sequences.next(servers).map((step) => {
    const call = { ...step, atMs: Math.round(atMs) }
    atMs += lognormal(random, pauseMs, 1.1, 10 * MINUTE_MS)
    return call
  })
  return {
    client,
    project,
    startMs: Math.round(startMs),
    endMs: Math.round(atMs + random() * lastMs),
    servers,
    calls,
  }
}

/** Recorded sessions, each dealt once until none is left for some servers. */
class Deck {
  readonly #random: () => number
  readonly #all: readonly Sequence[]
  readonly #dealt = new Set<Sequence>()

  constructor(random: () => number, all: readonly Sequence[]) {
    this.#random = random
    this.#all = all
  }

  /** The calls of one that goes to these servers at least half of the time; those to others are left out. */
  next(servers: readonly string[]): readonly Step[] {
    const own = (steps: Sequence) => steps.filter(({ server }) => servers.includes(server))
    const fits = this.#all.filter((steps) => own(steps).length * 2 >= steps.length && steps.length > 0)
    if (fits.length === 0) return []
    const fresh = fits.filter((steps) => !this.#dealt.has(steps))
    const one = pick(this.#random, fresh.length > 0 ? fresh : fits)
    this.#dealt.add(one)
    return own(one)
  }
}

function pick<T>(random: () => number, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)]!
}

/** Lognormal with this median; `spread` is the deviation of its logarithm. */
function lognormal(random: () => number, median: number, spread: number, most: number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  return Math.min(most, median * Math.exp(spread * normal))
}
