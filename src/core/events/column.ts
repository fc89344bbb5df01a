import { cleanNumber } from './clean.ts'
import type { ColumnType } from './event.ts'

/** Rows that a batch holds at most: as many as a vector of DuckDB, so that a full frame becomes one chunk. */
export const MAX_ROWS = 2048
const FIRST_ROWS = 32

/**
 * One column of a batch in memory. In a frame, numbers take as few bytes as their spread needs, above the smallest of them, and texts are
 * numbers into the list of those that occur:
 *
 *     number column: width u8 (0 all the same, 1, 2, 4 unsigned above base, 8 doubles) · base f64 · rows × width
 *     text column:   count u32 · bytes u32 · count × end u32 · UTF-8 · then the indexes as a number column
 */
export interface ColumnBuilder {
  add(value: string | number | boolean, row: number): void
  /** Bytes that write() may take at most. */
  size(rows: number): number
  /** Gives the position behind what it wrote. */
  write(out: Buffer, at: number, rows: number): number
  clear(): void
}

/** An empty column of that type. */
export function columnBuilder(type: ColumnType): ColumnBuilder {
  if (type === 'text') return new Texts(true)
  if (type === 'label') return new Texts(false)
  return new Numbers(type)
}

class Numbers implements ColumnBuilder {
  readonly #type: ColumnType
  #values = new Float64Array(FIRST_ROWS)

  constructor(type: ColumnType) {
    this.#type = type
  }

  add(value: string | number | boolean, row: number): void {
    if (row === this.#values.length) this.#values = grown(this.#values, new Float64Array(row * 2))
    this.#values[row] = cleanNumber(this.#type, Number(value))
  }

  size(rows: number): number {
    return 9 + rows * 8
  }

  write(out: Buffer, at: number, rows: number): number {
    return writeNumbers(out, at, this.#values, rows)
  }

  clear(): void {}
}

class Texts implements ColumnBuilder {
  readonly #repeat: boolean
  #indexes = new Float64Array(FIRST_ROWS)
  #texts: string[] = []
  readonly #known = new Map<string, number>()
  #last: string | undefined
  #lastIndex = 0
  #units = 0

  constructor(repeat: boolean) {
    this.#repeat = repeat
  }

  add(value: string | number | boolean, row: number): void {
    if (row === this.#indexes.length) this.#indexes = grown(this.#indexes, new Float64Array(row * 2))
    if (value !== this.#last) this.#lastIndex = this.#indexOf(value as string)
    this.#indexes[row] = this.#lastIndex
  }

  #indexOf(text: string): number {
    this.#last = text
    const known = this.#repeat ? this.#known.get(text) : undefined
    if (known !== undefined) return known
    const index = this.#texts.push(text) - 1
    if (this.#repeat) this.#known.set(text, index)
    this.#units += text.length
    return index
  }

  size(rows: number): number {
    return 8 + this.#texts.length * 4 + this.#units * 3 + 9 + rows * 8
  }

  write(out: Buffer, at: number, rows: number): number {
    const ends = at + 8
    const start = ends + this.#texts.length * 4
    let end = start
    for (const [i, text] of this.#texts.entries()) {
      end += out.write(text, end, 'utf8')
      out.writeUInt32LE(end - start, ends + i * 4)
    }
    out.writeUInt32LE(this.#texts.length, at)
    out.writeUInt32LE(end - start, at + 4)
    return writeNumbers(out, end, this.#indexes, rows)
  }

  clear(): void {
    this.#texts = []
    this.#known.clear()
    this.#last = undefined
    this.#units = 0
  }
}

function grown(old: Float64Array, larger: Float64Array): Float64Array<ArrayBuffer> {
  larger.set(old)
  return larger as Float64Array<ArrayBuffer>
}

const scratch = new ArrayBuffer(MAX_ROWS * 8)
const NARROW: readonly (Uint8Array | Uint16Array | Uint32Array)[] = [
  new Uint8Array(scratch),
  new Uint16Array(scratch),
  new Uint32Array(scratch),
]
const DOUBLES = new Float64Array(scratch)
const BYTES = new Uint8Array(scratch)

function writeNumbers(out: Buffer, at: number, values: Float64Array, rows: number): number {
  let min = values[0]!
  let max = min
  for (let i = 1; i < rows; i++) {
    const value = values[i]!
    if (value < min) min = value
    if (value > max) max = value
  }
  const width = narrowed(values, rows, min, max)
  out[at] = width
  out.writeDoubleLE(min, at + 1)
  if (width === 0) return at + 9
  out.set(BYTES.subarray(0, rows * width), at + 9)
  return at + 9 + rows * width
}

/** Fills the scratch with the values at the width that loses nothing, and gives that width in bytes. */
function narrowed(values: Float64Array, rows: number, min: number, max: number): 0 | 1 | 2 | 4 | 8 {
  if (min === max) return 0
  const spread = max - min
  const size = spread < 256 ? 0 : spread < 65_536 ? 1 : spread < 2 ** 32 ? 2 : 3
  const narrow = NARROW[size]
  if (narrow !== undefined) {
    let whole = true
    for (let i = 0; i < rows; i++) {
      narrow[i] = values[i]! - min
      if (narrow[i]! + min !== values[i]) whole = false
    }
    if (whole) return (1 << size) as 1 | 2 | 4
  }
  for (let i = 0; i < rows; i++) DOUBLES[i] = values[i]!
  return 8
}

/** What readNumbers() and readTexts() leave behind. */
export interface Cursor {
  at: number
}

/** Reads a number column into `into` from `offset` on. Throws RangeError when the bytes end before it does. */
export function readNumbers(
  payload: Buffer,
  cursor: Cursor,
  rows: number,
  into: Float64Array | Int32Array,
  offset: number,
): void {
  const width = payload.readUInt8(cursor.at)
  const base = payload.readDoubleLE(cursor.at + 1)
  const start = cursor.at + 9
  const end = start + rows * width
  if (end > payload.length || ![0, 1, 2, 4, 8].includes(width) || rows > MAX_ROWS)
    throw new RangeError('column out of bounds')
  cursor.at = end
  if (width === 0) {
    into.fill(base, offset, offset + rows)
    return
  }
  BYTES.set(payload.subarray(start, end))
  const from = width === 8 ? DOUBLES : NARROW[width === 1 ? 0 : width === 2 ? 1 : 2]!
  const lift = width === 8 ? 0 : base
  for (let i = 0; i < rows; i++) into[offset + i] = from[i]! + lift
}

/** Reads the list of a text column's texts; its indexes follow as a number column. */
export function readTexts(payload: Buffer, cursor: Cursor): string[] {
  const count = payload.readUInt32LE(cursor.at)
  const bytes = payload.readUInt32LE(cursor.at + 4)
  const ends = cursor.at + 8
  const start = ends + count * 4
  if (start + bytes > payload.length) throw new RangeError('texts out of bounds')
  cursor.at = start + bytes
  const texts = new Array<string>(count)
  const all = payload.toString('utf8', start, start + bytes)
  // A byte gives one unit at most, so with as many units as bytes each text is where its bytes are.
  const single = all.length === bytes
  let from = 0
  for (let i = 0; i < count; i++) {
    const to = payload.readUInt32LE(ends + i * 4)
    if (to < from || to > bytes) throw new RangeError('text out of bounds')
    const text = single ? all.slice(from, to) : payload.toString('utf8', start + from, start + to)
    // DuckDB's C interface ends a text at NUL.
    texts[i] = text.includes('\0') ? text.replaceAll('\0', '\ufffd') : text
    from = to
  }
  return texts
}
