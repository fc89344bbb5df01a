import type { DuckDBConnection } from '@duckdb/node-api'
import { type Cursor, MAX_ROWS, readNumbers, readTexts } from './column.ts'
import type { SegmentFrame } from './frame.ts'

/**
 * The texts of rows, as numbers of the combinations that occur: a dozen columns of names are the same few dozen combinations over and over,
 * and one join by a number is cheaper than a dozen by name.
 */
export class TextTuples {
  readonly #columns: readonly string[]
  /** The texts of each combination, in the order of the columns. */
  readonly #tuples: string[][] = []
  readonly #ids = new Map<string, number>()
  /** Of the frame at hand: each row's combination as one number, mixed radix over the lists of texts. */
  readonly #keys = new Float64Array(MAX_ROWS)
  readonly #indexes = new Int32Array(MAX_ROWS)
  #lists: string[][] = []
  #scale = 1
  #rows = 0
  /** Lists whose product would be no exact number any more begin a part of their own. */
  #early: { keys: Float64Array; lists: string[][] }[] = []

  constructor(columns: readonly string[]) {
    this.#columns = columns
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
    for (let i = 0; i < this.#rows; i++) {
      const index = this.#indexes[i]!
      if (index < 0 || index >= texts.length) throw new RangeError('text out of bounds')
      this.#keys[i] = this.#keys[i]! + index * scale
    }
    this.#lists.push(texts)
    this.#scale = scale * Math.max(1, texts.length)
  }

  /** The next column is not in the frame: empty in every row. */
  skip(): void {
    this.#lists.push([''])
  }

  #setAside(): void {
    this.#early.push({ keys: this.#keys.slice(0, this.#rows), lists: this.#lists })
    this.#keys.fill(0, 0, this.#rows)
    this.#lists = []
    this.#scale = 1
  }

  /** Writes the number of each row's combination. */
  end(into: Int32Array, offset: number): void {
    const seen = new Map<number, number>()
    for (let i = 0; i < this.#rows; i++) {
      const key = this.#keys[i]!
      let id = this.#early.length === 0 ? seen.get(key) : undefined
      if (id === undefined) {
        const early = this.#early.flatMap(({ keys, lists }) => textsOf(keys[i]!, lists))
        id = this.#idOf([...early, ...textsOf(key, this.#lists)])
        seen.set(key, id)
      }
      into[offset + i] = id
    }
  }

  #idOf(texts: string[]): number {
    const joined = texts.map((text) => `${text.length}:${text}`).join('')
    const known = this.#ids.get(joined)
    if (known !== undefined) return known
    const id = this.#tuples.push(texts) - 1
    this.#ids.set(joined, id)
    return id
  }

  /** Makes the temporary table of the combinations; an empty text is NULL there. */
  async load(connection: DuckDBConnection, table: string): Promise<void> {
    await connection.run(
      `CREATE OR REPLACE TEMP TABLE ${table} (${['tuple INTEGER', ...this.#columns.map((column) => `${column} VARCHAR`)].join(', ')})`,
    )
    const appender = await connection.createAppender(table, null, 'temp')
    for (const [id, texts] of this.#tuples.entries()) {
      appender.appendInteger(id)
      for (const text of texts) {
        if (text === '') appender.appendNull()
        else appender.appendVarchar(text)
      }
      appender.endRow()
    }
    appender.closeSync()
  }
}

function textsOf(key: number, lists: readonly string[][]): string[] {
  let rest = key
  return lists.map((texts) => {
    const index = rest % texts.length
    rest = (rest - index) / texts.length
    return texts[index]!
  })
}
