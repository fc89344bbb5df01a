import { rmSync } from 'node:fs'
import { removeGroup } from '../bounds/group.ts'
import { type Clock, systemClock } from '../clock.ts'
import type { Paths } from '../config/paths.ts'
import { killTrees, treeFinder } from '../pool/kill.ts'
import { type Identity, isAlive } from '../process.ts'
import { isSameProcess, placeOf, staleRecords } from './records.ts'

/** What a sweep did. */
export interface Sweep {
  /** Processes left by daemons that are dead, now ended. */
  readonly ended: readonly Identity[]
  /** Those that even SIGKILL did not end. */
  readonly survivors: readonly Identity[]
}

/** Names one life of the daemon; it says which process that is, so that a marker alone shows whether its daemon still lives. */
export function bootIdOf(paths: Pick<Paths, 'run'>, daemon: Identity): string {
  return `${placeOf(paths)}.${daemon.pid}.${daemon.startTime}`
}

/**
 * Ends what dead daemons left behind, by journal and by marker, and removes their records. Leaves the upstreams of a daemon that
 * still lives (one that drains) and every process that is not exactly the one recorded. Call it with the daemon lock held.
 */
export async function sweepLeftovers(paths: Pick<Paths, 'run'>, clock: Clock = systemClock): Promise<Sweep> {
  const place = placeOf(paths)
  const stale = staleRecords(paths)
  const known = stale.flatMap(({ record }) => {
    // Pids of another boot or namespace say nothing here.
    if (record === undefined || !record.marker.startsWith(`${place}.`)) return []
    return [record.root, ...(record.tree ?? [])].filter(isSameProcess)
  })
  const ended = new Map<number, Identity>()
  const find = treeFinder(known, leftBehind(place))
  const survivors = await killTrees((table) => {
    const members = find(table)
    for (const { pid, startTime } of members) ended.set(pid, { pid, startTime })
    return members
  }, clock)
  for (const { record } of stale) if (record?.group !== undefined) await removeGroup(record.group)
  for (const { path } of stale) rmSync(path, { force: true })
  for (const { pid } of survivors) ended.delete(pid)
  return { ended: [...ended.values()], survivors }
}

/** True for markers of this place whose daemon is dead. */
function leftBehind(place: string): (marker: string) => boolean {
  const verdicts = new Map<string, boolean>()
  return (marker) => {
    const bootId = marker.slice(0, marker.lastIndexOf(':'))
    const known = verdicts.get(bootId)
    if (known !== undefined) return known
    const [, pid, startTime] = /^[^.]+\.(\d+)\.(.+)$/.exec(bootId) ?? []
    const verdict =
      bootId.startsWith(`${place}.`) && startTime !== undefined && !isAlive({ pid: Number(pid), startTime })
    verdicts.set(bootId, verdict)
    return verdict
  }
}
