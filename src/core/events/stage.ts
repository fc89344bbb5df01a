import { rmSync } from 'node:fs'
import type { DuckDBConnection } from '@duckdb/node-api'
import { cleanNumber } from './clean.ts'
import { type Cursor, MAX_ROWS, readNumbers } from './column.ts'
import { draftOf } from './draft.ts'
import type { ColumnType, Kind } from './event.ts'
import type { SegmentFrame } from './frame.ts'
import { type ParquetColumn, ParquetWriter } from './parquet.ts'
import { columnsOf, type TableColumn } from './tables.ts'
import { TextPage } from './text-page.ts'
import { type Groups, TextTuples } from './text-tuples.ts'

interface StagedColumn extends TableColumn {
  readonly values: Float64Array | TextPage
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

/** Rows of one row group, which one thread reads and which wait in memory until there are as many. */
const GROUP_ROWS = 30 * MAX_ROWS
/** Labels of a column that wait so. */
const GROUP_LABEL_BYTES = 16 * 1024 * 1024

/**
 * Rows of one kind on their way from segments into tables, in a file that DuckDB reads: numbers and labels as columns, all other texts of
 * a row as the number of their combination in a table beside, or of several, because few combinations occur. `seq` is the order of the rows.
 */
export class Stage {
  rows = 0
  /** No count in it is larger, with either sign. */
  largest = 0
  readonly kind: Kind
  /** The database, beside which its files are. */
  readonly #database: string
  readonly #columns: readonly TableColumn[]
  readonly #values: readonly StagedColumn[]
  readonly #parts: readonly StagedPart[]
  /** For each column that is a text, its part. */
  readonly #partOf: readonly (StagedPart | undefined)[]
  readonly #seq = new Float64Array(GROUP_ROWS)
  readonly #files: string[] = []
  readonly #writer: ParquetWriter
  #open = true
  #filled = 0

