import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import type { Clock } from '../clock.ts'
import { hasErrno } from '../errors.ts'
import { KIND_ORDER, type Kind } from './event.ts'
import { moveIn } from './move-in.ts'
import { segmentNames, setSharedAside, writerLives } from './segment-file.ts'
import { readSegment } from './segment-reader.ts'
import { Stage } from './stage.ts'

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
const MAX_EVENTS = 1_000_000
/** Whoever still writes to a shared segment that was renamed does so at once: hooks live for a second. */
const SHARED_REST_MS = 60_000

/** What segments are read into. */
interface Into {
  readonly stages: ReadonlyMap<Kind, Stage>
  readonly clock: Clock
}

interface Taken {
  readonly name: string
  readonly to: number
  readonly events: number
  readonly damaged: number
  readonly finished: boolean
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
  const names = segmentNames(dir)
  const reader = await connection.runAndReadAll('SELECT name, read_to::DOUBLE FROM segments')
  const known = new Map(reader.getRowsJS() as [string, number][])
  const gone = [...known.keys()].filter((name) => !names.includes(name))
  if (names.every((name) => sizeOf(join(dir, name)) === known.get(name)) && gone.length === 0)
    return { events: 0, damagedBytes: 0, removed: removeFinished(dir, names, known), more: false }
  await connection.run('BEGIN')
  try {
    const stages = new Map(KIND_ORDER.map((kind) => [kind, new Stage(kind)]))
    for (const stage of stages.values()) await stage.open(connection)
    const taken: Taken[] = []
    let budget = maxEvents
    for (const name of names) {
      if (budget <= 0) break
      const one = takeSegment(join(dir, name), name, known.get(name) ?? 0, budget, { stages, clock })
      if (one === undefined) continue
      taken.push(one)
      budget -= one.events
    }
    await moveIn(connection, [...stages.values()])
    await recordSegments(connection, taken, gone)
    await connection.run('COMMIT')
    const finished = taken.filter((one) => one.finished)
    for (const { name } of finished) rmSync(join(dir, name), { force: true })
    return {
      events: maxEvents - budget,
      damagedBytes: taken.reduce((sum, one) => sum + one.damaged, 0),
      removed: finished.length,
      more: budget <= 0,
    }
  } catch (error) {
    await connection.run('ROLLBACK').catch(() => {})
    throw error
  }
}

function takeSegment(
  path: string,
  name: string,
  from: number,
  budget: number,
  { stages, clock }: Into,
): Taken | undefined {
  let events = 0
  let damaged = 0
  try {
    const end = readSegment(path, from, (frame) => {
      const kind = KIND_ORDER[frame.type]
      // A kind of a later version: its events are not for this one.
      if (kind === undefined) return true
      try {
        stages.get(kind)!.take(frame)
        events += frame.rows
      } catch (error) {
        if (!(error instanceof RangeError)) throw error
        damaged += frame.payload.length
      }
      return events < budget
    })
    const closed = end.sealed || (end.head === undefined ? isAtRest(path, clock) : !writerLives(end.head))
    return {
      name,
      to: end.offset,
      events,
      damaged: damaged + end.damaged,
      finished: closed && events < budget,
    }
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined
    throw error
  }
}

/** Of many writers: finished when nothing has been written to it for a while. */
function isAtRest(path: string, clock: Clock): boolean {
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat !== undefined && clock.wall() - stat.mtimeMs > SHARED_REST_MS
}

async function recordSegments(
  connection: DuckDBConnection,
  taken: readonly Taken[],
  gone: readonly string[],
): Promise<void> {
  const names = [...taken.map(({ name }) => name), ...gone]
  if (names.length > 0)
    await connection.run(
      `DELETE FROM segments WHERE name IN (${names.map((name) => `'${name}'`).join(', ')})`,
    )
  for (const { name, to, events, damaged } of taken) {
    await connection.run(
      `INSERT INTO segments VALUES ('${name}', ${to}, ${events}, ${damaged}, now() AT TIME ZONE 'UTC')`,
    )
  }
}

/** A segment whose removal failed last time, or was not reached. */
function removeFinished(dir: string, names: readonly string[], known: ReadonlyMap<string, number>): number {
  let removed = 0
  for (const name of names) {
    const path = join(dir, name)
    const end = readSegment(path, known.get(name) ?? 0, () => false)
    if (end.offset !== sizeOf(path) || end.head === undefined || writerLives(end.head)) continue
    rmSync(path, { force: true })
    removed++
  }
  return removed
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size
}
