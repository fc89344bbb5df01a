import { type ColumnBuilder, columnBuilder, MAX_ROWS } from './column.ts'
import { type ColumnType, type EventOf, KIND_ORDER, KINDS, type Kind } from './event.ts'
import { FRAME_HEAD_BYTES, MAX_PAYLOAD_BYTES, sealFrame } from './frame.ts'

/** A batch is cut when its texts grow over this, whatever its rows: a frame stays readable in one piece. */
const MAX_TEXT_UNITS = 4 * 1024 * 1024
/** No name is longer; a longer one is cut, which is told nowhere else than in its length. */
const MAX_TEXT_LENGTH = 64 * 1024

/** Events of one kind that wait to become a frame. */
export class Batch {
  rows = 0
  readonly #type: number
  readonly #names: readonly string[]
  readonly #texts: readonly boolean[]
  readonly #columns: readonly ColumnBuilder[]
  #units = 0

  constructor(kind: Kind) {
    const types: Readonly<Record<string, ColumnType>> = KINDS[kind]
    this.#type = KIND_ORDER.indexOf(kind)
    this.#names = Object.keys(types)
    this.#texts = Object.values(types).map((type) => type === 'label' || type === 'text')
    this.#columns = Object.values(types).map(columnBuilder)
  }

  /** Adds one event; true when the batch is full and has to be taken. */
  add(event: EventOf<Kind>): boolean {
    const row = this.rows++
    const values = event as unknown as Readonly<Record<string, string | number | boolean>>
    for (let i = 0; i < this.#columns.length; i++) {
      let value = values[this.#names[i]!]!
      if (this.#texts[i]) {
        if ((value as string).length > MAX_TEXT_LENGTH) value = (value as string).slice(0, MAX_TEXT_LENGTH)
        this.#units += (value as string).length
      }
      this.#columns[i]!.add(value, row)
    }
    return this.rows === MAX_ROWS || this.#units > MAX_TEXT_UNITS
  }

  /** Everything in it as one frame; the batch is empty afterwards. */
  take(): Buffer {
    const size = this.#columns.reduce((sum, column) => sum + column.size(this.rows), FRAME_HEAD_BYTES)
    if (size > MAX_PAYLOAD_BYTES) throw new RangeError('a frame over the limit')
    const bytes = Buffer.allocUnsafe(size)
    let at = FRAME_HEAD_BYTES
    for (const column of this.#columns) at = column.write(bytes, at, this.rows)
    const frame = sealFrame(bytes.subarray(0, at), this.#type, this.rows, this.#columns.length)
    for (const column of this.#columns) column.clear()
    this.rows = 0
    this.#units = 0
    return frame
  }
}
