import type { Clock } from '../clock.ts'
import type { MyceliumError } from '../errors.ts'
import { type Call, cancelCall, type Dispatch } from '../pipeline/call.ts'
import { LISTEN } from '../pool/listening.ts'
import { idKey, keyOfText } from '../protocol/fields.ts'
import type { Frame } from '../protocol/frame.ts'
import type { Answers } from './answers.ts'
import type { BatchReply } from './batch.ts'
import type { HeldFrame } from './held-frames.ts'
import type { Peer } from './services.ts'

/** What an agent asked before `initialize` may take so long before the process that has it is let go. */
const EARLY_MS = 10_000

/** Whose calls they are, and where answers go. */
export interface CallingAgent {
  readonly id: string
  readonly peer: Peer
  readonly answers: Answers
  readonly push: (line: Buffer) => void
  /** One more is settled. */
  readonly settled: () => void
}

/** A request that an agent is owed an answer to. */
export type Owed = Pick<HeldFrame, 'frame' | 'batch'>

/** A request of an agent as a call that nothing has happened to yet. */
function callFrom(
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
    effect: '',
    savedBytes: 0,
    progress,
  }
}

/**
 * The calls of one agent that are owed an answer, in the order they came. They are few, and a plain array leaves no
 * tables behind as a Map does (PendingTable in pool/pending.ts says why that matters).
 */
export class CallsInFlight {
  readonly #calls: Call[] = []
  /** Of calls that came in one. */
  readonly #batches = new WeakMap<Call, BatchReply>()
  readonly #agent: CallingAgent
  #emptied = (): void => {}

  constructor(agent: CallingAgent) {
    this.#agent = agent
  }

  get size(): number {
    return this.#calls.length
  }

  /** Sends a request on its way; it is answered once, into its batch where it came in one. */
  start({ frame, batch, heardAtMs }: HeldFrame, dispatch: Dispatch): void {
    const { id, peer, push } = this.#agent
    const call: Call = callFrom(id, peer, frame, heardAtMs, (line) => {
      if (this.#calls.includes(call)) push(line)
    })
    this.#calls.push(call)
    if (batch !== undefined) this.#batches.set(call, batch)
    dispatch(call).then(
      (reply) => this.#settle(call, reply.frame, undefined),
      (error: unknown) => this.#settle(call, undefined, error),
    )
  }

  #settle(call: Call, answer: Frame | undefined, error: unknown): void {
    const { answers, settled } = this.#agent
    const batch = this.#batches.get(call)
    if (this.#remove(call)) {
      if (answer !== undefined) answers.reply(answer, call.frame, batch)
      else answers.fail(call.frame, error, batch)
      call.onSettled?.(call, answer, error)
    } else batch?.skip()
    settled()
  }

  /** The call is settled; false when it was before. */
  #remove(call: Call): boolean {
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
    this.#remove(call)
    cancelCall(call, 'the agent cancelled', notice)
  }

  /** Settles subscriptions, which are never answered while anybody listens. */
  cancelListening(why: string): void {
    for (const call of this.#calls.filter(({ method }) => method === LISTEN)) {
      this.#remove(call)
      cancelCall(call, why)
    }
  }

  /** Settles all of them, with the error that their agent gets or without; gives those that were owed an answer. */
  cancelAll(why: string, error?: MyceliumError): readonly Owed[] {
    const calls = this.#calls.splice(0)
    this.#emptied()
    for (const call of calls) cancelCall(call, why, undefined, error)
    return calls.map((call) => ({ frame: call.frame, batch: this.#batches.get(call) }))
  }
}
