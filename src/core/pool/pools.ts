import { MyceliumError } from '../errors.ts'
import { AheadProcesses } from './ahead.ts'
import { hasFree } from './choose.ts'
import { type Asked, Discovery } from './discovery.ts'
import { type Greetings, greetingsFor, type Profile, poolKey, processKey } from './key.ts'
import { Pool } from './pool.ts'
import type { UpstreamProcess } from './spawn.ts'
import type { PoolServices } from './supply.ts'

/** Greeted pools kept after their last session for the sake of their cached greeting. */
const MAX_COLD_POOLS = 256

/** What the pools need of the daemon. */
export interface PoolsServices extends Omit<PoolServices, 'start' | 'wasAsked'> {
  spawn(profile: Profile): Promise<UpstreamProcess>
}

/** All pools of the daemon, and the processes started ahead for pools that are not known yet. */
export class Pools {
  readonly #services: PoolsServices
  readonly #pools = new Map<string, Pool>()
  /** The process key of each pool. */
  readonly #bases = new WeakMap<Pool, string>()
  readonly #ahead: AheadProcesses
  readonly #discovery: Discovery
  readonly #paused = new Set<string>()

  constructor(services: PoolsServices) {
    this.#services = services
    this.#ahead = new AheadProcesses(services)
    this.#discovery = new Discovery({
      clock: services.clock,
      log: services.log,
      ahead: this.#ahead,
      mayStart: (profile) => this.#refuseIfPausedOrFull(profile),
      mustNotStart: (base, { spareable }) =>
        !spareable && this.#greeted(base).some((pool) => pool.alive + pool.starting > 0),
      isServed: (base) => this.#greeted(base).some(({ lists, sharing }) => hasFree(lists, sharing)),
      hasRefused: (base) => this.#greeted(base).some(({ crashes }) => crashes.refused),
    })
  }

  /** The pool for a session that greets like this; without params, one whose processes are not greeted. */
  poolFor(profile: Profile, initializeParamsText: string | undefined): Pool {
    const greetings =
      initializeParamsText === undefined ? undefined : greetingsFor(profile, initializeParamsText)
    const base = processKey(profile)
    const key = greetings === undefined ? `${base}-bare` : poolKey(base, greetings)
    const known = this.#pools.get(key)
    const otherWords = known?.greetings?.paramsText !== greetings?.paramsText
    // What a server refused need not be what the next agent says, even where both agree on all that the key holds.
    if (known !== undefined && !(otherWords && known.crashes.refused && known.members.size === 0)) {
      // Most recently used last: the order in which cold pools are dropped.
      this.#pools.delete(key)
      this.#pools.set(key, known)
      return known
    }
    const pool = this.#create(key, base, ownedIfBare(profile, greetings), greetings)
    if (this.#paused.has(profile.server)) pool.pause()
    this.#dropCold()
    return pool
  }

  /** Starts a process of the profile that is not greeted yet, unless one waits already. */
  async startAhead(profile: Profile): Promise<void> {
    await this.#ahead.start(processKey(profile), profile)
  }

  /** Asks the server of the profile whether it is a modern one, with these params of `server/discover`. */
  discover(profile: Profile, paramsText: string): Asked {
    return this.#discovery.ask(profile, paramsText)
  }

  all(): readonly Pool[] {
    return [...this.#pools.values()]
  }

  of(server: string): readonly Pool[] {
    return this.all().filter((pool) => pool.profile.server === server)
  }

  /** Processes alive in all pools, those started ahead included. */
  get processes(): number {
    return this.all().reduce((sum, pool) => sum + pool.alive, this.#ahead.size)
  }

  aheadOf(server: string): number {
    return this.#ahead.of(server)
  }

  isPaused(server: string): boolean {
    return this.#paused.has(server)
  }

  pause(server: string): void {
    this.#paused.add(server)
    for (const pool of this.of(server)) pool.pause()
  }

  resume(server: string): void {
    this.#paused.delete(server)
    for (const pool of this.of(server)) pool.resume()
  }

  /** Processes finish their calls and end; the next call starts a new one. */
  drain(server: string): void {
    this.#discovery.forget(server)
    for (const pool of this.of(server)) pool.drain('drained on request')
  }

  /** As drain, and new processes are started at once for the sessions that are attached. */
  restart(server: string): void {
    this.#discovery.forget(server)
    for (const pool of this.of(server)) pool.restart()
  }

  /** Ends processes started ahead that nobody took in time. */
  endStaleAhead(maxAgeMs: number): void {
    this.#ahead.endStale(maxAgeMs)
    this.#ahead.endUnneeded((server) =>
      this.of(server).some(
        ({ sharing, lists }) => sharing !== 'owned' && lists.count('spare', 'idle', 'busy') > 0,
      ),
    )
  }

  /** Ends everything; no pool takes work after it. */
  close(why: string): void {
    for (const pool of this.#pools.values()) pool.close(why)
    this.#pools.clear()
    this.endStaleAhead(-1)
  }

  #create(key: string, base: string, profile: Profile, greetings: Greetings | undefined): Pool {
    const { clock, log, limits, end } = this.#services
    const start = async (wanted: Profile): Promise<UpstreamProcess> => {
      const ahead = await this.#ahead.take(base, greetings !== undefined)
      if (ahead !== undefined) return ahead
      this.#refuseIfFull(wanted)
      return this.#services.spawn(wanted)
    }
    const wasAsked = (process: UpstreamProcess): boolean => this.#discovery.hasAsked(process)
    const pool = new Pool(key, profile, greetings, { clock, log, limits, end, start, wasAsked })
    this.#pools.set(key, pool)
    this.#bases.set(pool, base)
    return pool
  }

  /** The pools of a process whose agents said `initialize`. */
  #greeted(base: string): readonly Pool[] {
    return this.all().filter((pool) => pool.greetings !== undefined && this.#bases.get(pool) === base)
  }

  #refuseIfPausedOrFull(profile: Profile): void {
    const { name, server } = profile
    if (this.isPaused(server)) {
      const hint = `mycelium server resume ${server}`
      throw new MyceliumError('server_paused', `${name}: paused`, { hint })
    }
    this.#refuseIfFull(profile)
  }

  #refuseIfFull({ name }: Profile): void {
    if (this.processes >= this.#services.limits.processes)
      throw new MyceliumError('pool_busy', `${name}: ${this.processes} server processes run already`)
  }

  #dropCold(): void {
    let excess = this.#pools.size - MAX_COLD_POOLS
    for (const [key, pool] of this.#pools) {
      if (excess <= 0) return
      if (pool.members.size > 0 || pool.alive > 0) continue
      this.#pools.delete(key)
      excess -= 1
    }
  }
}

/** Why the sessions of such an agent share no process, as `server list` says it. */
const UNGREETED = 'its agent says no initialize, as modern ones do: a process for each session'

/** Without a greeting nobody knows what the server may ask back: each session has its own process. */
function ownedIfBare(profile: Profile, greetings: Greetings | undefined): Profile {
  return greetings === undefined ? { ...profile, mode: 'session', why: UNGREETED } : profile
}
