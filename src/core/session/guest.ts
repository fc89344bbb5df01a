import type { Socket } from 'node:net'
import type { MyceliumError } from '../errors.ts'
import type { Dispatch } from '../pipeline/call.ts'
import { scanFrame } from '../protocol/frame.ts'
import { Answers } from './answers.ts'
import { CallsInFlight } from './calls-in-flight.ts'
import { Connection } from './connection.ts'
import type { Peer, SessionServices } from './services.ts'

/** What a guest may ask: nothing that changes what a process remembers of its host. */
const ASKABLE: readonly string[] = ['tools/list', 'tools/call']

/** What a guest needs of the daemon; `dispatch` is its host's. */
export interface GuestServices extends Pick<SessionServices, 'clock' | 'limits' | 'log' | 'ended'> {
  readonly dispatch: Dispatch
}

/**
 * A connection whose calls are made in another session's name: `mycelium mcp` calls a tool that was not listed as the agent itself would have
 * called it, in the process that has the agent's state, and what the server asks meanwhile is asked of the agent's own connection.
 */
export class Guest {
  readonly #connection: Connection
  readonly #calls: CallsInFlight
  readonly #answers: Answers
  readonly #services: GuestServices
  #finishing = false

  constructor(id: string, peer: Peer, socket: Socket, services: GuestServices) {
    const { clock, limits, log } = services
    this.#services = services
    this.#connection = new Connection(
      socket,
      { clock, limits, plainEof: true },
      {
        line: (line) => this.#hear(line),
        overlong: () => this.#connection.abort('a line is too long'),
        slow: () => {},
        halfClosed: () => {
          this.#finishing = true
          this.#finishIfDone()
        },
        waitedEnough: (why) => this.#connection.abort(why),
        died: (why) => {
          this.#calls.cancelAll(why)
          services.ended(why)
        },
      },
    )
    this.#answers = new Answers(this.#connection, log, peer.server)
    this.#calls = new CallsInFlight({
      ...{ id, peer, answers: this.#answers },
      push: (line) => this.#connection.push(line),
      settled: () => this.#finishIfDone(),
    })
  }

  /** Its host is gone: what is in flight is cancelled, and whoever asked may come back with a session of its own. */
  close(error: MyceliumError): void {
    this.#calls.cancelAll(error.message, error)
    this.#connection.finish()
  }

  #hear(line: Buffer): void {
    const { clock, limits, dispatch } = this.#services
    const frame = scanFrame(line)
    if (frame?.kind === 'notification' && frame.method === 'notifications/cancelled')
      this.#calls.cancel(frame)
    if (frame?.kind !== 'request') return
    if (!ASKABLE.includes(frame.method ?? ''))
      this.#answers.refuse(frame, -32601, 'Method not found', undefined)
    else if (this.#calls.size >= limits.callsPerSession)
      this.#answers.refuse(frame, -32009, 'too many calls wait already', undefined)
    else if (!this.#finishing)
      this.#calls.start({ frame, batch: undefined, heardAtMs: clock.now() }, dispatch)
  }

  #finishIfDone(): void {
    if (this.#finishing && this.#calls.size === 0) this.#connection.finish()
  }
}
