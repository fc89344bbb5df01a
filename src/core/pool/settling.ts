import type { Clock } from '../clock.ts'
import type { Upstream } from './upstream.ts'

/** A server that wants roots asks for them right after `initialized`; one that has not within this time does not. */
const SETTLE_MS = 150

/** Processes just put in service that may still ask for roots: calls wait, as they would lose the race against the answer. */
export class Settling {
  readonly #clock: Clock
  readonly #open = new Map<Upstream, { readonly cancelTimer: () => void; readonly waiting: (() => void)[] }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  begin(upstream: Upstream): void {
    const cancelTimer = this.#clock.after(SETTLE_MS, () => this.end(upstream))
    this.#open.set(upstream, { cancelTimer, waiting: [] })
  }

  has(upstream: Upstream): boolean {
    return this.#open.has(upstream)
  }

  /** The server has its roots, or is gone. */
  end(upstream: Upstream): void {
    const row = this.#open.get(upstream)
    if (row === undefined) return
    this.#open.delete(upstream)
    row.cancelTimer()
    for (const resolve of row.waiting) resolve()
  }

  /** Resolves when the process takes calls. */
  async ended(upstream: Upstream): Promise<void> {
    const row = this.#open.get(upstream)
    if (row !== undefined) await new Promise<void>((resolve) => row.waiting.push(resolve))
  }
}
