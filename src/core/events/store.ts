import { existsSync } from 'node:fs'
import type { DuckDBConnection } from '@duckdb/node-api'
import { type Clock, pause, stayAlive, systemClock } from '../clock.ts'
import type { Paths } from '../config/paths.ts'
import { MyceliumError } from '../errors.ts'
import { type Database, leaveInLog, openDatabase } from './db.ts'
import { Ahead, hasNews, type Ingested, ingest } from './ingest.ts'
import { pruneIfDue } from './prune.ts'
import { segmentNames } from './segment-file.ts'

/** What a question to the store works with. */
export interface Asked {
  readonly database: Database
  /** What had to be taken in first; undefined when it could not be, as another process held the file or nothing may be written to it. */
  readonly ingested: Ingested | undefined
}

/** Something that questions need to be so in the database. */
export interface Provision {
  missing(connection: DuckDBConnection): Promise<boolean>
  make(connection: DuckDBConnection): Promise<void>
}

/** What a question to the store works with. */
export interface AskOptions {
  readonly clock?: Clock
  /** Until the question goes on without the last events. */
  readonly ingestWaitMs?: number
  /** Made when it is missing and the file can be had for writing. */
  readonly provision?: Provision
}

const INGEST_WAIT_MS = 2_000
/** Between two looks whether there still is something to take in. */
const TRY_MS = 200
const NOTHING: Ingested = { events: 0, damagedBytes: 0, removed: 0, more: false }

/** Between two transactions of a long ingestion, so that others get their turn: longer than they wait between two tries (db.ts). */
const TURN_MS = 25

/** Whether there is anything to ask or to take in. */
export function isRecorded(paths: Paths): boolean {
  return existsSync(paths.database) || segmentNames(paths.events).length > 0
}

/** Takes in all events there are, and once a day removes what is older than `retainMs`. Throws what openDatabase() throws. */
export async function takeInEvents(
  paths: Paths,
  { clock = systemClock, retainMs }: AskOptions & { readonly retainMs?: number } = {},
): Promise<Ingested> {
  const ingested = await takeInAll(paths, clock, {})
  if (retainMs !== undefined)
    await writing(paths, clock, {}, ({ connection }) => pruneIfDue(connection, clock.wall(), retainMs))
  return ingested
}

/**
 * Takes in all events, then asks with the database open for reading only, so that others may ask at the same time, and lets go of it.
 * Where somebody else reads for long, the question is asked of what was taken in before. Throws what openDatabase() throws.
 */
export async function askStore<T>(
  paths: Paths,
  question: (asked: Asked) => Promise<T>,
  { clock = systemClock, ingestWaitMs = INGEST_WAIT_MS, provision }: AskOptions = {},
): Promise<T> {
  const taken = await takeInIfFree(paths, clock, ingestWaitMs)
  let database = await openDatabase({ file: paths.database, write: false, clock })
  try {
    if (provision !== undefined && (await provision.missing(database.connection))) {
      database.close()
      await unlessUnwritable(() =>
        writing(paths, clock, { waitMs: ingestWaitMs }, ({ connection }) => provision.make(connection)),
      )
      database = await openDatabase({ file: paths.database, write: false, clock })
    }
    // Whoever held the file for so long may have been taking in everything there is.
    const complete = taken !== undefined || !(await hasNews(database.connection, paths.events))
    return await question({ database, ingested: complete ? (taken ?? NOTHING) : undefined })
  } finally {
    database.close()
  }
}

/**
 * Undefined when others did not let go of the file in time, or when nothing may be written to it. Others may be commands that took in
 * everything there is.
 */
async function takeInIfFree(paths: Paths, clock: Clock, waitMs: number): Promise<Ingested | undefined> {
  const deadline = clock.now() + waitMs
  const inPassing = { isWaitedFor: true }
  // Without events a database is only made by those who write to it.
  while (segmentNames(paths.events).length > 0) {
    const taken = await unlessUnwritable(() =>
      takeInAll(paths, clock, { ...inPassing, waitMs: Math.min(TRY_MS, waitMs) }),
    )
    if (typeof taken === 'object') return taken
    if (taken === 'database_unreadable') {
      // One that cannot be made is not one in which nothing was recorded.
      if (existsSync(paths.database)) return undefined
      return takeInAll(paths, clock, { ...inPassing, waitMs })
    }
    if ((await unlessUnwritable(() => isUpToDate(paths, clock))) === true) break
    if (clock.now() >= deadline) return undefined
  }
  return NOTHING
}

/** What it gives, or why the file cannot be written to. */
async function unlessUnwritable<T>(
  use: () => Promise<T>,
): Promise<T | 'database_locked' | 'database_unreadable'> {
  try {
    return await use()
  } catch (error) {
    if (!(error instanceof MyceliumError)) throw error
    if (error.code !== 'database_locked' && error.code !== 'database_unreadable') throw error
    return error.code
  }
}

async function isUpToDate(paths: Paths, clock: Clock): Promise<boolean> {
  const database = await openDatabase({ file: paths.database, write: false, waitMs: TRY_MS, clock })
  try {
    return !(await hasNews(database.connection, paths.events))
  } finally {
    database.close()
  }
}

/** How events are taken in. */
interface TakeIn {
  /** Longest wait for the file. */
  readonly waitMs?: number
  /** Somebody waits for an answer. */
  readonly isWaitedFor?: boolean
}

async function takeInAll(paths: Paths, clock: Clock, how: TakeIn): Promise<Ingested> {
  let sum = NOTHING
  const ahead = new Ahead()
  try {
    for (;;) {
      const one = await takeInSome(paths, clock, how, ahead)
      sum = {
        events: sum.events + one.events,
        damagedBytes: sum.damagedBytes + one.damagedBytes,
        removed: sum.removed + one.removed,
        more: false,
      }
      if (!one.more) return sum
      const release = stayAlive()
      await pause(clock, TURN_MS).finally(release)
    }
  } finally {
    ahead.abandon()
  }
}

async function takeInSome(
  paths: Paths,
  clock: Clock,
  { isWaitedFor = false, ...wait }: TakeIn,
  ahead: Ahead,
): Promise<Ingested> {
  const { events: dir, database: file } = paths
  return writing(paths, clock, wait, async (database) => {
    const ingested = await ingest(database.connection, { dir, database: file, clock }, ahead)
    if (isWaitedFor && !ingested.more) await leaveInLog(database, file)
    return ingested
  })
}

async function writing<T>(
  paths: Paths,
  clock: Clock,
  wait: { readonly waitMs?: number },
  work: (database: Database) => Promise<T>,
): Promise<T> {
  const database = await openDatabase({ file: paths.database, write: true, clock, ...wait })
  try {
    return await work(database)
  } finally {
    database.close()
  }
}
