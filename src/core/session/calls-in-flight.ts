import { type Call, cancelCall } from '../pipeline/call.ts'
import { idKey, keyOfText } from '../protocol/fields.ts'
import type { Frame } from '../protocol/frame.ts'

/** The calls of one agent that are owed an answer. */
export class CallsInFlight {
  readonly #calls = new Set<Call>()
  /** For cancellation; of two calls with one id the later. */
  readonly #byId = new Map<string, Call>()

  get size(): number {
    return this.#calls.size
  }

  add(call: Call): void {
    this.#calls.add(call)
    this.#byId.set(idKey(call.frame), call)
  }

  has(call: Call): boolean {
    return this.#calls.has(call)
  }

  /** The call is settled; false when it was before. */
  remove(call: Call): boolean {
    if (!this.#calls.delete(call)) return false
    const key = idKey(call.frame)
    if (this.#byId.get(key) === call) this.#byId.delete(key)
    return true
  }

  /** The agent's `notifications/cancelled`; agents also cancel what was answered already. */
  cancel(notice: Frame): void {
    const call = this.#byId.get(keyOfText(notice.line, notice.requestIdStart, notice.requestIdEnd))
    if (call === undefined) return
    this.remove(call)
    cancelCall(call, 'the agent cancelled', notice)
  }

  /** Settles all of them; gives those that were owed an answer. */
  cancelAll(why: string): readonly Call[] {
    const calls = [...this.#calls]
    this.#calls.clear()
    this.#byId.clear()
    for (const call of calls) cancelCall(call, why)
    return calls
  }
}
