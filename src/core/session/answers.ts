import { MyceliumError, wireCodeOf, withHint } from '../errors.ts'
import type { Log } from '../log.ts'
import { idText } from '../protocol/fields.ts'
import { type Frame, scanFrame } from '../protocol/frame.ts'
import { errorText, resultText } from '../protocol/messages.ts'
import { spliceId } from '../protocol/splice.ts'
import type { BatchReply } from './batch.ts'
import type { Connection } from './connection.ts'

const PONG = scanFrame(Buffer.from(resultText('0', '{}').trimEnd())) as Frame

/** Writes what an agent is answered: under the request's own id, into its batch where it came in one. */
export class Answers {
  readonly #connection: Pick<Connection, 'push' | 'pushFrame'>
  readonly #log: Log
  readonly #server: string

  constructor(connection: Pick<Connection, 'push' | 'pushFrame'>, log: Log, server: string) {
    this.#connection = connection
    this.#log = log
    this.#server = server
  }

  /** The answer of a server. */
  reply(answer: Frame, request: Frame, batch: BatchReply | undefined): void {
    if (batch === undefined) this.#connection.pushFrame(answer, idText(request))
    else batch.add(spliceId(answer, idText(request)))
  }

  /** To a `ping` that comes before anything else: no reason to start a process. */
  pong(request: Frame, batch: BatchReply | undefined): void {
    this.reply(PONG, request, batch)
  }

  /** The error that kept a request from being answered. */
  fail(frame: Frame, error: unknown, batch: BatchReply | undefined): void {
    const known = error instanceof MyceliumError
    if (!known) this.#log.event('bug', { server: this.#server, what: String(error) })
    this.refuse(frame, wireCodeOf(error), known ? withHint(error) : 'internal error of mycelium', batch)
  }

  /** To an `initialize` that led to no pool: the server's own answer where it gave one. */
  failGreeting(frame: Frame, error: unknown, batch: BatchReply | undefined): void {
    const own = error instanceof MyceliumError ? (error.data?.answer as Frame | undefined) : undefined
    if (own !== undefined) this.reply(own, frame, batch)
    else this.fail(frame, error, batch)
  }

  refuse(frame: Frame, code: number, message: string, batch: BatchReply | undefined): void {
    if (frame.kind === 'notification' || frame.kind === 'response') return
    const line = Buffer.from(errorText(idText(frame) || 'null', code, message))
    if (batch === undefined) this.#connection.push(line)
    else batch.add(line)
  }

  /** Something that cannot be answered under an id of its own. */
  complain(code: number, message: string): void {
    this.#connection.push(Buffer.from(errorText('null', code, message)))
  }
}
