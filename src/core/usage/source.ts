import type { DuckDBConnection } from '@duckdb/node-api'
import { systemClock } from '../clock.ts'
import type { Resolved } from '../config/layers.ts'
import type { Paths } from '../config/paths.ts'
import { asking, connect } from '../daemon/connect.ts'
import { MyceliumError } from '../errors.ts'
import { openEmpty } from '../events/db.ts'
import { askStore } from '../events/store.ts'
import type { ImportProgress, ImportReport } from './import.ts'
import { loadPrices } from './prices.ts'
import { pricesFrom } from './refresh-prices.ts'
import { runImport } from './run-import.ts'
import type { TranscriptReader, Where } from './transcripts/reader.ts'
import { READERS } from './transcripts/readers.ts'

/** What every question about usage is asked with. */
export interface Source {
  readonly paths: Paths
  readonly settings: Resolved
  readonly where: Where
  /** Ctrl-C. */
  readonly signal: AbortSignal
  /** What the answer lacks, for a person. */
  talk(text: string): void
  onProgress(progress: ImportProgress): void
}

/** What is asked; not `recorded` where nothing ever was. */
export type Question<T> = (connection: DuckDBConnection, recorded: boolean) => Promise<T>

/** A daemon that does not answer keeps nobody waiting. */
const FLUSH_LIMIT_MS = 500

/** Reads what is new in transcripts; undefined when another import is at it and does not end soon. Throws interrupted. */
export async function readTranscripts(
  source: Source,
  readers: readonly TranscriptReader[] = READERS,
  {
    sinceMs,
    again = false,
  }: { readonly sinceMs?: number | undefined; readonly again?: boolean | undefined } = {},
): Promise<ImportReport | undefined> {
  const { paths, where, signal, onProgress } = source
  const since = sinceMs === undefined ? {} : { sinceMs }
  const report = await runImport({
    paths,
    where,
    readers,
    clock: systemClock,
    signal,
    onProgress,
    again,
    ...since,
  })
  // A report of half the transcripts would look like one of all.
  if (signal.aborted) throw new MyceliumError('interrupted', 'interrupted while transcripts were read')
  for (const what of report?.failed ?? []) source.talk(`not read: ${what}\n`)
  return report
}

/** Takes in what daemon and transcripts have that the store has not; of transcripts only where the user wants that. */
export async function freshen(source: Source): Promise<void> {
  await flushDaemon(source.paths)
  if (!source.settings.get('usage.import_on_report')) return
  const report = await readTranscripts(source)
  if (report === undefined) source.talk('another import is under way: what it reads is not in this answer\n')
}

/** Has a daemon that runs write down what it has recorded so far. */
export async function flushDaemon(paths: Paths): Promise<void> {
  try {
    const connection = await connect(paths)
    if (connection !== undefined) await asking(connection, (open) => open.ask('flush', {}, FLUSH_LIMIT_MS))
  } catch (error) {
    if (!(error instanceof MyceliumError)) throw error
  }
}

/**
 * Asks the store, with the prices of all models in it, on a connection that may only read; Ctrl-C ends it. Where nothing was recorded yet it
 * asks a database that holds nothing, and makes none. Throws what the store throws.
 */
export async function askUsage<T>(source: Source, question: Question<T>): Promise<T> {
  const prices = loadPrices(source.settings.get('usage.prices_file'))
  const ask = (connection: DuckDBConnection, recorded: boolean) =>
    interruptible(connection, source.signal, (open) => question(open, recorded))
  try {
    return await askStore(
      source.paths,
      ({ database: { connection }, ingested }) => {
        if (ingested === undefined)
          source.talk('the database could not be written to: the last events are not in this answer\n')
        return ask(connection, true)
      },
      { provision: pricesFrom(prices) },
    )
  } catch (error) {
    if (!(error instanceof MyceliumError) || error.code !== 'database_none') throw error
  }
  const empty = await openEmpty()
  return ask(empty.connection, false).finally(() => empty.close())
}

async function interruptible<T>(
  connection: DuckDBConnection,
  signal: AbortSignal,
  question: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  const stop = () => connection.interrupt()
  const interrupted = () => new MyceliumError('interrupted', 'interrupted')
  if (signal.aborted) throw interrupted()
  signal.addEventListener('abort', stop)
  try {
    return await question(connection)
  } catch (error) {
    throw signal.aborted ? interrupted() : error
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
