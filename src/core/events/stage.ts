import type { DuckDBAppender, DuckDBConnection, DuckDBDataChunk } from '@duckdb/node-api'
import { cleanNumber } from './clean.ts'
import { type Cursor, MAX_ROWS, readNumbers, readTexts } from './column.ts'
import type { ColumnType, Kind } from './event.ts'
import type { SegmentFrame } from './frame.ts'
import { columnsOf, type TableColumn } from './tables.ts'
import { type Groups, TextTuples } from './text-tuples.ts'

/** What a vector of DuckDB is filled from. */
interface StagedColumn extends TableColumn {
  readonly values: Float64Array | string[]
}

/** Text columns that make one combination, whose number is a column of that name. */
export interface Part {
  readonly name: string
  readonly columns: readonly string[]
  readonly groups?: Groups
}

interface StagedPart extends Part {
  readonly tuples: TextTuples
  readonly numbers: Int32Array
}

/**
 * Rows of one kind on their way from segments into a temporary table: numbers and labels as columns, all other texts of a row as the
 * number of their combination in a table beside, or of several, because few combinations occur. `seq` is the order of the rows.
 */
export class Stage {
  rows = 0
  readonly kind: Kind
  readonly #columns: readonly TableColumn[]
  readonly #values: readonly StagedColumn[]
  readonly #parts: readonly StagedPart[]
  /** For each column that is a text, its part. */
  readonly #partOf: readonly (StagedPart | undefined)[]
  readonly #seq = new Float64Array(MAX_ROWS)
  #appender: DuckDBAppender | undefined
  #chunk: DuckDBDataChunk | undefined
  #filled = 0

