import { availableParallelism } from 'node:os'
import type { Clock } from '../clock.ts'
import type { Settings } from '../config/live-settings.ts'
import type { Paths } from '../config/paths.ts'
import type { ServerDef } from '../config/registry.ts'
import type { EventOf, Kind } from '../events/event.ts'
import type { Log } from '../log.ts'
import { advise } from '../policy/advice/advise.ts'
import { PRICE_WITHOUT_DEMAND, type Prices } from '../policy/advice/worth.ts'
import { hindranceOf, roomMb, warmAdvised } from '../policy/advised.ts'
import type { ServerCosts } from '../policy/idle/keeper.ts'
import type { Foreseen } from '../policy/markov/ahead.ts'
import type { Limits } from '../pool/limits.ts'
import type { Pool } from '../pool/pool.ts'
import type { Pools } from '../pool/pools.ts'
import { type Course, Courses } from './courses.ts'
import { Foreseer } from './foreseer.ts'
import { type Cause, Guesses } from './guesses.ts'
import type { Hello } from './hello.ts'
import type { KnownServers } from './known-servers.ts'

/** What foreseeing needs of the daemon. */
export interface AdvisorServices {
  readonly paths: Paths
  readonly whyNoRoom: (server: string) => string | undefined
  readonly clock: Clock
  readonly log: Log
  readonly limits: Limits
  readonly settings: Settings
  readonly pools: Pools
  readonly servers: KnownServers
  /** What was learnt of costs, and the price of keep-alive. */
  readonly keepWarm: { costsOf(server: string): ServerCosts; readonly price: number }
  readonly tell: (event: EventOf<'guess'>) => void
}

/** Longest that a server is held for a guess; pairs with SOON_MS in policy/markov/ahead.ts. */
const HOLD_MS = 5 * 60_000
/** A course is looked at so often at most: what follows a burst of calls follows from its last. */
const APART_MS = 200
/** Servers that are held for guesses at the same time. */
const MAX_HELD = 4
const MAX_PENDING = 4_096
/** Of a text, from either end; pairs with hook/say.ts. */
const MAX_TEXT_CHARS = 4_096

/**
 * Follows what agents do and has the servers started that they are likely to use next, where that is worth it and `prewarm.enabled`. Calls only add to a
 * list here; all else is done in turns of its own, and the model is another process's.
 */
export class Advisor {
  readonly #services: AdvisorServices
  readonly #courses: Courses
  readonly #foreseer: Foreseer
  readonly #guesses: Guesses
  #pending: EventOf<'call'>[] = []
  readonly #askedAtMs = new WeakMap<Course, number>()
  readonly #scheduled = new WeakSet<Course>()

  constructor(services: AdvisorServices) {
    this.#services = services
    this.#courses = new Courses(services.clock)
    this.#foreseer = new Foreseer(services)
    this.#guesses = new Guesses(services)
  }

  /** A connection of an agent begins. `session` as in its events. */
  joined(session: string, hello: Hello, def: ServerDef): void {
    this.#courses.joined(session, hello, def)
  }

  attached(session: string, pool: Pool): void {
    this.#courses.attached(session, pool)
  }

  left(session: string): void {
    this.#courses.left(session)
  }

