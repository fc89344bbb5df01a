import type { Clock } from '../clock.ts'
import { ERRORS } from '../errors.ts'
import type { Upstream } from '../pool/upstream.ts'
import { idInteger, idText, rawText } from '../protocol/fields.ts'
import type { Frame } from '../protocol/frame.ts'
import { errorText, notificationText, requestText } from '../protocol/messages.ts'
import { CAPABILITY_OF_SERVER_REQUEST } from '../protocol/methods.ts'
import { spliceId, spliceRanges } from '../protocol/splice.ts'

/** A request put to the agent and not answered yet. */
interface Open {
  /** The server that asked, and under which id; undefined for our own requests. */
  readonly upstream: Upstream | undefined
  readonly idText: string
  readonly answered: (frame: Frame | undefined) => void
  readonly cancelTimer: () => void
}

/** The requests put to one agent: servers' own, under ids of ours, and those that mycelium asks itself. */
export class AgentRequests {
  /** What the agent declared; undefined when it never said `initialize`. */
  capabilities: readonly string[] | undefined
  readonly #clock: Clock
  readonly #boundMs: number
  readonly #write: (line: Buffer) => void
  readonly #open = new Map<number, Open>()
  /** What was asked and not answered in time, and is of use even so. */
  readonly #late = new Map<number, (frame: Frame) => void>()
  #nextId = 1
  /** Why nobody will answer any more. */
  #closed: string | undefined

  constructor(clock: Clock, boundMs: number, write: (line: Buffer) => void) {
    this.#clock = clock
    this.#boundMs = boundMs
    this.#write = write
  }

  /** Whether the agent owes an answer. */
  get waiting(): boolean {
    return this.#open.size > 0
  }

  /** Puts a server's request to the agent; the server gets an error when the agent cannot or does not answer in time. */
  put(upstream: Upstream, frame: Frame): void {
    const id = idText(frame)
    if (this.#closed !== undefined) {
      upstream.tell(Buffer.from(errorText(id, ERRORS.client_gone.wire, this.#closed)))
      return
    }
    const needed = neededCapability(frame.method ?? '')
    if (needed !== null && this.capabilities?.includes(needed) === false) {
      upstream.tell(Buffer.from(errorText(id, -32601, `the agent has no ${needed} capability`)))
      return
    }
    const own = this.#add(upstream, id, this.#boundMs, (answer) => {
      if (answer !== undefined) upstream.tell(spliceId(answer, id))
      else
        upstream.tell(
          Buffer.from(
            errorText(id, ERRORS.request_timeout.wire, `the agent did not answer within ${this.#boundMs} ms`),
          ),
        )
    })
    this.#write(spliceId(frame, String(own)))
  }

  /** Asks the agent something for mycelium itself; undefined when it does not answer in time. What it answers after that is handed to `late`. */
  ask(method: string, boundMs: number, late: (frame: Frame) => void): Promise<Frame | undefined> {
    return new Promise((resolve) => {
      const own = this.#add(undefined, '', boundMs, (answer) => {
        if (answer === undefined && this.#closed === undefined) this.#late.set(own, late)
        resolve(answer)
      })
      this.#write(Buffer.from(requestText(String(own), method)))
    })
  }

  /** Takes the agent's answer to where it belongs; an answer to nothing is dropped. */
  answer(frame: Frame): void {
    const id = idInteger(frame)
    const open = id === undefined ? undefined : this.#open.get(id)
    if (id === undefined) return
    if (open === undefined) {
      const late = this.#late.get(id)
      this.#late.delete(id)
      late?.(frame)
      return
    }
    this.#open.delete(id)
    open.cancelTimer()
    open.answered(frame)
  }

  /** The server cancelled a request of its own. */
  withdraw(upstream: Upstream, notice: Frame): void {
    const wanted = rawText(notice.line, notice.requestIdStart, notice.requestIdEnd)
    for (const [id, open] of this.#open) {
      if (open.upstream !== upstream || open.idText !== wanted) continue
      this.#open.delete(id)
      open.cancelTimer()
      const edit = { start: notice.requestIdStart, end: notice.requestIdEnd, text: String(id) }
      this.#write(spliceRanges(notice.line, [edit]))
      return
    }
  }

  /** The server is gone. */
  withdrawAll(upstream: Upstream): void {
    for (const [id, open] of this.#open) {
      if (open.upstream !== upstream) continue
      this.#open.delete(id)
      open.cancelTimer()
      this.#tellCancelled(id, 'the server ended')
    }
  }

  /** Nobody will answer any more. */
  close(why: string): void {
    this.#closed = why
    this.#late.clear()
    for (const open of this.#open.values()) {
      open.cancelTimer()
      if (open.upstream === undefined) open.answered(undefined)
      else open.upstream.tell(Buffer.from(errorText(open.idText, ERRORS.client_gone.wire, why)))
    }
    this.#open.clear()
  }

  #add(upstream: Upstream | undefined, id: string, boundMs: number, answered: Open['answered']): number {
    const own = this.#nextId++
    const cancelTimer = this.#clock.after(boundMs, () => {
      if (!this.#open.delete(own)) return
      // What we asked ourselves may still be answered.
      if (upstream !== undefined) this.#tellCancelled(own, `no answer within ${boundMs} ms`)
      answered(undefined)
    })
    this.#open.set(own, { upstream, idText: id, answered, cancelTimer })
    return own
  }

  #tellCancelled(requestId: number, reason: string): void {
    this.#write(
      Buffer.from(notificationText('notifications/cancelled', JSON.stringify({ requestId, reason }))),
    )
  }
}

function neededCapability(method: string): string | null {
  return (CAPABILITY_OF_SERVER_REQUEST as Readonly<Record<string, string | null>>)[method] ?? null
}
