import type { EventOf, Kind } from '../events/event.ts'

/** Counts of one server since the daemon started. Pairs with ServerTotals in daemon/wire-overview.ts. */
export interface Tally {
  warmGreetings: number
  coldGreetings: number
  warmGreetingMs: number
  starts: number
  readyMs: readonly number[]
  calls: number
  failedCalls: number
}

/** So many of the latest starts are kept: enough for a median and its interval. */
const KEPT_STARTS = 200
const FAILED: readonly string[] = ['tool_error', 'error', 'failed']

/** Sums of what was recorded, or would have been, by server: what `status` can say at once. */
export class Tallies {
  readonly #servers = new Map<string, Tally>()

  /** The counts of a server. */
  of(server: string): Readonly<Tally> {
    return this.#servers.get(server) ?? none()
  }

  /** Counts an event. */
  note<K extends Kind>(kind: K, event: EventOf<K>): void {
    if (kind === 'call') this.#call(event as EventOf<'call'>)
    else if (kind === 'session') this.#session(event as EventOf<'session'>)
    else if (kind === 'process') this.#process(event as EventOf<'process'>)
  }

  #call({ server, outcome }: EventOf<'call'>): void {
    const tally = this.#at(server)
    tally.calls++
    if (FAILED.includes(outcome)) tally.failedCalls++
  }

  #session({ server, event, warm, durationUs }: EventOf<'session'>): void {
    if (event !== 'greeted') return
    const tally = this.#at(server)
    if (warm) {
      tally.warmGreetings++
      tally.warmGreetingMs += durationUs / 1000
    } else tally.coldGreetings++
  }

  #process({ server, event, durationUs }: EventOf<'process'>): void {
    if (event === 'started') this.#at(server).starts++
    if (event !== 'ready') return
    const tally = this.#at(server)
    tally.readyMs = [...tally.readyMs.slice(1 - KEPT_STARTS), durationUs / 1000]
  }

  #at(server: string): Tally {
    const known = this.#servers.get(server)
    if (known !== undefined) return known
    const tally = none()
    this.#servers.set(server, tally)
    return tally
  }
}

function none(): Tally {
  return {
    warmGreetings: 0,
    coldGreetings: 0,
    warmGreetingMs: 0,
    starts: 0,
    readyMs: [],
    calls: 0,
    failedCalls: 0,
  }
}
