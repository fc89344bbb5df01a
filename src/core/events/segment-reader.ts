import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import type { Clock } from '../clock.ts'
import { FRAME_HEAD_BYTES, HEAD, MAX_PAYLOAD_BYTES, nextFrame, SEAL, type SegmentFrame } from './frame.ts'
import { isSealed, type SegmentHead } from './segment-file.ts'
import { isFinished } from './segment-rest.ts'

const READ_BYTES = 1024 * 1024

/** Reads the data frames of one segment in order, up to where it ended when it was opened. close() it. */
export class SegmentReader {
  /** Everything before it was read or is damage; a tail that is no whole frame yet is left for the next time. */
  offset: number
  /** Bytes that belong to no whole frame and never will. */
  damaged = 0
  readonly size: number
  /** Nothing will be added: all of it is within `size`. */
  readonly finished: boolean
  readonly #fd: number
  /** Read from `offset` on, not given out yet. */
  #bytes = Buffer.alloc(0)

  /** Throws what opening a file throws. */
  constructor(path: string, offset: number, clock: Clock) {
    this.#fd = openSync(path, 'r')
    this.offset = offset
    // In this order: a writer that adds something and ends in between is not taken for one that had ended.
    try {
      const ended = isFinished(path, headOf(this.#fd), clock)
      this.size = fstatSync(this.#fd).size
      this.finished = ended || isSealed(this.#fd, this.size)
    } catch (error) {
      closeSync(this.#fd)
      throw error
    }
  }

  /** The next one; undefined when there is no further whole one. Its payload is valid until the next call. */
  next(): SegmentFrame | undefined {
    for (;;) {
      const start = this.offset + this.#bytes.length
      const found = nextFrame(this.#bytes, 0, this.finished ? this.size - start : Number.POSITIVE_INFINITY)
      if ('frame' in found) {
        this.damaged += found.skipped
        this.#advance(found.frame.end)
        if (found.frame.type === HEAD || found.frame.type === SEAL) continue
        return found.frame
      }
      if (start >= this.size) return undefined
      // With more behind them, bytes in which no frame begins will never be one.
      if (found.need === 0) this.#skip(found.skipped)
      else if (this.#bytes.length > MAX_PAYLOAD_BYTES + FRAME_HEAD_BYTES) this.#skip(this.#bytes.length)
      const read = bytesAt(this.#fd, start, Math.min(Math.max(READ_BYTES, found.need), this.size - start))
      if (read.length === 0) return undefined
      this.#bytes = this.#bytes.length === 0 ? read : Buffer.concat([this.#bytes, read])
    }
  }

  close(): void {
    closeSync(this.#fd)
  }

  #advance(bytes: number): void {
    this.offset += bytes
    this.#bytes = this.#bytes.subarray(bytes)
  }

  #skip(bytes: number): void {
    this.damaged += bytes
    this.#advance(bytes)
  }
}

/** Up to `length` bytes of a file; fewer when it ends before. */
function bytesAt(fd: number, position: number, length: number): Buffer<ArrayBuffer> {
  const bytes = Buffer.allocUnsafe(length)
  let filled = 0
  while (filled < length) {
    const read = readSync(fd, bytes, filled, length - filled, position + filled)
    if (read === 0) break
    filled += read
  }
  return bytes.subarray(0, filled)
}

function headOf(fd: number): SegmentHead | undefined {
  const found = nextFrame(bytesAt(fd, 0, 4096), 0)
  if (!('frame' in found) || found.frame.type !== HEAD) return undefined
  try {
    return JSON.parse(found.frame.payload.toString('utf8')) as SegmentHead
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Events that a segment holds by the heads of its frames alone: cheap, exact when nothing in it is damaged. */
export function countEvents(path: string): number {
  const fd = openSync(path, 'r')
  try {
    let events = 0
    for (let at = 0; ; ) {
      const bytes = bytesAt(fd, at, FRAME_HEAD_BYTES)
      const found = bytes.length === FRAME_HEAD_BYTES ? nextFrame(bytes, 0) : undefined
      if (found === undefined || found.skipped > 0) return events
      if ('frame' in found) at += FRAME_HEAD_BYTES
      else if (found.need === 0) return events
      else {
        events += bytes.readUInt32LE(12)
        at += FRAME_HEAD_BYTES + bytes.readUInt32LE(8)
      }
    }
  } finally {
    closeSync(fd)
  }
}