  /** Told of every event; see RecordingServices.also. */
  note<K extends Kind>(kind: K, event: EventOf<K>): void {
    if (kind !== 'call' || !this.#isOn) return
    const call = event as EventOf<'call'>
    if (call.method !== 'tools/call' || this.#pending.length >= MAX_PENDING) return
    if (this.#pending.push(call) === 1) setImmediate(() => this.#take())
  }

  /** What was written in a client's session just now: used for one look ahead, and kept nowhere. */
  heard({ client, clientSession, project, text }: Readonly<Record<string, unknown>>): null {
    const said = [client, clientSession, project, text]
    if (!this.#isOn || !said.every((one) => typeof one === 'string')) return null
    const [by, id, where, words] = said as [string, string, string, string]
    const course = this.#courses.of(by, id, where)
    if (course !== undefined) void this.#look(course, words.slice(0, MAX_TEXT_CHARS))
    return null
  }

  /** Called in each tick. */
  look(): void {
    this.#courses.look()
    this.#guesses.look()
    if (this.#isOn) this.#foreseer.look()
    else this.#foreseer.close()
  }

  close(): void {
    this.#foreseer.close()
  }

  get #isOn(): boolean {
    return this.#services.settings.get('prewarm.enabled')
  }

  #take(): void {
    const calls = this.#pending
    this.#pending = []
    const moved = new Set<Course>()
    for (const { session, server, tool, at } of calls) {
      const course = this.#courses.called(session, server, tool)
      if (course === undefined) continue
      this.#guesses.used(course, server, at)
      moved.add(course)
    }
    for (const course of moved) this.#consider(course)
  }

  /** Looks ahead soon: at once, or a little after the last time. */
  #consider(course: Course): void {
    if (this.#scheduled.has(course)) return
    const { clock } = this.#services
    const waitMs = APART_MS - (clock.now() - (this.#askedAtMs.get(course) ?? Number.NEGATIVE_INFINITY))
    this.#scheduled.add(course)
    const go = () => {
      this.#scheduled.delete(course)
      void this.#look(course)
    }
    if (waitMs <= 0) setImmediate(go)
    else clock.after(waitMs, go)
  }

  async #look(course: Course, text?: string): Promise<void> {
    const { clock, log } = this.#services
    try {
      // Where everything is warm, nobody needs to know what comes.
      if (this.#coldPools(course).length === 0) return
      this.#askedAtMs.set(course, clock.now())
      const calls = [...course.calls]
      const answer = await this.#foreseer.ask(calls, text)
      if (answer === undefined || !answer.verdict.use || !this.#isOn) return
      this.#act(course, answer.servers, text === undefined ? 'call' : 'text')
    } catch (error) {
      // Never the text: what is told is where in our code.
      log.event('bug', {
        what: error instanceof Error ? (error.stack ?? '').split('\n').slice(1).join(' ') : '',
      })
    }
  }

  #coldPools(course: Course): readonly Pool[] {
    const { pools, servers } = this.#services
    return this.#courses.coldPools(course, pools, new Map(servers.all().map((def) => [def.id, def])))
  }

  #act(course: Course, foreseen: readonly Foreseen[], cause: Cause): void {
    const { pools, limits, servers, keepWarm } = this.#services
    const cold = new Map(
      this.#coldPools(course)
        .filter((pool) => !this.#guesses.isOpen(pool, course))
        .map((pool) => [pool.profile.server, pool]),
    )
    const chances = new Map<string, number>()
    for (const { id, name } of servers.all()) {
      const seen = foreseen.filter(({ server }) => server === id || server === name)
      if (cold.has(id) && seen.length > 0) chances.set(id, Math.max(...seen.map(({ atLeast }) => atLeast)))
    }
    const candidates = [...chances].map(([server, chance]) => {
      const pool = cold.get(server)!
      return {
        server,
        pool: pool.key,
        chance,
        hindrance: hindranceOf(pool, pools),
        ...keepWarm.costsOf(server),
      }
    })
    const prices = this.#prices
    const { held, standing } = this.#guesses
    const snapshot = { candidates, prices, roomMb: roomMb(limits) - held.mb, places: MAX_HELD - held.servers }
    for (const intent of advise(snapshot)) {
      const pool = cold.get(intent.candidate.server)!
      const dry = intent.kind === 'warm' && standing.paused !== ''
      const refusal = dry
        ? standing.paused
        : intent.kind === 'hold'
          ? intent.because
          : warmAdvised(pool, prices.holdMs, this.#services, () => this.#guesses.failed(pool))
      this.#guesses.begin({ course, pool, intent, cause, refusal, dry }, prices.holdMs)
    }
  }

  get #prices(): Prices {
    const { keepWarm, limits } = this.#services
    const { price } = keepWarm
    return {
      msPerMbMinute: Number.isFinite(price) && price > 0 ? price : PRICE_WITHOUT_DEMAND,
      processors: availableParallelism(),
      holdMs: Math.min(HOLD_MS, limits.idleMs),
    }
  }
}
