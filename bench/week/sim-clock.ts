import { writeFileSync } from 'node:fs'

/** The clock of a simulated week: the machine's, behind it by as much as is still to come. Pairs with src/core/config/bench-clock.ts. */
export class SimClock {
  #aheadMs: number
  readonly file: string

  /** `file` is where a daemon that starts finds it. */
  constructor(file: string, aheadMs: number) {
    this.file = file
    this.#aheadMs = aheadMs
    this.#keep()
  }

  /** Milliseconds since the epoch, as events have them. */
  now(): number {
    return Date.now() + this.#aheadMs
  }

  /** A daemon that runs is put forward by as much by its own command. */
  jump(byMs: number): void {
    this.#aheadMs += byMs
    this.#keep()
  }

  #keep(): void {
    writeFileSync(this.file, String(this.#aheadMs))
  }
}
