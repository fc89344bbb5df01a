import { cleanText } from './clean.ts'
import { type ColumnBuilder, columnBuilder, MAX_ROWS } from './column.ts'
import { type ColumnType, type EventOf, KIND_ORDER, KINDS, type Kind } from './event.ts'
import { FRAME_HEAD_BYTES, MAX_PAYLOAD_BYTES, sealFrame } from './frame.ts'

/** A batch is cut when its texts grow over this, whatever its rows: a frame stays readable in one piece. */
const MAX_TEXT_UNITS = 4 * 1024 * 1024
/** A larger frame gets a buffer of its own for the moment that it takes. */
const MAX_SCRATCH_BYTES = 2 * 1024 * 1024

/** Where frames are put together before their size is known. One for all batches of a writer. */
export class Scratch {
  #bytes = Buffer.alloc(0)

  /** A buffer of at least that size, valid until the next call. */
  of(size: number): Buffer {
    if (size <= this.#bytes.length) return this.#bytes
    const bytes = Buffer.allocUnsafeSlow(size)
    if (size <= MAX_SCRATCH_BYTES) this.#bytes = bytes
    return bytes
  }
}

/** Events of one kind that wait to become a frame. */
export class Batch {
  rows = 0
  readonly #type: number
  readonly #names: readonly string[]
  readonly #texts: readonly boolean[]
  readonly #columns: readonly ColumnBuilder[]
  readonly #scratch: Scratch
  #units = 0

  constructor(kind: Kind, scratch: Scratch) {
    const types: Readonly<Record<string, ColumnType>> = KINDS[kind]
    this.#type = KIND_ORDER.indexOf(kind)
    this.#names = Object.keys(types)
    this.#texts = Object.values(types).map((type) => type === 'label' || type === 'text')
    this.#columns = Object.values(types).map(columnBuilder)
    this.#scratch = scratch
  }

  /** Adds one event; true when the batch is full and has to be taken. */
  add(event: EventOf<Kind>): boolean {
    const row = this.rows
    const values = event as unknown as Readonly<Record<string, string | number | boolean>>
    for (let i = 0; i < this.#columns.length; i++) {
      let value = values[this.#names[i]!]!
      if (this.#texts[i]) {
        value = cleanText(value as string)
        this.#units += value.length
      }
      this.#columns[i]!.add(value, row)
    }
    this.rows = row + 1
    return this.rows === MAX_ROWS || this.#units > MAX_TEXT_UNITS
  }

  /** Everything in it as one frame, in a buffer of exactly its size; the batch is empty afterwards. */
  take(): Buffer {
    const size = this.#columns.reduce((sum, column) => sum + column.size(this.rows), FRAME_HEAD_BYTES)
    if (size > MAX_PAYLOAD_BYTES) throw new RangeError('a frame over the limit')
    const bytes = this.#scratch.of(size)
    let at = FRAME_HEAD_BYTES
    for (const column of this.#columns) at = column.write(bytes, at, this.rows)
    // A copy: what waits for the disk is bounded by its length, so nothing may hang on behind it.
    const frame = Buffer.allocUnsafeSlow(at)
    bytes.copy(frame, 0, 0, at)
    sealFrame(frame, this.#type, this.rows, this.#columns.length)
    for (const column of this.#columns) column.clear()
    this.rows = 0
    this.#units = 0
    return frame
  }
}
