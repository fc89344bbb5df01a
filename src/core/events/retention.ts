import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import { hasErrno } from '../errors.ts'
import { segmentNames } from './segment-file.ts'
import { countEvents, SegmentReader } from './segment-reader.ts'
import { statOf } from './segment-rest.ts'

/** What was given up; a part of the events may have been taken in before. */
export interface Dropped {
  readonly segments: number
  readonly events: number
}

/** Removes the segments that were finished longest ago until all together take no more than maxBytes. Those that are written to stay. */
export function dropOldest(dir: string, maxBytes: number, clock: Clock): Dropped {
  const found = segmentNames(dir).flatMap((name) => {
    const stat = statOf(join(dir, name))
    return stat === undefined ? [] : [{ path: join(dir, name), size: stat.size, at: stat.mtimeMs }]
  })
  let bytes = found.reduce((sum, { size }) => sum + size, 0)
  let [segments, events] = [0, 0]
  for (const { path, size } of found.sort((a, b) => a.at - b.at)) {
    if (bytes <= maxBytes) break
    const dropped = dropFinished(path, clock)
    if (dropped === undefined) continue
    bytes -= size
    segments++
    events += dropped
  }
  return { segments, events }
}

/** Gives the events in it; undefined when it is not finished, or somebody else has removed it. */
function dropFinished(path: string, clock: Clock): number | undefined {
  try {
    const reader = new SegmentReader(path, 0, clock)
    reader.close()
    if (!reader.finished) return undefined
    const events = countEvents(path)
    rmSync(path)
    return events
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'EACCES', 'EPERM', 'EROFS')) return undefined
    throw error
  }
}
