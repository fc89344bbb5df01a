import type { Clock } from '../clock.ts'

const FREE_RESTARTS = 1
const FIRST_DELAY_MS = 250
const LONGEST_DELAY_MS = 10_000
const LOOP_COUNT = 5
const LOOP_WINDOW_MS = 60_000
const LOOP_PAUSE_MS = 30_000

interface End {
  readonly atMs: number
  readonly memoryShort: boolean
}

/**
 * How often the processes of a pool ended by themselves, and what follows: the first restart is free, later ones wait
 * 250 ms, doubled each time up to 10 s; five ends within a minute without one answered call make a crash loop, in which
 * nothing is started for 30 s. An end for want of memory is waited for like others, but makes no loop: the server is sound, and whoever uses it is
 * to have it back.
 */
export class CrashRecord {
  readonly #clock: Clock
  #ends: readonly End[] = []
  #lastReason = ''
  /** The last process that was greeted answered `initialize` with an error: another greeting may please it. */
  refused = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  note(reason: string, memoryShort = false): void {
    this.#lastReason = reason
    this.#ends = [...this.#recent(), { atMs: this.#clock.now(), memoryShort }]
  }

  /** A call was answered: what went wrong before does not count any more. */
  forgive(): void {
    if (this.#ends.length > 0) this.#ends = []
  }

  get reason(): string {
    return this.#lastReason
  }

  get count(): number {
    return this.#recent().length
  }

  get looping(): boolean {
    const faults = this.#recent().filter(({ memoryShort }) => !memoryShort)
    return faults.length >= LOOP_COUNT && this.#clock.now() - (faults.at(-1)?.atMs ?? 0) < LOOP_PAUSE_MS
  }

  /** How long the next start must still wait. */
  delayMs(): number {
    const recent = this.#recent()
    const steps = recent.length - FREE_RESTARTS
    if (steps <= 0) return 0
    const delay = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (steps - 1))
    return Math.max(0, (recent.at(-1)?.atMs ?? 0) + delay - this.#clock.now())
  }

  #recent(): readonly End[] {
    const since = this.#clock.now() - LOOP_WINDOW_MS
    return this.#ends.filter(({ atMs }) => atMs > since)
  }
}
