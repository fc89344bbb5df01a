import type { Clock } from '../clock.ts'
import type { Upstream } from './upstream.ts'

/** A server that wants roots asks for them right after `initialized`; one that has not within this time does not. */
const SETTLE_MS = 150
/** One that got them looks at each directory before it uses them: it has this long after it has answered a question, and longer where that took long. */
const WORK_MS = 100
const WORK_PER_ANSWER = 3
/** In all, also for one that answers no question. */
const MAX_WORK_MS = 1_000

/** A process that settles, and the calls that wait for it. */
interface Row {
  cancelTimer: () => void
  readonly waiting: (() => void)[]
}

/** Processes just put in service that may still ask for roots: calls wait, as they would lose the race against the answer. */
export class Settling {
  readonly #clock: Clock
  readonly #open = new Map<Upstream, Row>()

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

  /** The server was told its roots, and works on that now. */
  told(upstream: Upstream): void {
    const row = this.#open.get(upstream)
    if (row === undefined) return
    row.cancelTimer()
    row.cancelTimer = this.#clock.after(MAX_WORK_MS, () => this.end(upstream))
    const askedAtMs = this.#clock.now()
    const answered = (): void => {
      const workMs = Math.max(WORK_MS, WORK_PER_ANSWER * (this.#clock.now() - askedAtMs))
      this.#clock.after(workMs, () => this.end(upstream))
    }
    upstream.ask('ping').then(answered, answered)
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
