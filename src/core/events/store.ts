import { existsSync } from 'node:fs'
import { type Clock, systemClock } from '../clock.ts'
import type { Paths } from '../config/paths.ts'
import { MyceliumError } from '../errors.ts'
import { type Database, openDatabase } from './db.ts'
import { type Ingested, ingest } from './ingest.ts'
import { pruneIfDue } from './prune.ts'
import { segmentNames } from './segment-file.ts'

/** What a question to the store works with. */
export interface Asked {
  readonly database: Database
  /** What had to be taken in first; undefined when another process did not let go in time: the answer lacks the last events. */
  readonly ingested: Ingested | undefined
}

/** How to ask. */
export interface AskOptions {
  /** Called before the question where the database may be written to. */
  readonly prepare?: (database: Database) => Promise<void>
  readonly clock?: Clock
  /** Until the question goes on without the last events. */
  readonly ingestWaitMs?: number
}

const INGEST_WAIT_MS = 2_000
const NOTHING: Ingested = { events: 0, damagedBytes: 0, removed: 0, more: false }

/** Takes in all events there are. Throws what openDatabase() throws. */
export async function takeInEvents(
  paths: Paths,
  { clock = systemClock, retainMs }: AskOptions & { readonly retainMs?: number } = {},
): Promise<Ingested> {
  const database = await openDatabase({ file: paths.database, write: true, clock })
  try {
    const ingested = await takeInAll(database, paths, clock)
    if (retainMs !== undefined) await pruneIfDue(database.connection, clock.wall(), retainMs)
    return ingested
  } finally {
    database.close()
  }
}

/**
 * Opens the database with all events in it, asks, and lets go of it. Where somebody else reads for long, the question is asked of what
 * was taken in before. Throws what openDatabase() throws.
 */
export async function askStore<T>(
  paths: Paths,
  question: (asked: Asked) => Promise<T>,
  { clock = systemClock, ingestWaitMs = INGEST_WAIT_MS, prepare }: AskOptions = {},
): Promise<T> {
  const asked = await openToAsk(paths, clock, ingestWaitMs, prepare)
  try {
    return await question(asked)
  } finally {
    asked.database.close()
  }
}

async function openToAsk(
  paths: Paths,
  clock: Clock,
  waitMs: number,
  prepare: AskOptions['prepare'],
): Promise<Asked> {
  const file = paths.database
  // Without events a database is only made by those who write to it.
  if (segmentNames(paths.events).length === 0 && (prepare === undefined || !existsSync(file)))
    return { database: await openDatabase({ file, write: false, clock }), ingested: NOTHING }
  try {
    const database = await openDatabase({ file, write: true, waitMs, clock })
    try {
      const ingested = await takeInAll(database, paths, clock)
      await prepare?.(database)
      return { database, ingested }
    } catch (error) {
      database.close()
      throw error
    }
  } catch (error) {
    if (!(error instanceof MyceliumError) || error.code !== 'database_locked') throw error
    return { database: await openDatabase({ file, write: false, clock }), ingested: undefined }
  }
}

async function takeInAll(database: Database, paths: Paths, clock: Clock): Promise<Ingested> {
  let events = 0
  let damagedBytes = 0
  let removed = 0
  for (;;) {
    const one = await ingest(database.connection, { dir: paths.events, clock })
    events += one.events
    damagedBytes += one.damagedBytes
    removed += one.removed
    if (!one.more) return { events, damagedBytes, removed, more: false }
  }
}
