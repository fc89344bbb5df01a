/**
 * Whose turn it is where sessions take turns at a process: theirs who have had it the least, so that one which never
 * lets go of it until it must gets no more of it than one that does after each call. Start-time fair queueing (Goyal,
 * Vin and Cheng, SIGCOMM 1996) over the time a process was held.
 */
export class Turns {
  readonly #mostMs: () => number
  /** Time each session has had, ms, on a common scale on which one that comes back after a while starts level. */
  readonly #hadMs = new Map<string, number>()
  #levelMs = 0

  /** `mostMs`: what one turn counts at most. A call may take minutes, and its session must not pay for it with as many. */
  constructor(mostMs: () => number) {
    this.#mostMs = mostMs
  }

  /** The session queues up: it gets no credit for the time that it wanted nothing. */
  join(session: string): void {
    this.#hadMs.set(session, Math.max(this.#hadMs.get(session) ?? 0, this.#levelMs))
  }

  /** The session has the process now. */
  begin(session: string): void {
    this.join(session)
    this.#levelMs = this.#hadMs.get(session)!
  }

  /** The session had it for so long. */
  end(session: string, heldMs: number): void {
    const hadMs = this.#hadMs.get(session)
    if (hadMs !== undefined) this.#hadMs.set(session, hadMs + Math.min(heldMs, this.#mostMs()))
  }

  forget(session: string): void {
    this.#hadMs.delete(session)
  }

  /** In the order of turns; of those whose sessions had as much, whoever came first stays first. Each session is looked up once. */
  sorted<T>(items: readonly T[], sessionOf: (item: T) => string): readonly T[] {
    return items
      .map((item) => ({ item, hadMs: this.#hadMs.get(sessionOf(item)) ?? 0 }))
      .sort((a, b) => a.hadMs - b.hadMs)
      .map(({ item }) => item)
  }
}
