import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import type { EventOf, Kind } from '../../events/event.ts'
import { LineSplitter } from '../../lines.ts'
import { BrokenJson } from './json-line.ts'
import type { Emit, FileReport, FoundFile, LineReader, ReadContext } from './reader.ts'

const CHUNK_BYTES = 1 << 20
const MAX_LINE_BYTES = 64 << 20
/** Of the start of a file, hashed to tell it from another one in its place. */
const HEAD_BYTES = 1024
const NEWLINE = 0x0a
const BOM = Buffer.from([0xef, 0xbb, 0xbf])

type Progress = EventOf<'progress'>
type OpenReader = (file: FoundFile, state: unknown, emit: Emit) => LineReader

/** What is kept in a progress event's `state`. */
interface Kept {
  readonly size: number
  readonly mtimeMs: number
  readonly reader?: unknown
}

/**
 * Reads what has come to a file of lines since `known`, hands its lines to a reader and emits the progress after their events, so that an
 * interruption reads again and skips nothing. A file that was replaced, cut or rewritten in place is read from its start. A last line
 * without a newline is left for the next time. Undefined when nothing has come.
 */
export async function readLines(
  file: FoundFile,
  known: Progress | undefined,
  context: ReadContext,
  openReader: OpenReader,
): Promise<FileReport | undefined> {
  if (!hasChanged(file, keptIn(known))) return undefined
  const handle = await open(file.path, 'r')
  try {
    const grown = known !== undefined && (await continues(handle, known)) ? known : undefined
    return await readFrom(handle, file, grown, context, openReader)
  } finally {
    await handle.close()
  }
}

async function readFrom(
  handle: FileHandle,
  file: FoundFile,
  known: Progress | undefined,
  context: ReadContext,
  openReader: OpenReader,
): Promise<FileReport | undefined> {
  const tally = new Tally(context.emit)
  const reader = openReader(file, keptIn(known)?.reader, tally.emit)
  const from = known?.offset ?? 0
  let offset = from
  let first = from === 0
  const splitter = new LineSplitter(
    MAX_LINE_BYTES,
    (line) => {
      tally.take(reader, first && line.subarray(0, 3).equals(BOM) ? line.subarray(3) : line)
      first = false
    },
    () => {},
    () => tally.skip('overlong'),
  )
  for (let at = from; ; ) {
    // A new buffer each time: the splitter keeps views of the last one.
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafeSlow(CHUNK_BYTES), 0, CHUNK_BYTES, at)
    if (context.signal.aborted) return undefined
    if (bytesRead === 0) break
    const chunk = buffer.subarray(0, bytesRead)
    splitter.push(chunk)
    const newline = chunk.lastIndexOf(NEWLINE)
    if (newline >= 0) offset = at + newline + 1
    at += bytesRead
    context.onBytes(bytesRead)
    await context.ready()
  }
  reader.flush()
  if (offset === from && known !== undefined) return undefined
  const report = tally.report(offset - from)
  const kept: Kept = { size: file.bytes, mtimeMs: file.mtimeMs, reader: reader.state() }
  context.emit('progress', {
    at: context.now,
    client: file.client,
    path: file.path,
    identity: await identityOf(handle, Math.min(offset, HEAD_BYTES)),
    offset,
    records: (known?.records ?? 0) + report.lines,
    skipped: (known?.skipped ?? 0) + Object.values(report.skipped).reduce((sum, n) => sum + n, 0),
    broken: (known?.broken ?? 0) + report.broken,
    state: JSON.stringify(kept),
  })
  return report
}

/** Counts what a reader makes of the records it is given. */
export class Tally {
  readonly emit: Emit
  readonly #skipped: Record<string, number> = {}
  readonly #emitted: Partial<Record<Kind, number>> = {}
  #lines = 0
  #broken = 0

  constructor(emit: Emit) {
    this.emit = (kind, event) => {
      this.#emitted[kind] = (this.#emitted[kind] ?? 0) + 1
      emit(kind, event)
    }
  }

  /** Hands a record over; one that is no JSON object is counted as broken. */
  take(reader: LineReader, line: Buffer): void {
    this.#lines++
    try {
      const type = reader.push(line)
      if (type !== undefined) this.skip(type)
    } catch (error) {
      if (!(error instanceof BrokenJson)) throw error
      this.#broken++
    }
  }

  /** A record that cannot be believed. */
  spoil(): void {
    this.#broken++
  }

  skip(type: string): void {
    // A type is a word; anything else could be what somebody said.
    const name = /^[\w.$/-]{1,60}$/.test(type) ? type : 'other'
    this.#skipped[name] = (this.#skipped[name] ?? 0) + 1
  }

  report(bytes: number): FileReport {
    return {
      bytes,
      lines: this.#lines,
      responses: this.#emitted.response ?? 0,
      toolUses: this.#emitted.toolUse ?? 0,
      skipped: { ...this.#skipped },
      broken: this.#broken,
    }
  }
}

/** What a progress event remembers; undefined when there is none or it is unreadable. */
export function keptIn(known: Progress | undefined): Kept | undefined {
  if (known === undefined) return undefined
  try {
    return JSON.parse(known.state) as Kept
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Whether a file is not, to the byte and the millisecond, as it was when it was read; true when it never was. */
export function hasChanged({ bytes, mtimeMs }: FoundFile, kept: Kept | undefined): boolean {
  return kept?.size !== bytes || kept.mtimeMs !== mtimeMs
}

/** Whether the file is the one that was read before, with the same bytes up to there as far as can be told without reading it all. */
async function continues(handle: FileHandle, known: Progress): Promise<boolean> {
  const { size } = await handle.stat()
  if (size < known.offset || keptIn(known) === undefined) return false
  if ((await identityOf(handle, Math.min(known.offset, HEAD_BYTES))) !== known.identity) return false
  if (known.offset === 0) return true
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, known.offset - 1)
  return buffer[0] === NEWLINE
}

/** The inode, for a file put in place of another, and a hash of the first bytes, for one that was rewritten. */
async function identityOf(handle: FileHandle, bytes: number): Promise<string> {
  const { ino } = await handle.stat()
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, bytes, 0)
  const hash = createHash('sha256').update(buffer.subarray(0, bytesRead)).digest('hex').slice(0, 16)
  return `${ino}:${hash}`
}
