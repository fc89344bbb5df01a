import { isAscii } from 'node:buffer'
import { type Cursor, MAX_ROWS, readNumbers, readTexts } from './column.ts'
import type { SegmentFrame } from './frame.ts'

const INDEXES = new Int32Array(MAX_ROWS)

/** Texts one behind the other, as Parquet has them: a length of 4 bytes, then UTF-8. */
export class TextPage {
  #bytes = Buffer.allocUnsafe(8192)
  #length = 0
  /** Up to where it will not be taken back. */
  #kept = 0

  /** What was kept so far. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#kept)
  }

  /** What was added is there for good; pairs with takeBack(). */
  keep(): void {
    this.#kept = this.#length
  }

  /** What was added since keep() is gone. */
  takeBack(): void {
    this.#length = this.#kept
  }

  clear(): void {
    this.#length = 0
    this.#kept = 0
  }

  add(text: string): void {
    this.#grow(4 + text.length * 3)
    const written = this.#bytes.write(text, this.#length + 4, 'utf8')
    this.#bytes.writeUInt32LE(written, this.#length)
    this.#length += 4 + written
  }

  /** Adds the column of labels at the cursor. Throws RangeError when it is not what it should be. */
  take(frame: SegmentFrame, cursor: Cursor): void {
    const { payload, rows } = frame
    const at = cursor.at
    const count = payload.readUInt32LE(at)
    const size = payload.readUInt32LE(at + 4)
    const start = at + 8 + count * 4
    const block = payload.subarray(start, start + size)
    // Ids nearly always are such bytes, each of them a character: no text need be made of them.
    const plain = isAscii(block) && !block.includes(0)
    const texts = plain ? [] : readTexts(payload, cursor)
    const ends = plain ? endsOf(payload, cursor, count, size) : undefined
    readNumbers(payload, cursor, rows, INDEXES, 0)
    if (ends !== undefined) this.#copy(block, ends, rows)
    else
      for (let i = 0; i < rows; i++) {
        const text = texts[INDEXES[i]!]
        if (text === undefined) throw new RangeError('text out of bounds')
        this.add(text)
      }
  }

  #copy(block: Buffer, ends: Uint32Array, rows: number): void {
    for (let i = 0; i < rows; i++) {
      const index = INDEXES[i]!
      if (index < 0 || index >= ends.length) throw new RangeError('text out of bounds')
    }
    let at = this.#length
    for (let i = 0; i < rows; i++) {
      const index = INDEXES[i]!
      const from = index === 0 ? 0 : ends[index - 1]!
      const to = ends[index]!
      const length = to - from
      if (at + 4 + length > this.#bytes.length) {
        this.#length = at
        this.#grow(4 + length)
      }
      const out = this.#bytes
      out[at] = length
      out[at + 1] = length >>> 8
      out[at + 2] = length >>> 16
      out[at + 3] = length >>> 24
      at += 4
      // Shorter than what it costs to call copy().
      if (length < 64) for (let j = from; j < to; j++) out[at++] = block[j]!
      else at += block.copy(out, at, from, to)
    }
    this.#length = at
  }

  #grow(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + more))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}

/** Where each text of the list at the cursor ends; moves the cursor behind the list. Throws as readTexts() does. */
function endsOf(payload: Buffer, cursor: Cursor, count: number, size: number): Uint32Array {
  const start = cursor.at + 8 + count * 4
  if (start + size > payload.length) throw new RangeError('texts out of bounds')
  const ends = new Uint32Array(count)
  new Uint8Array(ends.buffer).set(payload.subarray(cursor.at + 8, start))
  let last = 0
  for (const end of ends) {
    if (end < last || end > size) throw new RangeError('text out of bounds')
    last = end
  }
  cursor.at = start + size
  return ends
}
