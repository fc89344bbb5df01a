import { accessSync, constants } from 'node:fs'
import { type Clock, pause } from '../clock.ts'
import { type Paths, preparePaths } from '../config/paths.ts'
import { acquireLock } from '../daemon/lock.ts'
import { hasErrno, MyceliumError } from '../errors.ts'
import type { EventOf } from '../events/event.ts'
import { SegmentWriter } from '../events/segment-writer.ts'
import { askStore } from '../events/store.ts'
import { type Identity, identityOf } from '../process.ts'
import { type ImportProgress, type ImportReport, importTranscripts } from './import.ts'
import { knownProgress } from './known-progress.ts'
import type { TranscriptReader, Where } from './transcripts/reader.ts'

/** What an import into the store is given. */
export interface RunImportOptions {
  readonly paths: Paths
  readonly where: Where
  readonly readers: readonly TranscriptReader[]
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly sinceMs?: number
  /** Reads each file from its start, whatever was read of it before. */
  readonly again?: boolean
  onProgress?(progress: ImportProgress): void
}

const LOCK = 'import'
/** An import of what came since the last one takes no longer. */
const WAIT_MS = 5_000
const POLL_MS = 40
/** Files whose progress is written together. */
const FILES_AT_ONCE = 64

/**
 * Reads what is new in transcripts into segments; whoever asks the store next takes them in. Undefined when another import is at it
 * and does not end soon.
 * Throws what the store throws, but for a database that does not exist yet.
 */
export async function runImport(options: RunImportOptions): Promise<ImportReport | undefined> {
  const { paths, clock } = options
  preparePaths(paths)
  const owner = identityOf(process.pid) as Identity
  const deadline = clock.now() + WAIT_MS
  let lock = await acquireLock(paths.run, LOCK, { identity: owner, clock })
  while ('heldBy' in lock && clock.now() < deadline && !options.signal.aborted) {
    await pause(clock, POLL_MS)
    lock = await acquireLock(paths.run, LOCK, { identity: owner, clock })
  }
  if ('heldBy' in lock) return undefined
  try {
    const known = options.again ? new Map() : await progressOf(paths)
    // Read again for each question, transcripts would fill the disk with segments that nobody can take in.
    if (isReadOnly(paths.database))
      return nothingRead(`transcripts, as ${paths.database} may not be written to`)
    const writer = new SegmentWriter({
      dir: paths.events,
      writer: 'import',
      owner,
      clock,
      fsync: 'never',
      fsyncMs: 1_000,
      segmentBytes: 64 * 1024 * 1024,
      segmentAgeMs: 3_600_000,
    })
    const read: EventOf<'progress'>[] = []
    // What was read of a file is written before that it was: a kill in between has it read again.
    const settle = async (): Promise<void> => {
      if (!(await writer.flush()) || writer.lost > 0)
        throw new MyceliumError('write_failed', `what was read could not be written to ${paths.events}`)
      for (const progress of read.splice(0)) writer.append('progress', progress)
    }
    const report = await importTranscripts({
      ...options,
      known,
      sink: (kind, event) => {
        if (kind === 'progress')
          return read.push(event as EventOf<'progress'>) < FILES_AT_ONCE ? undefined : settle()
        writer.append(kind, event)
        return writer.room()
      },
    })
    await settle()
    await writer.close()
    return report
  } finally {
    lock.release()
  }
}

async function progressOf(paths: Paths) {
  try {
    return await askStore(paths, ({ database }) => knownProgress(database.connection))
  } catch (error) {
    if (error instanceof MyceliumError && error.code === 'database_none') return new Map()
    throw error
  }
}

function isReadOnly(file: string): boolean {
  try {
    accessSync(file, constants.W_OK)
    return false
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return false
    if (hasErrno(error, 'EACCES', 'EPERM', 'EROFS')) return true
    throw error
  }
}

function nothingRead(why: string): ImportReport {
  return {
    files: 0,
    unchanged: 0,
    bytes: 0,
    lines: 0,
    responses: 0,
    toolUses: 0,
    broken: 0,
    skippedTypes: {},
    failed: [why],
  }
}
