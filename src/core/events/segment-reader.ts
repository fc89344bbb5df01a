import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { FRAME_HEAD_BYTES, HEAD, MAX_PAYLOAD_BYTES, nextFrame, SEAL, type SegmentFrame } from './frame.ts'
import type { SegmentHead } from './segment-file.ts'

/** How far a segment could be read. */
export interface ReadEnd {
  /** Everything before it was read or is damage. */
  readonly offset: number
  /** Bytes that belong to no whole frame and never will. */
  readonly damaged: number
  /** Its last frame says that nothing will be added. */
  readonly sealed: boolean
  readonly head: SegmentHead | undefined
}

const READ_BYTES = 1024 * 1024

/**
 * Gives the data frames of a segment from `offset` on to `take`, in order, until that returns false, and tells how far it came. A tail
 * that is no whole frame yet is left for the next time. The payload is valid during the call only.
 */
export function readSegment(path: string, offset: number, take: (frame: SegmentFrame) => boolean): ReadEnd {
  const fd = openSync(path, 'r')
  try {
    const { size } = fstatSync(fd)
    let head = offset > 0 ? headOf(fd) : undefined
    let bytes = Buffer.alloc(0)
    let start = offset
    let damaged = 0
    let sealed = false
    let want = READ_BYTES
    for (let going = true; going; ) {
      const room = Math.min(want, size - start - bytes.length)
      const eof = room <= 0
      if (!eof) bytes = more(fd, bytes, start + bytes.length, room)
      let at = 0
      want = READ_BYTES
      while (going) {
        const found = nextFrame(bytes, at)
        if (!('frame' in found)) {
          // What comes before an unfinished frame is damage once something whole could follow it.
          if (found.need > 0) want = Math.max(READ_BYTES, found.need)
          break
        }
        const { frame, skipped } = found
        damaged += skipped
        at = frame.end
        if (frame.type === HEAD) head = parsed(frame.payload) ?? head
        else if (frame.type === SEAL) sealed = true
        else going = take(frame)
      }
      start += at
      bytes = bytes.subarray(at)
      if (eof) break
      if (bytes.length > MAX_PAYLOAD_BYTES + FRAME_HEAD_BYTES) {
        damaged += bytes.length
        start += bytes.length
        bytes = Buffer.alloc(0)
      }
    }
    return { offset: start, damaged, sealed, head }
  } finally {
    closeSync(fd)
  }
}

function more(fd: number, have: Buffer, position: number, length: number): Buffer<ArrayBuffer> {
  const bytes = Buffer.allocUnsafe(have.length + length)
  have.copy(bytes)
  let filled = have.length
  while (filled < bytes.length) {
    const read = readSync(fd, bytes, filled, bytes.length - filled, position + filled - have.length)
    if (read === 0) break
    filled += read
  }
  return bytes.subarray(0, filled) as Buffer<ArrayBuffer>
}

function headOf(fd: number): SegmentHead | undefined {
  const found = nextFrame(more(fd, Buffer.alloc(0), 0, 4096), 0)
  return 'frame' in found && found.frame.type === HEAD ? parsed(found.frame.payload) : undefined
}

function parsed(payload: Buffer): SegmentHead | undefined {
  try {
    return JSON.parse(payload.toString('utf8')) as SegmentHead
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
