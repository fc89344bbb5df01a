import { availableParallelism } from 'node:os'
import type { Clock } from '../clock.ts'
import type { EventOf, Kind } from '../events/event.ts'
import { attempt, type Outcome, type Told } from './transcripts/attempt.ts'
import type { FoundFile, TranscriptReader, Where } from './transcripts/reader.ts'
import { readInThreads } from './transcripts/threads.ts'

/** Below this much to read, starting threads costs more than they save. */
const THREADS_FROM_BYTES = 48 << 20
const MAX_THREADS = 4

/** How far an import is. */
export interface ImportProgress {
  readonly bytesDone: number
  /** Of all files that may have grown: what is known of them is not read again. */
  readonly bytesTotal: number
  readonly filesDone: number
  readonly files: number
}

/** What an import is given. */
export interface ImportOptions {
  readonly readers: readonly TranscriptReader[]
  readonly where: Where
  /** Files that were not written since are left out; milliseconds since the epoch. */
  readonly sinceMs?: number
  /** The latest progress of each path. */
  readonly known: ReadonlyMap<string, EventOf<'progress'>>
  /** Takes each event; those of a file come before its progress, and earlier sessions before later ones. */
  readonly sink: <K extends Kind>(kind: K, event: EventOf<K>) => void | Promise<void>
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly onProgress?: (progress: ImportProgress) => void
  /** Worker threads to read with; by itself as many as there are cores when there is enough to read, else none. */
  readonly threads?: number
}

/** What an import found. */
export interface ImportReport {
  /** Files with something new, and those without. */
  readonly files: number
  readonly unchanged: number
  readonly bytes: number
  readonly lines: number
  readonly responses: number
  readonly toolUses: number
  /** Records that say nothing about usage, by type. */
  readonly skippedTypes: Readonly<Record<string, number>>
  readonly broken: number
  /** What could not be read, and why. */
  readonly failed: readonly string[]
}

/**
 * Reads what has come to the transcripts of these clients and hands it on. Interrupted, it ends without an error: a file whose progress was
 * not told is read again the next time, which changes nothing in whoever keeps the last record of each response and tool use.
 */
export async function importTranscripts(options: ImportOptions): Promise<ImportReport> {
  const { known, signal, sinceMs = 0 } = options
  const files = options.readers
    .flatMap((reader) => reader.find(options.where))
    .filter((file) => file.mtimeMs >= sinceMs)
    // An original before its copies; see FoundFile.bornMs.
    .sort((a, b) => a.bornMs - b.bornMs || (a.path < b.path ? -1 : 1))
  const sum = new Sum(files, known, options.onProgress)
  const now = options.clock.wall() * 1000
  const threads = options.threads ?? threadsFor(sum.bytesTotal, files.length)
  if (threads > 1) {
    await readInThreads(files, {
      threads,
      known,
      now,
      signal,
      take: async ({ events, bytes, outcome }) => {
        for (const told of events) await hand(options.sink, told)
        sum.bytes(bytes)
        if (outcome !== undefined) sum.file(outcome)
      },
    })
    return sum.report()
  }
  for (const file of files) {
    if (signal.aborted) break
    let waiting: Told[] = []
    const ready = async (): Promise<void> => {
      const events = waiting
      waiting = []
      for (const told of events) await hand(options.sink, told)
    }
    const emit = (...told: Told): void => void waiting.push(told)
    const context = { emit: emit as never, ready, onBytes: (n: number) => sum.bytes(n), signal, now }
    const outcome = await attempt(file, known.get(file.path), context)
    await ready()
    sum.file(outcome)
  }
  return sum.report()
}

async function hand(sink: ImportOptions['sink'], [kind, event]: Told): Promise<void> {
  const taken = sink(kind, event as never)
  if (taken !== undefined) await taken
}

function threadsFor(bytes: number, files: number): number {
  return bytes < THREADS_FROM_BYTES || files < 2 ? 1 : Math.min(MAX_THREADS, availableParallelism())
}

/** Adds up what the files held. */
class Sum {
  readonly bytesTotal: number
  readonly #files: number
  readonly #onProgress: (progress: ImportProgress) => void
  readonly #skipped: Record<string, number> = {}
  readonly #failed: string[] = []
  #bytesDone = 0
  #filesDone = 0
  #read = 0
  #bytes = 0
  #lines = 0
  #responses = 0
  #toolUses = 0
  #broken = 0

  constructor(
    files: readonly FoundFile[],
    known: ReadonlyMap<string, EventOf<'progress'>>,
    onProgress: (progress: ImportProgress) => void = () => {},
  ) {
    this.#files = files.length
    this.bytesTotal = files.reduce((sum, { path, bytes }) => {
      const offset = known.get(path)?.offset ?? 0
      return sum + (offset <= bytes ? bytes - offset : bytes)
    }, 0)
    this.#onProgress = onProgress
  }

  bytes(n: number): void {
    if (n === 0) return
    this.#bytesDone += n
    this.#tell()
  }

  file(outcome: Outcome): void {
    this.#filesDone++
    if (outcome !== 'unchanged' && 'failed' in outcome) this.#failed.push(outcome.failed)
    else if (outcome !== 'unchanged') {
      this.#read++
      this.#bytes += outcome.bytes
      this.#lines += outcome.lines
      this.#responses += outcome.responses
      this.#toolUses += outcome.toolUses
      this.#broken += outcome.broken
      for (const [type, n] of Object.entries(outcome.skipped))
        this.#skipped[type] = (this.#skipped[type] ?? 0) + n
    }
    this.#tell()
  }

  report(): ImportReport {
    return {
      files: this.#read,
      unchanged: this.#filesDone - this.#read - this.#failed.length,
      bytes: this.#bytes,
      lines: this.#lines,
      responses: this.#responses,
      toolUses: this.#toolUses,
      skippedTypes: { ...this.#skipped },
      broken: this.#broken,
      failed: [...this.#failed],
    }
  }

  #tell(): void {
    this.#onProgress({
      bytesDone: this.#bytesDone,
      // A file that grew meanwhile, or was replaced, is more than was expected.
      bytesTotal: Math.max(this.bytesTotal, this.#bytesDone),
      filesDone: this.#filesDone,
      files: this.#files,
    })
  }
}
