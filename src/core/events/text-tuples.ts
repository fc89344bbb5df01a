import type { DuckDBConnection } from '@duckdb/node-api'
import { type Cursor, MAX_ROWS, readNumbers, readTexts } from './column.ts'
import type { SegmentFrame } from './frame.ts'

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
    for (let i = 0; i < this.#rows; i++) {
      const index = this.#indexes[i]!
      if (index < 0 || index >= texts.length) throw new RangeError('text out of bounds')
      this.#keys[i] = this.#keys[i]! + index * scale
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

  /** Makes the temporary table of the combinations and their groups; an empty text is NULL there. */
  async load(connection: DuckDBConnection, table: string): Promise<void> {
    await this.#loadTexts(connection)
    await this.#loadIds(connection)
    const columns = this.#columns.map((column, i) => `d${i}.text AS ${column}`)
    const groups = this.#groups.map(({ name }) => name)
    const joins = this.#columns.map((_, i) => `JOIN dictionary d${i} ON d${i}.id = c${i}`)
    await connection.run(
      `CREATE OR REPLACE TEMP TABLE ${table} AS SELECT ${[this.#name, ...columns, ...groups].join(', ')} FROM combinations ${joins.join(' ')};
       DROP TABLE dictionary; DROP TABLE combinations`,
    )
  }

  async #loadTexts(connection: DuckDBConnection): Promise<void> {
    await connection.run('CREATE OR REPLACE TEMP TABLE dictionary (id INTEGER, text VARCHAR)')
    const appender = await connection.createAppender('dictionary', null, 'temp')
    for (const [id, text] of this.#texts.entries()) {
      appender.appendInteger(id)
      if (id === 0) appender.appendNull()
      else appender.appendVarchar(text)
      appender.endRow()
    }
    appender.closeSync()
  }

  async #loadIds(connection: DuckDBConnection): Promise<void> {
    const { DuckDBDataChunk, INTEGER } = await import('@duckdb/node-api')
    const names = [
      this.#name,
      ...this.#columns.map((_, i) => `c${i}`),
      ...this.#groups.map(({ name }) => name),
    ]
    await connection.run(
      `CREATE OR REPLACE TEMP TABLE combinations (${names.map((name) => `${name} INTEGER`).join(', ')})`,
    )
    const appender = await connection.createAppender('combinations', null, 'temp')
    const chunk = DuckDBDataChunk.create(names.map(() => INTEGER))
    for (let start = 0; start < this.#tuples.length; start += MAX_ROWS) {
      const tuples = this.#tuples.slice(start, start + MAX_ROWS)
      chunk.reset()
      chunk.rowCount = tuples.length
      for (let column = 0; column < names.length; column++) {
        const vector = chunk.getColumnVector(column)
        // biome-ignore lint/suspicious/noExplicitAny: the array has the type that the vector was made with
        const items: Int32Array = (vector as any).items
        for (let i = 0; i < tuples.length; i++) items[i] = column === 0 ? start + i : tuples[i]![column - 1]!
        vector.flush()
      }
      appender.appendDataChunk(chunk)
    }
    appender.closeSync()
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
