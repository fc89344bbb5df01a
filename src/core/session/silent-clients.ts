import type { AgentRequests } from './agent-requests.ts'
import { type Roots, rootsOf } from './roots.ts'

/** A client that can answer while its calls wait has done so by then. */
const QUICK_MS = 250
const MAX_NAMES = 64

/** The session whose roots are asked for. */
export interface Asked {
  readonly client: string
  readonly requests: Pick<AgentRequests, 'ask'>
  /** Whether it is over, or will say nothing more. */
  isLeaving(): boolean
  /** Roots that it named after the time was up. */
  late(roots: Roots): void
}

/** Clients that offer roots and then do not say which: the calls of their next sessions wait less for the answer. Kept by the daemon. */
export class SilentClients {
  readonly #names = new Set<string>()
  readonly #usualMs: () => number

  /** `usualMs`: how long an answer is waited for, where a client is not known to be silent. */
  constructor(usualMs: () => number) {
    this.#usualMs = usualMs
  }

  /** The roots of a session; none where it does not answer in time. */
  async rootsOf({ client, requests, isLeaving, late }: Asked): Promise<Roots> {
    const usualMs = this.#usualMs()
    const patienceMs = this.#names.has(client) ? Math.min(QUICK_MS, usualMs) : usualMs
    const answer = await requests.ask('roots/list', patienceMs, (frame) => {
      this.#names.delete(client)
      late(rootsOf(frame))
    })
    if (answer !== undefined) this.#names.delete(client)
    // One that leaves meanwhile says nothing of its client.
    else if (!isLeaving() && this.#names.size < MAX_NAMES) this.#names.add(client)
    return rootsOf(answer)
  }
}
