import type { Writable } from 'node:stream'

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
  #queue: Buffer[] = []
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

  push(bytes: Buffer): void {
    if (this.#closed) return
    this.#queue.push(bytes)
    this.#queuedBytes += bytes.length
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(this.#flush)
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

  readonly #flush = (): void => {
    this.#scheduled = false
    if (this.#closed || this.#stream.destroyed) return
    const queue = this.#queue
    if (queue.length === 0) return
    const bytes = queue.length === 1 ? (queue[0] as Buffer) : Buffer.concat(queue, this.#queuedBytes)
    this.#queue = []
    this.#queuedBytes = 0
    this.#stream.write(bytes)
    const waiting = this.#stream.writableLength
    if (waiting > this.#limitBytes) this.#events.overflow(waiting)
    else if (waiting > HIGH_WATER_BYTES && !this.#high) {
      this.#high = true
      this.#events.pressure(true)
    }
  }

  #relieve(): void {
    if (!this.#high) return
    this.#high = false
    this.#events.pressure(false)
  }
}
