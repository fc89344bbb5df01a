import { MyceliumError } from '../errors.ts'
import { type Greetings, greetingsFor, type Profile, poolKey, processKey } from './key.ts'
import { Pool } from './pool.ts'
import type { UpstreamProcess } from './spawn.ts'
import type { PoolServices } from './supply.ts'

/** Greeted pools kept after their last session for the sake of their cached greeting. */
const MAX_COLD_POOLS = 256

/** What the pools need of the daemon. */
export interface PoolsServices extends Omit<PoolServices, 'start'> {
  spawn(profile: Profile): Promise<UpstreamProcess>
}

/** A process started before anybody said how it will be greeted. */
interface Ahead {
  readonly process: UpstreamProcess
  readonly profile: Profile
  readonly sinceMs: number
  /** A pool has it, and will tell of its end. */
  taken: boolean
}

/** All pools of the daemon, and the processes started ahead for pools that are not known yet. */
export class Pools {
  readonly #services: PoolsServices
  readonly #pools = new Map<string, Pool>()
  readonly #ahead = new Map<string, Ahead>()
  readonly #paused = new Set<string>()

  constructor(services: PoolsServices) {
    this.#services = services
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
    const base = processKey(profile)
    if (this.#ahead.has(base)) return
    const process = await this.#services.spawn(profile)
    const row: Ahead = { process, profile, sinceMs: this.#services.clock.now(), taken: false }
    this.#ahead.set(base, row)
    void process.exited.then(({ code, signal }) => {
      if (this.#ahead.get(base) === row) this.#ahead.delete(base)
      if (row.taken) return
      const how = signal === null ? `code ${code}` : `signal ${signal}`
      const { pid } = process
      this.#services.log.event('upstream-exited', {
        server: profile.server,
        pid,
        how,
        state: 'started',
        calls: 0,
      })
    })
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
    return [...this.#ahead.values()].filter((row) => row.profile.server === server).length
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

  /** Ends processes started ahead that nobody took in time. */
  endStaleAhead(maxAgeMs: number): void {
    const now = this.#services.clock.now()
    for (const [base, row] of this.#ahead) {
      if (now - row.sinceMs <= maxAgeMs) continue
      this.#ahead.delete(base)
      this.#services.log.event('upstream-stopping', {
        server: row.profile.server,
        pid: row.process.pid,
        because: 'started ahead, and no agent came',
      })
      void this.#services.end(row.process)
    }
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
      const ahead = this.#ahead.get(base)
      if (ahead !== undefined) {
        this.#ahead.delete(base)
        ahead.taken = true
        return ahead.process
      }
      if (this.processes >= limits.processes) {
        throw new MyceliumError('pool_busy', `${wanted.name}: ${this.processes} server processes run already`)
      }
      return this.#services.spawn(wanted)
    }
    const pool = new Pool(key, profile, greetings, { clock, log, limits, end, start })
    this.#pools.set(key, pool)
    return pool
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

/** Without a greeting nobody knows what the server may ask back: each session has its own process. */
function ownedIfBare(profile: Profile, greetings: Greetings | undefined): Profile {
  return greetings === undefined ? { ...profile, mode: 'session' } : profile
}