  /** Makes its file. Throws what opening a file throws. */
  constructor(kind: Kind, database: string, parts?: readonly Part[]) {
    this.kind = kind
    this.#database = database
    this.#columns = columnsOf(kind)
    this.#values = this.#columns
      .filter(({ type }) => type !== 'text')
      .map((column) => ({
        ...column,
        values: column.type === 'label' ? new TextPage() : new Float64Array(GROUP_ROWS),
      }))
    const texts = this.#columns.filter(({ type }) => type === 'text').map(({ column }) => column)
    this.#parts = (parts ?? [{ name: 'tuple', columns: texts }]).map((part) => ({
      ...part,
      tuples: new TextTuples(part.name, part.columns, part.groups),
      numbers: new Int32Array(GROUP_ROWS),
    }))
    this.#partOf = this.#columns.map(({ column }) =>
      this.#parts.find(({ columns }) => columns.includes(column)),
    )
    this.#writer = new ParquetWriter(this.#file(), [
      ...this.#values.map(({ column, type }): ParquetColumn => {
        return { name: column, type: type === 'label' ? 'text' : 'double' }
      }),
      { name: 'seq', type: 'double' },
      ...this.#parts.map(({ name }): ParquetColumn => ({ name, type: 'integer' })),
    ])
  }

  #file(): string {
    const file = draftOf(this.#database)
    this.#files.push(file)
    return file
  }

  /** The temporary view of the rows. */
  get table(): string {
    return `stage_${this.kind}`
  }

  /** The temporary table of the combinations of a part, to be joined by the column of that name. */
  texts(part = 'tuple'): string {
    return `${part}_${this.kind}`
  }

  /** Combinations of texts so far, which take memory. */
  get combinations(): number {
    return this.#parts.reduce((sum, { tuples }) => sum + tuples.size, 0)
  }

  /** Takes the rows of a frame. Throws RangeError when the frame does not hold what its head says. */
  take(frame: SegmentFrame): void {
    if (frame.rows === 0 || frame.rows > MAX_ROWS) throw new RangeError('rows out of bounds')
    if (this.#isFull(frame.rows)) this.#flush()
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
      if (values instanceof TextPage) takeLabels(values, frame, known ? cursor : undefined)
      else if (known) this.#takeNumbers(values, type, frame, cursor)
      else values.fill(type === 'known' || type === 'cost' ? -1 : 0, start, start + frame.rows)
    }
    for (const { tuples, numbers } of this.#parts) tuples.end(numbers, start)
    for (const { values } of this.#values) if (values instanceof TextPage) values.keep()
    for (let i = 0; i < frame.rows; i++) this.#seq[start + i] = this.rows + i
    this.#filled += frame.rows
    this.rows += frame.rows
  }

  #isFull(more: number): boolean {
    if (this.#filled + more > GROUP_ROWS) return true
    return this.#values.some(
      ({ values }) => values instanceof TextPage && values.bytes.length > GROUP_LABEL_BYTES,
    )
  }

  #takeNumbers(values: Float64Array, type: ColumnType, frame: SegmentFrame, cursor: Cursor): void {
    const from = this.#filled
    readNumbers(frame.payload, cursor, frame.rows, values, from)
    if (type === 'flag') return
    let largest = 0
    // A checksum says that this was written, not that a column can hold it.
    for (let i = from; i < from + frame.rows; i++) {
      const value = cleanNumber(type, values[i]!)
      values[i] = value
      if (value > largest) largest = value
      else if (-value > largest) largest = -value
    }
    if (type === 'count' && largest > this.largest) this.largest = largest
  }

  #flush(): void {
    const rows = this.#filled
    if (rows === 0) return
    this.#writer.writeRows(rows, [
      ...this.#values.map(({ values }) =>
        values instanceof TextPage ? values.bytes : bytesOf(values, rows),
      ),
      bytesOf(this.#seq, rows),
      ...this.#parts.map(({ numbers }) => bytesOf(numbers, rows)),
    ])
    for (const { values } of this.#values) if (values instanceof TextPage) values.clear()
    this.#filled = 0
  }

  /** Everything taken can be asked for afterwards. */
  async close(connection: DuckDBConnection): Promise<void> {
    this.#flush()
    this.#open = false
    this.#writer.close()
    const texts = this.#parts.map(({ name, tuples }) => {
      const file = this.#file()
      tuples.write(file)
      return `CREATE OR REPLACE TEMP TABLE ${this.texts(name)} AS SELECT ${tuples.select()} FROM ${parquet(file)}`
    })
    const view = `CREATE OR REPLACE TEMP VIEW ${this.table} AS FROM ${parquet(this.#files[0]!)}`
    await connection.run([view, ...texts].join('; '))
  }

  /** Whoever took events in goes on to ask: nothing of them stays in memory twice. */
  async drop(connection: DuckDBConnection): Promise<void> {
    const tables = this.#parts.map(({ name }) => `DROP TABLE ${this.texts(name)}`)
    await connection.run([`DROP VIEW ${this.table}`, ...tables].join('; '))
  }

  /** Lets go of its files, used or not. */
  abandon(): void {
    if (this.#open) this.#writer.abandon()
    this.#open = false
    for (const file of this.#files.splice(0)) rmSync(file, { force: true })
  }

  /** The columns of the kind's table as SQL over the rows, named `s`, joined with the texts, named `t`. */
  select(wanted: (type: ColumnType) => boolean = () => true): string {
    const columns = this.#columns.filter(({ type }) => wanted(type))
    return columns.map(({ column, type }) => `${typed(column, type)} AS ${column}`).join(', ')
  }
}

/** A directory's name may hold quotes; what looks like a pattern in it is none, as the file is there. */
function parquet(file: string): string {
  return `read_parquet('${file.replaceAll("'", "''")}')`
}

function takeLabels(page: TextPage, frame: SegmentFrame, cursor: Cursor | undefined): void {
  // A frame before that gave up halfway left some.
  page.takeBack()
  if (cursor !== undefined) page.take(frame, cursor)
  else for (let i = 0; i < frame.rows; i++) page.add('')
}

function bytesOf(values: Float64Array | Int32Array, rows: number): Uint8Array {
  return new Uint8Array(values.buffer, 0, rows * values.BYTES_PER_ELEMENT)
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
