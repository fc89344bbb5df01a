import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import type { Clock } from '../clock.ts'
import { hasErrno } from '../errors.ts'
import { CALL_PARTS } from './call-parts.ts'
import { KIND_ORDER, type Kind } from './event.ts'
import type { SegmentFrame } from './frame.ts'
import { moveIn } from './move-in.ts'
import { segmentNames, setSharedAside } from './segment-file.ts'
import { SegmentReader } from './segment-reader.ts'
import { statOf } from './segment-rest.ts'
import { SHARED_NAME } from './shared-name.ts'
import { Stage } from './stage.ts'
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

/** Where the segments are. */
export interface IngestOptions {
  readonly dir: string
  readonly clock: Clock
  readonly maxEvents?: number
}

/** Events of one transaction: bounds memory (about 150 bytes each) and the time that others wait. */
const MAX_EVENTS = 500_000
/** Combinations of texts of one transaction, about 1 kB each. */
const MAX_COMBINATIONS = 100_000

/** What segments are read into, and how much of it may still come. */
interface Intake {
  readonly connection: DuckDBConnection
  readonly stages: Map<Kind, Stage>
  readonly clock: Clock
  budget: number
}

interface Taken {
  readonly name: string
  readonly from: number
  readonly to: number
  readonly events: number
  readonly damaged: number
  /** Its whole length, when nothing will be added and all of it was taken. */
  readonly finishedAt: number | undefined
}

/**
 * Takes the events of all segments into the database, each exactly once: rows and the position up to which a segment was read go in with
 * one commit; a segment is removed only afterwards. May be killed at any point and run again.
 */
export async function ingest(
  connection: DuckDBConnection,
  { dir, clock, maxEvents = MAX_EVENTS }: IngestOptions,
): Promise<Ingested> {
  setSharedAside(dir, clock.wall())
  // One that was made since then keeps for the next time: its name is about to be another file's.
  const names = segmentNames(dir).filter((name) => name !== SHARED_NAME)
  const known = await positions(connection)
  const gone = [...known.keys()].filter((name) => !names.includes(name))
  const intake: Intake = { connection, stages: new Map(), clock, budget: maxEvents }
  await connection.run('BEGIN')
  try {
    const taken: Taken[] = []
    for (const name of names) {
      if (intake.budget <= 0) break
      const one = await takeSegment(join(dir, name), name, known.get(name) ?? 0, intake)
      if (one !== undefined) taken.push(one)
    }
    const stages = [...intake.stages.values()]
    await moveIn(connection, stages)
    const calls = intake.stages.get('call')?.rows ?? 0
    if (calls > 0) await mergeSums(connection, calls)
    await recordSegments(connection, taken, gone)
    await connection.run('COMMIT')
    return {
      events: taken.reduce((sum, one) => sum + one.events, 0),
      damagedBytes: taken.reduce((sum, one) => sum + one.damaged, 0),
      removed: taken.filter((one) => removeFinished(join(dir, one.name), one.finishedAt)).length,
      more: intake.budget <= 0,
    }
  } catch (error) {
    for (const stage of intake.stages.values()) stage.abandon()
    await connection.run('ROLLBACK').catch(() => {})
    throw error
  }
}

/** Whether segments hold something that the database does not have yet. */
export async function hasNews(connection: DuckDBConnection, dir: string): Promise<boolean> {
  const known = await positions(connection)
  return segmentNames(dir).some((name) => (statOf(join(dir, name))?.size ?? 0) > (known.get(name) ?? 0))
}

/** Up to where each segment was read. */
async function positions(connection: DuckDBConnection): Promise<ReadonlyMap<string, number>> {
  const reader = await connection.runAndReadAll('SELECT name, read_to::DOUBLE FROM segments')
  return new Map(reader.getRowsJS() as [string, number][])
}

async function takeSegment(
  path: string,
  name: string,
  from: number,
  intake: Intake,
): Promise<Taken | undefined> {
  const reader = opened(path, from, intake.clock)
  if (reader === undefined) return undefined
  let [events, damaged] = [0, 0]
  try {
    while (intake.budget > 0) {
      const frame = reader.next()
      if (frame === undefined) break
      const rows = await takeFrame(frame, intake)
      if (rows === undefined) damaged += frame.payload.length
      else events += rows
    }
    const complete = reader.finished && intake.budget > 0
    return {
      name,
      from,
      to: reader.offset,
      events,
      damaged: damaged + reader.damaged,
      finishedAt: complete ? reader.size : undefined,
    }
  } finally {
    reader.close()
  }
}

function opened(path: string, from: number, clock: Clock): SegmentReader | undefined {
  try {
    return new SegmentReader(path, from, clock)
  } catch (error) {
    // Taken in and removed, or given up, by another process; or another user's, whose events are not ours to lose: it stays.
    if (hasErrno(error, 'ENOENT', 'EACCES', 'EPERM')) return undefined
    throw error
  }
}

/** How many events it gave; undefined when the frame does not hold what its head says. */
async function takeFrame(frame: SegmentFrame, intake: Intake): Promise<number | undefined> {
  const kind = KIND_ORDER[frame.type]
  // A kind of a later version: its events are not for this one.
  if (kind === undefined) return 0
  let stage = intake.stages.get(kind)
  if (stage === undefined) {
    stage = new Stage(kind, kind === 'call' ? CALL_PARTS : undefined)
    await stage.open(intake.connection)
    intake.stages.set(kind, stage)
  }
  try {
    stage.take(frame)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
  intake.budget = stage.combinations > MAX_COMBINATIONS ? 0 : intake.budget - frame.rows
  return frame.rows
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
