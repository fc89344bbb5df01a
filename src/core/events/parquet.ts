import { closeSync, openSync, writeSync } from 'node:fs'

/** How a column's values are in their page: 8 bytes each, 4 bytes each, or a length of 4 bytes and UTF-8 each; little endian. */
export type ParquetType = 'double' | 'integer' | 'text'

/** One column of a Parquet file. */
export interface ParquetColumn {
  readonly name: string
  readonly type: ParquetType
}

const TYPE: Readonly<Record<ParquetType, number>> = { integer: 1, double: 5, text: 6 }
/** Field types of Thrift's compact protocol. */
const [I32, I64, BINARY, LIST, STRUCT] = [5, 6, 8, 9, 12]
const MAGIC = Buffer.from('PAR1')
/** Values as they are, none missing: no levels, no compression. */
const [PLAIN, RLE, UNCOMPRESSED, REQUIRED, UTF8] = [0, 3, 0, 0, 0]

/**
 * Writes the least of Parquet that hands columns to DuckDB as they lie in memory: it reads them with all its threads and only those that a
 * question needs, where its C interface takes rows on one thread and texts one by one. https://parquet.apache.org/docs/file-format/
 */
export class ParquetWriter {
  readonly #fd: number
  readonly #columns: readonly ParquetColumn[]
  #position = 0
  #rows = 0
  readonly #groups: Bytes[] = []

  /** Makes the file, which must not be there yet. Throws what opening a file throws. */
  constructor(path: string, columns: readonly ParquetColumn[]) {
    this.#columns = columns
    this.#fd = openSync(path, 'wx', 0o600)
    this.#write(MAGIC)
  }

  /** Adds a row group: for each column, its values as its type says. */
  writeRows(rows: number, pages: readonly Uint8Array[]): void {
    const start = this.#position
    const chunks = this.#columns.map((column, i) => this.#writeColumn(column, rows, pages[i]!))
    this.#groups.push(
      struct([1, LIST, list(STRUCT, chunks)], [2, I64, int(this.#position - start)], [3, I64, int(rows)]),
    )
    this.#rows += rows
  }

  #writeColumn({ name, type }: ParquetColumn, rows: number, page: Uint8Array): Bytes {
    const at = this.#position
    const head = struct([1, I32, int(rows)], [2, I32, int(PLAIN)], [3, I32, int(RLE)], [4, I32, int(RLE)])
    const size = int(page.length)
    this.#write(Buffer.from(struct([1, I32, int(0)], [2, I32, size], [3, I32, size], [5, STRUCT, head])))
    this.#write(page)
    const total = int(this.#position - at)
    const about = struct(
      [1, I32, int(TYPE[type])],
      [2, LIST, list(I32, [int(PLAIN)])],
      [3, LIST, list(BINARY, [text(name)])],
      [4, I32, int(UNCOMPRESSED)],
      [5, I64, int(rows)],
      [6, I64, total],
      [7, I64, total],
      [9, I64, int(at)],
    )
    return struct([2, I64, int(at)], [3, STRUCT, about])
  }

  /** Nobody can read the file before. */
  close(): void {
    try {
      const columns = this.#columns.map(({ name, type }) => {
        const fields: Field[] = [
          [1, I32, int(TYPE[type])],
          [3, I32, int(REQUIRED)],
          [4, BINARY, text(name)],
        ]
        return struct(...fields, ...(type === 'text' ? [[6, I32, int(UTF8)] as const] : []))
      })
      const root = struct([4, BINARY, text('rows')], [5, I32, int(columns.length)])
      const footer = Buffer.from(
        struct(
          [1, I32, int(1)],
          [2, LIST, list(STRUCT, [root, ...columns])],
          [3, I64, int(this.#rows)],
          [4, LIST, list(STRUCT, this.#groups)],
        ),
      )
      const length = Buffer.alloc(4)
      length.writeUInt32LE(footer.length)
      this.#write(Buffer.concat([footer, length, MAGIC]))
    } finally {
      this.abandon()
    }
  }

  /** Lets go of a file that nobody will read. */
  abandon(): void {
    closeSync(this.#fd)
  }

  #write(bytes: Uint8Array): void {
    let written = 0
    while (written < bytes.length) written += writeSync(this.#fd, bytes, written)
    this.#position += written
  }
}

type Bytes = readonly number[]
type Field = readonly [id: number, type: number, value: Bytes]

function struct(...fields: readonly Field[]): Bytes {
  let last = 0
  const bytes = fields.map(([id, type, value]) => {
    const head = ((id - last) << 4) | type
    last = id
    return [head, ...value]
  })
  return [...bytes.flat(), 0]
}

function list(type: number, items: readonly Bytes[]): Bytes {
  const head = items.length < 15 ? [(items.length << 4) | type] : [0xf0 | type, ...varint(items.length)]
  return head.concat(...items)
}

/** Zigzag, of what is not negative. */
function int(value: number): Bytes {
  return varint(value * 2)
}

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  bytes.push(rest)
  return bytes
}

function text(value: string): Bytes {
  const bytes = Buffer.from(value)
  return [...varint(bytes.length), ...bytes]
}
