import type { Clock } from '../clock.ts'
import type { Paths } from '../config/paths.ts'
import { type Connection, connect } from '../daemon/connect.ts'
import type { Overview } from '../daemon/wire-overview.ts'
import { MyceliumError } from '../errors.ts'

/** What one look found: the daemon's answer, or why there is none. */
export interface Look {
  readonly overview: Overview | undefined
  readonly trouble: string
  /** Calls a second since the look before, the latest last; a look without an answer counts none. */
  readonly callRates: readonly number[]
}

const KEPT_RATES = 120
/** A daemon that takes longer is told of, not waited for. */
const ASK_MS = 3_000

/** Asks the daemon again and again over one connection, and takes a new one when it has gone. */
export class Poller {
  readonly clock: Clock
  readonly #paths: Paths
  #connection: Connection | undefined
  #rates: readonly number[] = []
  #last: { readonly calls: number; readonly pid: number; readonly atMs: number } | undefined

  constructor(paths: Paths, clock: Clock) {
    this.#paths = paths
    this.clock = clock
  }

  /** One look. Never rejects for a daemon that is gone or slow. */
  async look(): Promise<Look> {
    try {
      this.#connection ??= await connect(this.#paths)
      if (this.#connection === undefined)
        return this.#without('no daemon is running: it starts with the next agent session')
      const overview = await this.#connection.ask<Overview>('overview', {}, ASK_MS)
      this.#note(overview)
      return { overview, trouble: '', callRates: this.#rates }
    } catch (error) {
      if (!(error instanceof MyceliumError)) throw error
      this.close()
      return this.#without(error.message)
    }
  }

  close(): void {
    this.#connection?.close()
    this.#connection = undefined
  }

  #without(trouble: string): Look {
    this.#last = undefined
    this.#push(0)
    return { overview: undefined, trouble, callRates: this.#rates }
  }

  #note({ servers, daemon }: Overview): void {
    const now = {
      calls: servers.reduce((sum, { totals }) => sum + totals.calls, 0),
      pid: daemon.pid,
      atMs: this.clock.now(),
    }
    const last = this.#last
    this.#last = now
    // Another daemon counts from its own start.
    if (last === undefined || last.pid !== now.pid || now.atMs <= last.atMs) return
    this.#push((1_000 * Math.max(0, now.calls - last.calls)) / (now.atMs - last.atMs))
  }

  #push(rate: number): void {
    this.#rates = [...this.#rates.slice(1 - KEPT_RATES), rate]
  }
}
