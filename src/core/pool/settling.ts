import type { Clock } from '../clock.ts'
import type { Upstream } from './upstream.ts'

/** A server that wants roots asks for them right after `initialized`: one that has answered a question since, and not asked within this time, does not. */
const SETTLE_MS = 150
/** One that is known to ask is waited for; on a crowded machine that takes a while. */
const ASKING_MS = 3_000
/** One that got them looks at each directory before it uses them: it has this long after it has answered a question, and longer where that took long. */
const WORK_MS = 100
const WORK_PER_ANSWER = 3
/** In all, also for one that answers no question. */
const MAX_WORK_MS = 1_000

/** A process that settles, and the calls that wait for it. */
interface Row {
  cancelTimer: () => void
  /** It has asked, and was told. */
  told?: boolean
  readonly waiting: (() => void)[]
}

/** Processes just put in service that may still ask for roots: calls wait, as they would lose the race against the answer. */
export class Settling {
  readonly #clock: Clock
  readonly #open = new Map<Upstream, Row>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The process was told `initialized`; `asks` when others of its kind have asked for roots then. */
  begin(upstream: Upstream, asks: boolean): void {
    const row: Row = { cancelTimer: () => {}, waiting: [] }
    const endAfter = (ms: number): void => {
      row.cancelTimer()
      row.cancelTimer = this.#clock.after(ms, () => this.end(upstream))
    }
    this.#open.set(upstream, row)
    endAfter(asks ? ASKING_MS : MAX_WORK_MS)
    if (asks) return
    const answered = (): void => {
      if (this.#open.get(upstream) === row && !row.told) endAfter(SETTLE_MS)
    }
    upstream.ask('ping').then(answered, answered)
  }

  has(upstream: Upstream): boolean {
    return this.#open.has(upstream)
  }

  /** The server was told its roots, and works on that now. */
  told(upstream: Upstream): void {
    const row = this.#open.get(upstream)
    if (row === undefined) return
    row.told = true
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
