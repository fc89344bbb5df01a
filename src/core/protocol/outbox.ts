import type { Writable } from 'node:stream'
import type { Frame } from './frame.ts'
import { splicedLength, spliceInto } from './splice.ts'

/** Above this many waiting bytes the sources of a stream are asked to pause. */
export const HIGH_WATER_BYTES = 1024 * 1024

/** What an outbox tells its owner. */
export interface OutboxEvents {
  /** More than HIGH_WATER_BYTES wait (true), or all of it has left (false). */
  pressure(high: boolean): void
  /** More than the hard limit waits: the reader is too slow to be served. */
  overflow(waitingBytes: number): void
}

/**
 * Ordered bytes on their way to one stream. Lines pushed within one turn of the event loop leave in one write,
 * so that many sessions' calls to one server cost one system call.
 */
export class Outbox {
  readonly #stream: Writable
  readonly #limitBytes: number
  readonly #events: OutboxEvents
  /** What waits, three places each: a line ready to send or a frame, and a frame's new id and progress token. */
  #queue: (Buffer | Frame | string | undefined)[] = []
  #queuedBytes = 0
  #scheduled = false
  #high = false
  #closed = false

  constructor(stream: Writable, limitBytes: number, events: OutboxEvents) {
    this.#stream = stream
    this.#limitBytes = limitBytes
    this.#events = events
    stream.on('drain', () => this.#relieve())
  }

  /** Bytes not yet handed to the kernel. */
  get waitingBytes(): number {
    return this.#queuedBytes + this.#stream.writableLength
  }

  /** A line, its newline included. */
  push(line: Buffer): void {
    if (this.#closed) return
    this.#queue.push(line, undefined, undefined)
    this.#expect(line.length)
  }

  /** A message under another id and, when given, progress token (as spliceId). No line is made of it before it leaves. */
  pushFrame(frame: Frame, newIdText: string, newTokenText?: string): void {
    if (this.#closed) return
    this.#queue.push(frame, newIdText, newTokenText)
    this.#expect(splicedLength(frame, newIdText, newTokenText))
  }

  /** Writes what waits and ends the stream. */
  end(): void {
    if (this.#closed) return
    this.#flush()
    this.#closed = true
    if (!this.#stream.destroyed) this.#stream.end()
  }

  /** Forgets what waits. */
  close(): void {
    this.#closed = true
    this.#queue = []
    this.#queuedBytes = 0
    this.#relieve()
  }

  #expect(bytes: number): void {
    this.#queuedBytes += bytes
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(this.#flush)
  }

  readonly #flush = (): void => {
    this.#scheduled = false
    if (this.#closed || this.#stream.destroyed) return
    if (this.#queue.length === 0) return
    this.#stream.write(this.#take())
    const waiting = this.#stream.writableLength
    if (waiting > this.#limitBytes) this.#events.overflow(waiting)
    else if (waiting > HIGH_WATER_BYTES && !this.#high) {
      this.#high = true
      this.#events.pressure(true)
    }
  }

  /** Everything that waits, in one piece. */
  #take(): Buffer {
    const queue = this.#queue
    const bytes = Buffer.allocUnsafe(this.#queuedBytes)
    this.#queue = []
    this.#queuedBytes = 0
    let end = 0
    for (let at = 0; at < queue.length; at += 3) {
      const one = queue[at] as Buffer | Frame
      if (Buffer.isBuffer(one)) end += one.copy(bytes, end)
      else end = spliceInto(bytes, end, one, queue[at + 1] as string, queue[at + 2] as string | undefined)
    }
    return bytes
  }

  #relieve(): void {
    if (!this.#high) return
    this.#high = false
    this.#events.pressure(false)
  }
}
