import type { Clock } from './clock.ts'

const WINDOW_MS = 1_000

/** So much of something in a second; what is over is refused, counted, and told of once the second has passed. */
export class Quota {
  readonly #clock: Clock
  readonly #perSecond: number
  readonly #told: (over: number) => void
  #used = 0
  #over = 0

  constructor(clock: Clock, perSecond: number, told: (over: number) => void) {
    this.#clock = clock
    this.#perSecond = perSecond
    this.#told = told
  }

  /** Nothing more is taken in this second. */
  get spent(): boolean {
    return this.#over > 0
  }

  /** Whether this much is still to be had; once something was refused, nothing is before the next second. */
  take(amount: number): boolean {
    if (this.#used + this.#over === 0) this.#clock.after(WINDOW_MS, () => this.#renew())
    if (this.spent || this.#used + amount > this.#perSecond) {
      this.#over += amount
      return false
    }
    this.#used += amount
    return true
  }

  #renew(): void {
    const over = this.#over
    this.#used = this.#over = 0
    if (over > 0) this.#told(over)
  }
}
