import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import type { Profile } from './key.ts'
import { howOf, type UpstreamProcess } from './spawn.ts'

/** A question that is put to a process started ahead; see discovery.ts. */
export interface Asking {
  /** Agents that wait for its answer. */
  readonly interested: number
  readonly done: Promise<unknown>
  stop(): void
}

/** A process started before anybody said how it will be greeted. */
export interface Ahead {
  readonly process: UpstreamProcess
  readonly profile: Profile
  readonly sinceMs: number
  /** A pool has it, and will tell of its end. */
  taken: boolean
  asking: Asking | undefined
  /** It was spoken to as a modern server, and may refuse `initialize` from now on. */
  modern: boolean
}

/** What starting ahead needs of the daemon. */
export interface AheadParts {
  readonly clock: Clock
  readonly log: Log
  spawn(profile: Profile): Promise<UpstreamProcess>
  end(process: UpstreamProcess): Promise<void>
}

/** An agent that has asked says `initialize` by then. */
const UNNEEDED_MS = 2_000

/** The processes that were started before a pool wanted them: one for each process key at most. */
export class AheadProcesses {
  readonly #parts: AheadParts
  readonly #rows = new Map<string, Ahead>()
  readonly #starting = new Map<string, Promise<Ahead>>()

  constructor(parts: AheadParts) {
    this.#parts = parts
  }

  get size(): number {
    return this.#rows.size + this.#starting.size
  }

  of(server: string): number {
    return [...this.#rows.values()].filter((row) => row.profile.server === server).length
  }

  /** The process of this key that waits, started now where there is none. */
  async start(base: string, profile: Profile): Promise<Ahead> {
    const waits = this.#rows.get(base) ?? this.#starting.get(base)
    if (waits !== undefined) return waits
    const starting = this.#spawn(base, profile).finally(() => this.#starting.delete(base))
    this.#starting.set(base, starting)
    return starting
  }

  /** A process for a pool, if one waits. `greeted`: it will be told `initialize`. */
  async take(base: string, greeted: boolean): Promise<UpstreamProcess | undefined> {
    const found = this.#rows.get(base) ?? (await this.#starting.get(base)?.catch(() => undefined))
    if (found?.asking !== undefined) {
      // Somebody else's question is not cut short where there may be a second process, and nobody who says `initialize` waits for it.
      if (greeted && found.asking.interested > 0 && found.profile.spareable) return undefined
      if (greeted) found.asking.stop()
      await found.asking.done
    }
    const row = this.#rows.get(base)
    if (row === undefined || row.asking !== undefined || (greeted && row.modern)) return undefined
    this.#rows.delete(base)
    row.taken = true
    return row.process
  }

  /** Ends the process of this key that nobody took. */
  drop(base: string, because: string): void {
    const row = this.#rows.get(base)
    if (row === undefined) return
    this.#rows.delete(base)
    row.asking?.stop()
    this.#parts.log.event('upstream-stopping', {
      server: row.profile.server,
      pid: row.process.pid,
      because,
    })
    void this.#parts.end(row.process)
  }

  /** Ends those that nobody took in time. */
  endStale(maxAgeMs: number): void {
    const now = this.#parts.clock.now()
    for (const [base, row] of this.#rows)
      if (now - row.sinceMs > maxAgeMs) this.drop(base, 'started ahead, and no agent came')
  }

  /** Ends those that answered what they were asked while another process came to serve all sessions of the server. */
  endUnneeded(isServed: (server: string) => boolean): void {
    const now = this.#parts.clock.now()
    for (const [base, row] of this.#rows)
      if (row.asking === undefined && now - row.sinceMs > UNNEEDED_MS && isServed(row.profile.server))
        this.drop(base, 'started ahead, and another process serves')
  }

  async #spawn(base: string, profile: Profile): Promise<Ahead> {
    const process = await this.#parts.spawn(profile)
    const sinceMs = this.#parts.clock.now()
    const row: Ahead = { process, profile, sinceMs, taken: false, asking: undefined, modern: false }
    this.#rows.set(base, row)
    void process.exited.then((exit) => {
      if (this.#rows.get(base) === row) this.#rows.delete(base)
      if (row.taken) return
      this.#parts.log.event('upstream-exited', {
        server: profile.server,
        pid: process.pid,
        how: howOf(exit),
        state: 'started',
        calls: 0,
      })
    })
    return row
  }
}
