import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { EventOf } from '../../events/event.ts'
import { hasChanged, keptIn, Tally } from './read-lines.ts'
import type { Emit, FileReport, FoundFile, LineReader, ReadContext } from './reader.ts'

const MAX_FILE_BYTES = 256 << 20

/**
 * Reads a file that its client writes anew each time: as a whole when it has changed. Undefined when it has not, or when it is only half
 * written, which is no error: it will change again.
 */
export async function readWhole(
  file: FoundFile,
  known: EventOf<'progress'> | undefined,
  context: ReadContext,
  openReader: (file: FoundFile, emit: Emit) => LineReader,
): Promise<FileReport | undefined> {
  if (!hasChanged(file, keptIn(known))) return undefined
  const tally = new Tally(context.emit)
  if (file.bytes > MAX_FILE_BYTES) tally.skip('overlong')
  else {
    const bytes = await readFile(file.path)
    context.onBytes(bytes.length)
    const identity = createHash('sha256').update(bytes).digest('hex').slice(0, 32)
    if (identity === known?.identity || context.signal.aborted) return undefined
    const reader = openReader(file, tally.emit)
    tally.take(reader, bytes)
    reader.flush()
    const report = tally.report(bytes.length)
    if (report.broken > 0) return report
    context.emit('progress', {
      at: context.now,
      client: file.client,
      path: file.path,
      identity,
      offset: bytes.length,
      records: 1,
      skipped: 0,
      broken: 0,
      state: JSON.stringify({ size: file.bytes, mtimeMs: file.mtimeMs }),
    })
    return report
  }
  return tally.report(0)
}
