import type { EventOf } from '../../events/event.ts'
import type { Emit } from './reader.ts'

type Response = EventOf<'response'>

/** Responses that may still go on: a transcript interleaves as many as agents that answer at once. */
const MAX_PENDING = 16

/**
 * Joins the records of one response, which repeat its usage as it grows: one event has the time and the place (session, project, agent) of
 * the earliest, of equals the first that came, and the model and usage of the last. It is emitted when enough others have begun or the file
 * ends; when the response goes on later still, the rest becomes an event of its own, and whoever keeps them must join them by this rule.
 */
export class PendingResponses {
  readonly #emit: Emit
  readonly #pending = new Map<string, Response>()

  constructor(emit: Emit) {
    this.#emit = emit
  }

  add(response: Response): void {
    const first = this.#pending.get(response.message)
    if (first !== undefined) {
      const { at, clientSession, project, agent, agentType } = first.at <= response.at ? first : response
      this.#pending.set(response.message, { ...response, at, clientSession, project, agent, agentType })
      return
    }
    this.#pending.set(response.message, response)
    if (this.#pending.size > MAX_PENDING) this.#emitOldest()
  }

  flush(): void {
    while (this.#pending.size > 0) this.#emitOldest()
  }

  #emitOldest(): void {
    const [message, response] = this.#pending.entries().next().value!
    this.#pending.delete(message)
    this.#emit('response', response)
  }
}
