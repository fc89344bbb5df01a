import type { Clock } from '../clock.ts'
import type { Limits } from '../pool/limits.ts'

/**
 * How long the answers owed to an agent that writes no more are waited for: while there are signs of life from its
 * server, up to `finishMs`, and `finishSilentMs` without any.
 */
export class Patience {
  readonly #clock: Clock
  readonly #limits: Limits
  readonly #lost: (why: string) => void
  #cancelLimit = (): void => {}
  #cancelSilence: (() => void) | undefined

  constructor(clock: Clock, limits: Limits, lost: (why: string) => void) {
    this.#clock = clock
    this.#limits = limits
    this.#lost = lost
  }

  /** The agent closed its end. */
  begin(): void {
    const { finishMs } = this.#limits
    this.#cancelLimit = this.#clock.after(finishMs, () => this.#lose(`no answer within ${finishMs} ms`))
    this.#expectSign()
  }

  /** Something came for the agent: an answer, progress, a notification, a question. */
  sign(): void {
    if (this.#cancelSilence !== undefined) this.#expectSign()
  }

  end(): void {
    this.#cancelLimit()
    this.#cancelSilence?.()
    this.#cancelSilence = undefined
  }

  #expectSign(): void {
    const { finishSilentMs } = this.#limits
    this.#cancelSilence?.()
    this.#cancelSilence = this.#clock.after(finishSilentMs, () =>
      this.#lose(`no sign of life for ${finishSilentMs} ms`),
    )
  }

  #lose(why: string): void {
    this.end()
    this.#lost(`${why} since the end of input`)
  }
}
