/** A client that can answer while its calls wait has done so by then. */
const QUICK_MS = 250
const MAX_NAMES = 64

/** Clients that offer roots and then do not say which: the calls of their next sessions wait less for the answer. Kept by the daemon. */
export class SilentClients {
  readonly #names = new Set<string>()

  /** How long to wait for the roots of a session of this client, where `usualMs` is the limit. */
  patienceMs(client: string, usualMs: number): number {
    return this.#names.has(client) ? Math.min(QUICK_MS, usualMs) : usualMs
  }

  /** The answer of a session of the client, undefined where none came in time; one that ended meanwhile says nothing of its client. */
  async noted<T>(
    client: string,
    asked: Promise<T | undefined>,
    hasEnded: () => boolean,
  ): Promise<T | undefined> {
    const answer = await asked
    if (answer !== undefined) this.#names.delete(client)
    else if (!hasEnded() && this.#names.size < MAX_NAMES) this.#names.add(client)
    return answer
  }
}
