import type { Clock } from '../clock.ts'
import { MyceliumError } from '../errors.ts'
import type { Log } from '../log.ts'
import { CrashRecord } from './crash.ts'
import { greet } from './greet.ts'
import type { Greetings, Profile } from './key.ts'
import type { Limits } from './limits.ts'
import type { UpstreamProcess } from './spawn.ts'
import type { Lists } from './states.ts'
import { Upstream, type UpstreamEvents } from './upstream.ts'

/** What a pool needs of the daemon. */
export interface PoolServices {
  readonly clock: Clock
  readonly log: Log
  readonly limits: Limits
  /** Starts a process of the profile, or takes one that was started ahead. Throws server_command_missing and the like. */
  start(profile: Profile): Promise<UpstreamProcess>
  /** It was asked what it is before a pool had it. */
  wasAsked(process: UpstreamProcess): boolean
  /** Ends a process and its whole tree. */
  end(process: UpstreamProcess): Promise<void>
}

/** What becomes of a start. */
export interface SupplyEvents {
  /** One more process is ready to be put in service. */
  ready(upstream: Upstream): void
  /** It did not start; `hopeless` when no other start is under way. */
  failed(error: unknown, hopeless: boolean): void
  /** A delayed start may be tried now. */
  retry(): void
}

/** Starts a pool's processes: greets them, spaces out the starts of a server that keeps ending, stops at a crash loop. */
export class Supply {
  readonly crashes: CrashRecord
  #starting = 0
  #closed = false
  /** Goes up when the processes there are, those that start included, are to be replaced. */
  #round = 0
  /** Set while a start waits for the pause that crashes call for. */
  #retryTimer: (() => void) | undefined
  readonly #profile: Profile
  readonly #greetings: Greetings | undefined
  readonly #services: PoolServices
  readonly #lists: Lists<Upstream>
  readonly #upstreamEvents: UpstreamEvents
  readonly #events: SupplyEvents

  constructor(
    profile: Profile,
    greetings: Greetings | undefined,
    services: PoolServices,
    lists: Lists<Upstream>,
    upstreamEvents: UpstreamEvents,
    events: SupplyEvents,
  ) {
    this.#profile = profile
    this.#greetings = greetings
    this.#services = services
    this.#lists = lists
    this.#upstreamEvents = upstreamEvents
    this.#events = events
    this.crashes = new CrashRecord(services.clock)
  }

  /** Starts under way. */
  get starting(): number {
    return this.#starting
  }

  /** No start is under way, and none has to wait for the pause that crashes call for. */
  get atRest(): boolean {
    return this.#starting === 0 && !this.crashes.looping && this.crashes.delayMs() === 0
  }

  /** Those that are being greeted will be ended by the caller: that is no failure, and who waits gets others. */
  renew(): void {
    this.#round += 1
  }

  close(): void {
    this.#closed = true
    this.#retryTimer?.()
  }

  /** Has at least `wanted` starts under way, now or after the pause that crashes call for. Throws server_crash_loop. */
  request(wanted: number): void {
    if (this.#closed || wanted <= this.#starting) return
    if (this.crashes.looping) throw this.#crashLoop()
    const delayMs = this.crashes.delayMs()
    if (delayMs > 0) {
      this.#retryTimer ??= this.#services.clock.after(delayMs + 1, () => {
        this.#retryTimer = undefined
        this.#events.retry()
      })
      return
    }
    while (this.#starting < wanted) void this.start().catch(() => {})
  }

  /** Starts one process; rejects when it cannot be started or greeted. */
  async start(): Promise<void> {
    this.#starting += 1
    const round = this.#round
    let upstream: Upstream | undefined
    try {
      upstream = new Upstream(
        await this.#services.start(this.#profile),
        this.#services.clock,
        this.#upstreamEvents,
        this.#services.limits.serverLineBytes,
      )
      this.#lists.add(upstream)
      await this.#greet(upstream)
    } catch (error) {
      this.#starting -= 1
      const ended = error instanceof MyceliumError && error.code === 'server_exited'
      // Some end when anything comes before `initialize`: one that was asked what it is gets a successor that was not.
      if (upstream !== undefined && ended && this.#services.wasAsked(upstream.process) && !this.#closed)
        return this.start()
      if (upstream !== undefined && ended && round !== this.#round && !this.#closed) this.#events.retry()
      else this.#failed(upstream, error)
      throw error
    }
    this.#starting -= 1
    this.crashes.refused = false
    this.#events.ready(upstream)
  }

  async #greet(upstream: Upstream): Promise<void> {
    if (this.#greetings === undefined) return
    this.#lists.move(upstream, 'greeting')
    await greet(upstream, this.#greetings.paramsText, this.#profile.name, this.#services)
    this.#services.log.event('upstream-ready', {
      server: this.#profile.server,
      pid: upstream.process.pid,
      tookMs: Math.round(this.#services.clock.now() - upstream.startedAtMs),
    })
    if (upstream.state !== 'greeting')
      throw new MyceliumError('server_exited', `${this.#profile.name}: ended while it started`)
    this.#lists.move(upstream, 'spare')
  }

  #failed(upstream: Upstream | undefined, error: unknown): void {
    const { name, server } = this.#profile
    const reason = error instanceof Error ? error.message : String(error)
    if (upstream !== undefined && upstream.state !== 'stopping' && upstream.state !== 'gone') {
      this.#lists.move(upstream, 'stopping')
      void this.#services.end(upstream.process)
    }
    if (this.#closed) return
    this.crashes.note(reason, error instanceof MyceliumError && error.data?.memoryShort === true)
    this.crashes.refused = error instanceof MyceliumError && error.data?.answer !== undefined
    this.#services.log.event('upstream-start-failed', { server, because: reason })
    const told =
      error instanceof MyceliumError && error.code === 'server_exited'
        ? new MyceliumError('server_start_failed', `${name}: ${reason}`, {
            hint: `mycelium daemon logs --server ${server}`,
            cause: error,
          })
        : error
    this.#events.failed(told, this.#starting === 0)
  }

  #crashLoop(): MyceliumError {
    const { name, server } = this.#profile
    const { count, reason } = this.crashes
    return new MyceliumError(
      'server_crash_loop',
      `${name}: ended ${count} times within a minute, last: ${reason}`,
      {
        hint: `mycelium daemon logs --server ${server}; then mycelium server restart ${server}`,
      },
    )
  }
}