  constructor(kind: Kind, parts?: readonly Part[]) {
    this.kind = kind
    this.#columns = columnsOf(kind)
    this.#values = this.#columns
      .filter(({ type }) => type !== 'text')
      .map((column) => ({
        ...column,
        values: column.type === 'label' ? emptyLabels() : new Float64Array(MAX_ROWS),
      }))
    const texts = this.#columns.filter(({ type }) => type === 'text').map(({ column }) => column)
    this.#parts = (parts ?? [{ name: 'tuple', columns: texts }]).map((part) => ({
      ...part,
      tuples: new TextTuples(part.name, part.columns, part.groups),
      numbers: new Int32Array(MAX_ROWS),
    }))
    this.#partOf = this.#columns.map(({ column }) =>
      this.#parts.find(({ columns }) => columns.includes(column)),
    )
  }

  /** The temporary table of the rows. */
  get table(): string {
    return `stage_${this.kind}`
  }

  /** The temporary table of the combinations of a part, to be joined by the column of that name. */
  texts(part = 'tuple'): string {
    return `${part}_${this.kind}`
  }

  /** Everything that close() makes. */
  get tables(): readonly string[] {
    return [this.table, ...this.#parts.map(({ name }) => this.texts(name))]
  }

  /** Combinations of texts so far, which take memory. */
  get combinations(): number {
    return this.#parts.reduce((sum, { tuples }) => sum + tuples.size, 0)
  }

  /** Makes the temporary table. */
  async open(connection: DuckDBConnection): Promise<void> {
    const { DuckDBDataChunk, DOUBLE, INTEGER, VARCHAR } = await import('@duckdb/node-api')
    const columns = this.#values.map(
      ({ column, type }) => `${column} ${type === 'label' ? 'VARCHAR' : 'DOUBLE'}`,
    )
    await connection.run(
      `CREATE OR REPLACE TEMP TABLE ${this.table} (${columns.join(', ')}, seq DOUBLE, ${this.#parts.map(({ name }) => `${name} INTEGER`).join(', ')})`,
    )
    this.#appender = await connection.createAppender(this.table, null, 'temp')
    const types = this.#values.map(({ type }) => (type === 'label' ? VARCHAR : DOUBLE))
    this.#chunk = DuckDBDataChunk.create([...types, DOUBLE, ...this.#parts.map(() => INTEGER)])
  }

  /** Takes the rows of a frame. Throws RangeError when the frame does not hold what its head says. */
  take(frame: SegmentFrame): void {
    if (frame.rows === 0 || frame.rows > MAX_ROWS) throw new RangeError('rows out of bounds')
    if (this.#filled + frame.rows > MAX_ROWS) this.#flush()
    const cursor: Cursor = { at: 0 }
    const start = this.#filled
    let next = 0
    for (const { tuples } of this.#parts) tuples.begin(frame.rows)
    for (const [i, { type }] of this.#columns.entries()) {
      // A writer of an older version did not know the last columns.
      const known = i < frame.columns
      if (type === 'text') {
        const { tuples } = this.#partOf[i]!
        if (known) tuples.take(frame, cursor)
        else tuples.skip()
        continue
      }
      const { values } = this.#values[next++]!
      if (Array.isArray(values)) takeLabels(values, frame, known ? cursor : undefined, start)
      else if (known) takeNumbers(values, type, frame, cursor, start)
      else values.fill(type === 'known' || type === 'cost' ? -1 : 0, start, start + frame.rows)
    }
    for (const { tuples, numbers } of this.#parts) tuples.end(numbers, start)
    for (let i = 0; i < frame.rows; i++) this.#seq[start + i] = this.rows + i
    this.#filled += frame.rows
    this.rows += frame.rows
  }

  #flush(): void {
    const chunk = this.#chunk!
    const rows = this.#filled
    if (rows === 0) return
    chunk.reset()
    chunk.rowCount = rows
    for (const [i, { values }] of this.#values.entries()) fillVector(chunk, i, values, rows)
    fillVector(chunk, this.#values.length, this.#seq, rows)
    for (const [i, { numbers }] of this.#parts.entries())
      fillVector(chunk, this.#values.length + 1 + i, numbers, rows)
    this.#appender!.appendDataChunk(chunk)
    this.#filled = 0
  }

  /** Everything taken is in its tables afterwards. */
  async close(connection: DuckDBConnection): Promise<void> {
    this.#flush()
    this.#appender?.closeSync()
    this.#appender = undefined
    for (const { name, tuples } of this.#parts) await tuples.load(connection, this.texts(name))
  }

  /** Lets go of what the tables need, used or not. */
  abandon(): void {
    try {
      this.#appender?.closeSync()
    } catch {
      // Its table went away with the transaction, and so may what it held.
    }
    this.#appender = undefined
  }

  /** The columns of the kind's table as SQL over the rows, named `s`, joined with the texts, named `t`. */
  select(wanted: (type: ColumnType) => boolean = () => true): string {
    const columns = this.#columns.filter(({ type }) => wanted(type))
    return columns.map(({ column, type }) => `${typed(column, type)} AS ${column}`).join(', ')
  }
}

function emptyLabels(): string[] {
  return new Array<string>(MAX_ROWS).fill('')
}

const INDEXES = new Int32Array(MAX_ROWS)

function takeNumbers(
  values: Float64Array,
  type: ColumnType,
  frame: SegmentFrame,
  cursor: Cursor,
  offset: number,
): void {
  readNumbers(frame.payload, cursor, frame.rows, values, offset)
  if (type === 'flag') return
  // A checksum says that this was written, not that a column can hold it.
  for (let i = offset; i < offset + frame.rows; i++) values[i] = cleanNumber(type, values[i]!)
}

function takeLabels(values: string[], frame: SegmentFrame, cursor: Cursor | undefined, offset: number): void {
  if (cursor === undefined) {
    values.fill('', offset, offset + frame.rows)
    return
  }
  const texts = readTexts(frame.payload, cursor)
  readNumbers(frame.payload, cursor, frame.rows, INDEXES, 0)
  for (let i = 0; i < frame.rows; i++) {
    const text = texts[INDEXES[i]!]
    if (text === undefined) throw new RangeError('text out of bounds')
    values[offset + i] = text
  }
}

function fillVector(
  chunk: DuckDBDataChunk,
  index: number,
  values: Float64Array | Int32Array | string[],
  rows: number,
): void {
  const vector = chunk.getColumnVector(index)
  if (Array.isArray(values)) for (let i = 0; i < rows; i++) vector.setItem(i, values[i]!)
  // biome-ignore lint/suspicious/noExplicitAny: the array has the type that the vector was made with
  else (vector as any).items.set(values.subarray(0, rows))
  vector.flush()
}

function typed(column: string, type: ColumnType): string {
  switch (type) {
    case 'text':
      return `t.${column}`
    case 'label':
      return `nullif(s.${column}, '')`
    case 'time':
      return `make_timestamp(s.${column}::BIGINT)`
    case 'known':
      return `nullif(s.${column}::BIGINT, -1)`
    case 'cost':
      return `nullif(s.${column}, -1)`
    case 'flag':
      return `s.${column} <> 0`
    case 'count':
      return `s.${column}::BIGINT`
  }
}
