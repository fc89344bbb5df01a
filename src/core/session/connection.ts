import type { Socket } from 'node:net'
import type { Clock } from '../clock.ts'
import { EOF_MARKER } from '../daemon/hello.ts'
import { LineSplitter, type OverlongLine } from '../lines.ts'
import type { Limits } from '../pool/limits.ts'
import type { Frame } from '../protocol/frame.ts'
import { Outbox } from '../protocol/outbox.ts'
import { Patience } from './patience.ts'

/** What comes from the agent's end. */
export interface ConnectionEvents {
  line(line: Buffer): void
  /** A line over the limit was dropped. */
  overlong(line: OverlongLine): void
  /** The agent reads too slowly (true), or has caught up. */
  slow(slow: boolean): void
  /** The agent writes no more, but still reads. */
  halfClosed(): void
  /** The answers owed since the half-close are late. */
  waitedEnough(why: string): void
  /** The agent is gone, or must be given up. Called once. */
  died(why: string): void
}

/** How the connection is read and bounded. */
export interface ConnectionParts {
  readonly clock: Clock
  readonly limits: Limits
  /** The relay cannot tell half-close from death: an end of input is a half-close. */
  readonly plainEof: boolean
}

/** After our last byte the agent may take this long to close. */
const CLOSE_MS = 5_000

/** The socket of one agent: lines in, lines out, and what an end of input means. */
export class Connection {
  readonly #socket: Socket
  readonly #parts: ConnectionParts
  readonly #events: ConnectionEvents
  readonly #out: Outbox
  readonly #patience: Patience
  #holds = 0
  #sawEofMarker = false
  #dead = false
  #cancelTimer = (): void => {}

  constructor(socket: Socket, parts: ConnectionParts, events: ConnectionEvents) {
    this.#socket = socket
    this.#parts = parts
    this.#events = events
    this.#patience = new Patience(parts.clock, parts.limits, events.waitedEnough)
    this.#out = new Outbox(socket, parts.limits.sessionBacklogBytes, {
      pressure: (high) => {
        this.hold(high)
        events.slow(high)
      },
      overflow: (waiting) => this.#die(`it does not read: ${waiting} bytes wait`),
    })
    const lines = new LineSplitter(
      parts.limits.lineBytes,
      (line) => this.#hear(line),
      () => {},
      (line) => events.overlong(line),
    )
    socket.on('data', (chunk: Buffer) => lines.push(chunk))
    socket.on('end', () => this.#inputEnded())
    socket.on('error', () => this.#die('the connection broke'))
    socket.on('close', () => this.#die('the connection closed'))
  }

  push(line: Buffer): void {
    this.#patience.sign()
    this.#out.push(line)
  }

  /** A message under another id. */
  pushFrame(frame: Frame, newIdText: string): void {
    this.#patience.sign()
    this.#out.pushFrame(frame, newIdText)
  }

  /** Reads nothing from the agent (true) until every hold is taken back. */
  hold(held: boolean): void {
    this.#holds = Math.max(0, this.#holds + (held ? 1 : -1))
    if (this.#dead) return
    if (this.#holds > 0) this.#socket.pause()
    else this.#socket.resume()
  }

  /** Sends what waits and closes. */
  finish(): void {
    if (this.#dead) return
    // A relay that is bare nc stays while its input is open unless both directions are closed.
    if (this.#parts.plainEof) this.#socket.once('finish', () => this.#socket.destroySoon())
    this.#out.end()
    this.#patience.end()
    this.#cancelTimer()
    this.#cancelTimer = this.#parts.clock.after(CLOSE_MS, () => this.#die('it did not close'))
  }

  /** Closes at once, whatever waits. */
  abort(why: string): void {
    this.#die(why)
  }

  #hear(line: Buffer): void {
    if (line.length === EOF_MARKER.length && line.toString('latin1') === EOF_MARKER) this.#sawEofMarker = true
    else this.#events.line(line)
  }

  #inputEnded(): void {
    if (this.#dead) return
    if (this.#sawEofMarker || this.#parts.plainEof) {
      this.#patience.begin()
      this.#events.halfClosed()
    } else this.#die('the agent is gone')
  }

  #die(why: string): void {
    if (this.#dead) return
    this.#dead = true
    this.#cancelTimer()
    this.#patience.end()
    this.#events.died(why)
    this.#out.close()
    this.#socket.destroy()
  }
}
