import type { Clock } from '../clock.ts'
import type { MyceliumError } from '../errors.ts'
import { type Call, cancelCall } from '../pipeline/call.ts'
import { LISTEN } from '../pool/listening.ts'
import { idKey, keyOfText } from '../protocol/fields.ts'
import type { Frame } from '../protocol/frame.ts'
import type { Peer } from './services.ts'

/** What an agent asked before `initialize` may take so long before the process that has it is let go. */
const EARLY_MS = 10_000

/** A request of an agent as a call that nothing has happened to yet. */
export function callFrom(
  session: string,
  { server, client }: Peer,
  frame: Frame,
  arrivedAtMs: number,
  progress: (line: Buffer) => void,
): Call {
  return {
    session,
    server,
    client,
    method: frame.method as string,
    frame,
    arrivedAtMs,
    sentAtMs: 0,
    cancelled: false,
    onCancel: undefined,
    onSettled: undefined,
    progress,
  }
}

/**
 * The calls of one agent that are owed an answer, in the order they came. They are few, and a plain array leaves no
 * tables behind as a Map does (PendingTable in pool/pending.ts says why that matters).
 */
export class CallsInFlight {
  readonly #calls: Call[] = []
  #emptied = (): void => {}

  get size(): number {
    return this.#calls.length
  }

  add(call: Call): void {
    this.#calls.push(call)
  }

  has(call: Call): boolean {
    return this.#calls.includes(call)
  }

  /** The call is settled; false when it was before. */
  remove(call: Call): boolean {
    const calls = this.#calls
    const at = calls.indexOf(call)
    if (at === -1) return false
    for (let i = at + 1; i < calls.length; i++) calls[i - 1] = calls[i]!
    calls.pop()
    if (calls.length === 0) this.#emptied()
    return true
  }

  /** Resolves when none is left, or when they have had their time. */
  async emptied(clock: Clock): Promise<void> {
    if (this.#calls.length === 0) return
    await new Promise<void>((resolve) => {
      const cancel = clock.after(EARLY_MS, resolve)
      this.#emptied = () => {
        cancel()
        resolve()
      }
    })
    this.#emptied = () => {}
  }

  /** The agent's `notifications/cancelled`, of two calls with one id for the later; agents also cancel what was answered already. */
  cancel(notice: Frame): void {
    const key = keyOfText(notice.line, notice.requestIdStart, notice.requestIdEnd)
    const call = this.#calls.findLast((one) => idKey(one.frame) === key)
    if (call === undefined) return
    this.remove(call)
    cancelCall(call, 'the agent cancelled', notice)
  }

  /** Settles subscriptions, which are never answered while anybody listens. */
  cancelListening(why: string): void {
    for (const call of this.#calls.filter(({ method }) => method === LISTEN)) {
      this.remove(call)
      cancelCall(call, why)
    }
  }

  /** Settles all of them, with the error that their agent gets or without; gives those that were owed an answer. */
  cancelAll(why: string, error?: MyceliumError): readonly Call[] {
    const calls = this.#calls.splice(0)
    this.#emptied()
    for (const call of calls) cancelCall(call, why, undefined, error)
    return calls
  }
}
