import { type Cursor, MAX_ROWS, readNumbers, readTexts } from './column.ts'
import type { SegmentFrame } from './frame.ts'
import { type ParquetColumn, ParquetWriter } from './parquet.ts'
import { TextPage } from './text-page.ts'

/** Of a frame whose keys are small, the combination of each. */
const SLOTS = new Int32Array(65_536)

/** Sets of columns by name: combinations that agree in one set get the same number in a column of that name. */
export type Groups = Readonly<Record<string, readonly string[]>>

/**
 * The texts of rows, as numbers of the combinations that occur: a dozen columns of names are the same few dozen combinations over and over,
 * and one join by a number is cheaper than a dozen by name.
 */
export class TextTuples {
  readonly #name: string
  readonly #columns: readonly string[]
  readonly #groups: readonly {
    readonly name: string
    readonly at: readonly number[]
    readonly firsts: Map<string, number>
  }[]
  /** Every text that occurs, by its number; the empty one is 0. */
  readonly #texts: string[] = ['']
  readonly #textIds = new Map<string, number>([['', 0]])
  /** Of each combination, its texts in the order of the columns, then the first combination that agrees in each group. */
  readonly #tuples: number[][] = []
  readonly #ids = new Map<string, number>()
  /** Of the frame at hand: each row's combination as one number, mixed radix over the lists of texts. */
  readonly #keys = new Float64Array(MAX_ROWS)
  readonly #indexes = new Int32Array(MAX_ROWS)
  #lists: number[][] = []
  #scale = 1
  #rows = 0
  /** Lists whose product would be no exact number any more begin a part of their own. */
  #early: { keys: Float64Array; lists: number[][] }[] = []

  /** `name` is that of the column with the number of the combination. */
  constructor(name: string, columns: readonly string[], groups: Groups = {}) {
    this.#name = name
    this.#columns = columns
    this.#groups = Object.entries(groups).map(([name, of]) => ({
      name,
      at: of.map((column) => columns.indexOf(column)),
      firsts: new Map(),
    }))
  }

  /** Combinations so far. */
  get size(): number {
    return this.#tuples.length
  }

  /** Begins a frame; take() or skip() follow for each column in order, then end(). */
  begin(rows: number): void {
    this.#rows = rows
    this.#keys.fill(0, 0, rows)
    this.#lists = []
    this.#early = []
    this.#scale = 1
  }

  /** The next column is in the frame. Throws RangeError when it is not what it should be. */
  take(frame: SegmentFrame, cursor: Cursor): void {
    const texts = readTexts(frame.payload, cursor)
    readNumbers(frame.payload, cursor, this.#rows, this.#indexes, 0)
    if (this.#scale * texts.length > Number.MAX_SAFE_INTEGER) this.#setAside()
    const scale = this.#scale
    const keys = this.#keys
    const indexes = this.#indexes
    for (let i = 0; i < this.#rows; i++) {
      const index = indexes[i]!
      if (index < 0 || index >= texts.length) throw new RangeError('text out of bounds')
      keys[i] = keys[i]! + index * scale
    }
    this.#lists.push(texts.map((text) => this.#textId(text)))
    this.#scale = scale * Math.max(1, texts.length)
  }

  /** The next column is not in the frame: empty in every row. */
  skip(): void {
    this.#lists.push([0])
  }

  #setAside(): void {
    this.#early.push({ keys: this.#keys.slice(0, this.#rows), lists: this.#lists })
    this.#keys.fill(0, 0, this.#rows)
    this.#lists = []
    this.#scale = 1
  }

  /** Writes the number of each row's combination. */
  end(into: Int32Array, offset: number): void {
    if (this.#early.length === 0 && this.#scale <= SLOTS.length) {
      this.#endDense(into, offset)
      return
    }
    const seen = new Map<number, number>()
    for (let i = 0; i < this.#rows; i++) {
      const key = this.#keys[i]!
      let id = this.#early.length === 0 ? seen.get(key) : undefined
      if (id === undefined) {
        const early = this.#early.flatMap(({ keys, lists }) => idsOf(keys[i]!, lists))
        id = this.#idOf([...early, ...idsOf(key, this.#lists)])
        seen.set(key, id)
      }
      into[offset + i] = id
    }
  }

  /** The same where the keys are so small, as nearly always, that each has a place of its own. */
  #endDense(into: Int32Array, offset: number): void {
    SLOTS.fill(-1, 0, this.#scale)
    const keys = this.#keys
    for (let i = 0; i < this.#rows; i++) {
      const key = keys[i]!
      let id = SLOTS[key]!
      if (id === -1) {
        id = this.#idOf(idsOf(key, this.#lists))
        SLOTS[key] = id
      }
      into[offset + i] = id
    }
  }

  #textId(text: string): number {
    const known = this.#textIds.get(text)
    if (known !== undefined) return known
    const id = this.#texts.push(text) - 1
    this.#textIds.set(text, id)
    return id
  }

  #idOf(ids: number[]): number {
    const key = keyOf(ids)
    const known = this.#ids.get(key)
    if (known !== undefined) return known
    const id = this.#tuples.push(ids) - 1
    this.#ids.set(key, id)
    for (const { at, firsts } of this.#groups) {
      const group = keyOf(at.map((column) => ids[column]!))
      const first = firsts.get(group) ?? id
      if (first === id) firsts.set(group, id)
      ids.push(first)
    }
    return id
  }

  /** Writes the combinations and their groups to a new Parquet file, and keeps none. */
  write(file: string): void {
    const groups = this.#groups.map(({ name }) => name)
    const writer = new ParquetWriter(file, [
      { name: this.#name, type: 'integer' },
      ...this.#columns.map((name): ParquetColumn => ({ name, type: 'text' })),
      ...groups.map((name): ParquetColumn => ({ name, type: 'integer' })),
    ])
    try {
      for (let start = 0; start < this.#tuples.length; start += MAX_ROWS)
        this.#writeRows(writer, start, this.#tuples.slice(start, start + MAX_ROWS))
    } catch (error) {
      writer.abandon()
      throw error
    }
    writer.close()
    // The next ones may be read while DuckDB works on these.
    this.#tuples.length = 0
    this.#ids.clear()
    this.#textIds.clear()
    this.#texts.length = 0
  }

  #writeRows(writer: ParquetWriter, start: number, tuples: readonly (readonly number[])[]): void {
    const numbers = (of: (tuple: readonly number[], i: number) => number) =>
      new Uint8Array(Int32Array.from(tuples, of).buffer)
    const texts = this.#columns.map((_, column) => {
      const page = new TextPage()
      for (const tuple of tuples) page.add(this.#texts[tuple[column]!]!)
      page.keep()
      return page.bytes
    })
    const groups = this.#groups.map((_, i) => numbers((tuple) => tuple[this.#columns.length + i]!))
    writer.writeRows(tuples.length, [numbers((_, i) => start + i), ...texts, ...groups])
  }

  /** The columns of that file as SQL; an empty text is NULL. */
  select(): string {
    const columns = this.#columns.map((column) => `nullif(${column}, '') AS ${column}`)
    return [this.#name, ...columns, ...this.#groups.map(({ name }) => name)].join(', ')
  }
}

/** Numbers as a short text, two units each. */
function keyOf(ids: readonly number[]): string {
  let key = ''
  for (const id of ids) key += String.fromCharCode(id & 0xffff, id >>> 16)
  return key
}

function idsOf(key: number, lists: readonly number[][]): number[] {
  let rest = key
  return lists.map((ids) => {
    const index = rest % ids.length
    rest = (rest - index) / ids.length
    return ids[index]!
  })
}
