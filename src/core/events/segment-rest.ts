import { type Stats, statSync } from 'node:fs'
import { basename } from 'node:path'
import type { Clock } from '../clock.ts'
import { identityOf, isAlive } from '../process.ts'
import { type SegmentHead, whereOurPidsCount } from './segment-file.ts'

/** Whoever still writes to a shared segment that was renamed does so at once: hooks live for a second. */
const SHARED_REST_MS = 60_000
/** Writers of another machine or container that share the directory begin a new segment within a day. */
const FOREIGN_REST_MS = 26 * 3_600_000

/** Whether nothing will be added to a segment with that head, sealed or not. */
export function isFinished(path: string, head: SegmentHead | undefined, clock: Clock): boolean {
  if (head === undefined) return isAtRest(path, SHARED_REST_MS, clock) && !creatorLives(path)
  if (head.boot !== whereOurPidsCount()) return isAtRest(path, FOREIGN_REST_MS, clock)
  return !isAlive({ pid: head.pid, startTime: head.startTime })
}

function isAtRest(path: string, restMs: number, clock: Clock): boolean {
  const stat = statOf(path)
  return stat !== undefined && clock.wall() - stat.mtimeMs > restMs
}

/** A writer that was stopped between making its file and writing the head: its pid is in the name. A shared one has seconds there. */
function creatorLives(path: string): boolean {
  const pid = Number(/^(?!shared-)[a-z]+-(\d+)-/.exec(basename(path))?.[1])
  return Number.isSafeInteger(pid) && identityOf(pid) !== undefined
}

/** Its size and times; undefined when it is gone. */
export function statOf(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false })
}
