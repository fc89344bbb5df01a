import { crc32 } from 'node:zlib'

/**
 * One block of a segment, little endian:
 *
 *     0  magic    u32   MAGIC
 *     4  crc32    u32   of everything from byte 8 on
 *     8  length   u32   bytes of the payload
 *    12  rows     u32
 *    16  type     u8    a kind by its number in KIND_ORDER, or HEAD, or SEAL
 *    17  columns  u8    how many columns the writer knew
 *    18  zero     u16
 *    20  payload
 *
 * Each stands alone, so a reader can begin at any of them and find the next one behind damaged bytes.
 */
export const FRAME_HEAD_BYTES = 20
const MAGIC = 0x3145594d

/** The first frame of a segment: who writes it, as JSON. */
export const HEAD = 255
/** The last one: nothing will be added. */
export const SEAL = 254

/** Larger ones are never written, and a length above is damage. */
export const MAX_PAYLOAD_BYTES = 64 * 1024 * 1024

/** A frame that was read and whose checksum is right. */
export interface SegmentFrame {
  readonly type: number
  readonly rows: number
  readonly columns: number
  readonly payload: Buffer
  /** Position behind it in the bytes that were searched. */
  readonly end: number
}

/** Fills in the head of a frame whose payload is in place behind FRAME_HEAD_BYTES. */
export function sealFrame(bytes: Buffer, type: number, rows: number, columns: number): Buffer {
  bytes.writeUInt32LE(MAGIC, 0)
  bytes.writeUInt32LE(bytes.length - FRAME_HEAD_BYTES, 8)
  bytes.writeUInt32LE(rows, 12)
  bytes[16] = type
  bytes[17] = columns
  bytes.writeUInt16LE(0, 18)
  bytes.writeUInt32LE(crc32(bytes.subarray(8)), 4)
  return bytes
}

/** A frame that carries bytes of its own, HEAD or SEAL. */
export function plainFrame(type: number, payload: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(FRAME_HEAD_BYTES + payload.length)
  payload.copy(bytes, FRAME_HEAD_BYTES)
  return sealFrame(bytes, type, 0, 0)
}

/**
 * The next whole frame at or behind `from`; `skipped` bytes before it belong to none. Without one, `need` bytes more may complete a frame
 * that begins at `from + skipped`; 0 when none begins there. `behind` is how many bytes follow, or may: only a frame that they cannot
 * complete is looked into for another one, because texts in it may look like frames.
 */
export function nextFrame(
  bytes: Buffer,
  from: number,
  behind = 0,
):
  | { readonly frame: SegmentFrame; readonly skipped: number }
  | { readonly need: number; readonly skipped: number } {
  let unfinished: { need: number; skipped: number } | undefined
  for (let at = from; ; at++) {
    at = indexOfMagic(bytes, at)
    if (at === -1) break
    if (bytes.length - at < FRAME_HEAD_BYTES) {
      unfinished ??= { need: FRAME_HEAD_BYTES, skipped: at - from }
      break
    }
    const length = bytes.readUInt32LE(at + 8)
    if (length > MAX_PAYLOAD_BYTES) continue
    const end = at + FRAME_HEAD_BYTES + length
    if (end > bytes.length) {
      unfinished ??= { need: end - bytes.length, skipped: at - from }
      if (end - bytes.length <= behind) break
      // Torn, or its length is damage: a later frame that is whole decides.
      continue
    }
    if (crc32(bytes.subarray(at + 8, end)) !== bytes.readUInt32LE(at + 4)) continue
    const frame = {
      type: bytes[at + 16]!,
      columns: bytes[at + 17]!,
      rows: bytes.readUInt32LE(at + 12),
      payload: bytes.subarray(at + FRAME_HEAD_BYTES, end),
      end,
    }
    return { frame, skipped: at - from }
  }
  return unfinished ?? { need: 0, skipped: Math.max(0, bytes.length - from - 3) }
}

const MAGIC_BYTES = Buffer.from([0x4d, 0x59, 0x45, 0x31])

function indexOfMagic(bytes: Buffer, from: number): number {
  return bytes.indexOf(MAGIC_BYTES, from)
}
