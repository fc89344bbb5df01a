import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { DuckDBConnection } from '@duckdb/node-api'
import { hasErrno } from '../errors.ts'
import { sweepDrafts } from './draft.ts'
import { type IngestOptions, Intake, type Positions, type Taken } from './intake.ts'
import { moveIn } from './move-in.ts'
import { segmentNames } from './segment-file.ts'
import { statOf } from './segment-rest.ts'
import { mergeSums } from './sums.ts'

/** What one ingestion did. */
export interface Ingested {
  readonly events: number
  /** Bytes of segments that belonged to no event. */
  readonly damagedBytes: number
  /** Segments that were taken in to their end and removed. */
  readonly removed: number
  /** There is more: it stopped at its limit of events. */
  readonly more: boolean
}

/** What one ingestion read for the next one while DuckDB was busy. Whoever has it calls abandon() in the end. */
export class Ahead {
  intake: Intake | undefined

  /** What was read, when nobody came in between; it is the caller's then. */
  take(known: Positions): Intake | undefined {
    const intake = this.intake
    this.intake = undefined
    if (intake === undefined || intake.continues(known)) return intake
    intake.abandon()
    return undefined
  }

  abandon(): void {
    this.intake?.abandon()
    this.intake = undefined
  }
}

/**
 * Takes the events of all segments into the database, each exactly once: rows and the position up to which a segment was read go in with
 * one commit; a segment is removed only afterwards. May be killed at any point and run again.
 */
export async function ingest(
  connection: DuckDBConnection,
  options: IngestOptions,
  ahead?: Ahead,
): Promise<Ingested> {
  const { dir, database } = options
  sweepDrafts(database)
  const known = await positions(connection)
  const intake = ahead?.take(known) ?? new Intake(options, known)
  try {
    while (intake.step());
    const writing = write(connection, dir, intake, known)
    if (ahead !== undefined && intake.more) await readBeside(writing, options, intake.positions, ahead)
    await writing
    return {
      events: intake.taken.reduce((sum, one) => sum + one.events, 0),
      damagedBytes: intake.taken.reduce((sum, one) => sum + one.damaged, 0),
      removed: intake.taken.filter((one) => removeFinished(join(dir, one.name), one.finishedAt)).length,
      more: intake.more,
    }
  } finally {
    intake.abandon()
  }
}

/** Whether segments hold something that the database does not have yet. */
export async function hasNews(connection: DuckDBConnection, dir: string): Promise<boolean> {
  const known = await positions(connection)
  return segmentNames(dir).some((name) => (statOf(join(dir, name))?.size ?? 0) > (known.get(name) ?? 0))
}

async function positions(connection: DuckDBConnection): Promise<Positions> {
  const reader = await connection.runAndReadAll('SELECT name, read_to::DOUBLE FROM segments')
  return new Map(reader.getRowsJS() as [string, number][])
}

/** The one transaction. */
async function write(
  connection: DuckDBConnection,
  dir: string,
  { stages, taken }: Intake,
  known: Positions,
): Promise<void> {
  await connection.run('BEGIN')
  try {
    await moveIn(connection, stages)
    const calls = stages.find(({ kind }) => kind === 'call')?.rows ?? 0
    if (calls > 0) await mergeSums(connection, calls)
    const names = new Set(segmentNames(dir))
    await recordSegments(
      connection,
      taken,
      [...known.keys()].filter((name) => !names.has(name)),
    )
    await connection.run('COMMIT')
  } catch (error) {
    await connection.run('ROLLBACK').catch(() => {})
    throw error
  }
}

/** Reads what comes next until that is read or the writing is over: DuckDB has threads of its own. */
async function readBeside(
  writing: Promise<void>,
  options: IngestOptions,
  from: Positions,
  ahead: Ahead,
): Promise<void> {
  let over = false
  const end = () => {
    over = true
  }
  writing.then(end, end)
  try {
    const intake = new Intake(options, from)
    ahead.intake = intake
    while (!over && intake.step()) await nextTurn()
  } catch {
    // What cannot be read is met again by the one that it was read for.
    ahead.abandon()
  }
}

async function recordSegments(
  connection: DuckDBConnection,
  taken: readonly Taken[],
  gone: readonly string[],
): Promise<void> {
  const changed = taken.filter(({ from, to }) => from !== to)
  const names = [...changed.map(({ name }) => name), ...gone].map((name) => `'${name}'`)
  if (names.length > 0) await connection.run(`DELETE FROM segments WHERE name IN (${names.join(', ')})`)
  const rows = changed.map(
    ({ name, to, events, damaged }) => `('${name}', ${to}, ${events}, ${damaged}, now() AT TIME ZONE 'UTC')`,
  )
  if (rows.length > 0) await connection.run(`INSERT INTO segments VALUES ${rows.join(', ')}`)
}

/** Whether it could be removed; if not, it is tried again by the next ingestion, which finds nothing new in it. */
function removeFinished(path: string, finishedAt: number | undefined): boolean {
  if (finishedAt === undefined || statOf(path)?.size !== finishedAt) return false
  try {
    rmSync(path)
    return true
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'EACCES', 'EPERM', 'EROFS', 'EBUSY')) return false
    throw error
  }
}
