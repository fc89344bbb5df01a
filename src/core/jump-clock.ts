import { type Clock, systemClock } from './clock.ts'

interface Timer {
  readonly dueMs: number
  readonly run: () => void
  /** Of the machine's timer that stands for it. */
  cancel: () => void
}

/** A clock that goes at the machine's pace, may be ahead of it or behind, and can be put forward: what is due by then is done at once. */
export class JumpClock implements Clock {
  readonly #aheadMs: number
  readonly #machine: Clock
  #jumpedMs = 0
  /** Those that have not come yet. */
  readonly #timers = new Set<Timer>()

  /** `aheadMs`: whole milliseconds that `wall` is ahead; negative where it is behind. */
  constructor(aheadMs: number, machine: Clock = systemClock) {
    this.#aheadMs = aheadMs
    this.#machine = machine
  }

  now(): number {
    return this.#machine.now() + this.#jumpedMs
  }

  wall(): number {
    return this.#machine.wall() + this.#aheadMs + this.#jumpedMs
  }

  after(delayMs: number, run: () => void): () => void {
    const timer: Timer = { dueMs: this.now() + delayMs, run, cancel: () => {} }
    this.#timers.add(timer)
    this.#wait(timer)
    return () => {
      timer.cancel()
      this.#timers.delete(timer)
    }
  }

  /** Puts the clock forward by whole milliseconds, and does what is due, in order. What that asks for anew waits for its own time. */
  jump(byMs: number): void {
    this.#jumpedMs += byMs
    const waiting = [...this.#timers].sort((a, b) => a.dueMs - b.dueMs)
    for (const timer of waiting) {
      timer.cancel()
      if (timer.dueMs > this.now()) this.#wait(timer)
      // One that came before it may have called it off.
      else if (this.#timers.delete(timer)) timer.run()
    }
  }

  #wait(timer: Timer): void {
    if (!this.#timers.has(timer)) return
    timer.cancel = this.#machine.after(Math.max(0, timer.dueMs - this.now()), () => {
      this.#timers.delete(timer)
      timer.run()
    })
  }
}
