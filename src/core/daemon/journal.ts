import { mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Clock, systemClock } from '../clock.ts'
import type { Paths } from '../config/paths.ts'
import { writeFileAtomic } from '../config/write-file.ts'
import { hasErrno } from '../errors.ts'
import { fingerprint } from '../hash.ts'
import { killTrees, treeFinder } from '../pool/kill.ts'
import { type Identity, isAlive, machineBootId, rowOf } from '../process.ts'

/** One upstream as the next daemon must know it, should this one and its watcher both be killed. */
export interface UpstreamRecord {
  readonly root: Identity
  readonly marker: string
  readonly daemon: Identity
  /** The program's name only: arguments may hold secrets. */
  readonly command: string
  /** Descendants known so far. */
  readonly tree?: readonly Identity[]
}

/** What a sweep did. */
export interface Sweep {
  /** Processes left by daemons that are dead, now ended. */
  readonly ended: readonly Identity[]
  /** Those that even SIGKILL did not end. */
  readonly survivors: readonly Identity[]
}

/** Where pids mean the same: this run directory on this boot of the machine in this PID namespace. */
function placeOf(paths: Pick<Paths, 'run'>): string {
  const namespace = process.platform === 'linux' ? readlinkSync('/proc/self/ns/pid') : ''
  return fingerprint([paths.run, machineBootId(), namespace], 8)
}

/** Names one life of the daemon; it says which process that is, so that a marker alone shows whether its daemon still lives. */
export function bootIdOf(paths: Pick<Paths, 'run'>, daemon: Identity): string {
  return `${placeOf(paths)}.${daemon.pid}.${daemon.startTime}`
}

/** Writes or replaces the record of an upstream. */
export function recordUpstream(paths: Pick<Paths, 'run'>, record: UpstreamRecord): void {
  const dir = directoryOf(paths)
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  writeFileAtomic(join(dir, String(record.root.pid)), JSON.stringify(record))
}

/** Removes the record of an upstream whose whole tree has ended. */
export function forgetUpstream(paths: Pick<Paths, 'run'>, pid: number): void {
  rmSync(join(directoryOf(paths), String(pid)), { force: true })
}

/**
 * Ends what dead daemons left behind, by journal and by marker, and removes their records. Leaves the upstreams of a daemon that
 * still lives (one that drains) and every process that is not exactly the one recorded. Call it with the daemon lock held.
 */
export async function sweepLeftovers(paths: Pick<Paths, 'run'>, clock: Clock = systemClock): Promise<Sweep> {
  const place = placeOf(paths)
  const stale = readRecords(paths).filter(({ record }) => record === undefined || !isAlive(record.daemon))
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

/** A zombie counts: its pid is still its own, and it may have led a session. */
function isSameProcess({ pid, startTime }: Identity): boolean {
  return rowOf(pid)?.startTime === startTime
}

function directoryOf(paths: Pick<Paths, 'run'>): string {
  return join(paths.run, 'upstreams')
}

/** Every file of the journal; the record is undefined when its text makes no sense. */
function readRecords(paths: Pick<Paths, 'run'>): { path: string; record: UpstreamRecord | undefined }[] {
  const dir = directoryOf(paths)
  let names: string[]
  try {
    names = readdirSync(dir)
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return []
    throw error
  }
  return names.map((name) => ({ path: join(dir, name), record: readRecord(join(dir, name)) }))
}

function readRecord(path: string): UpstreamRecord | undefined {
  try {
    const record = Object(JSON.parse(readFileSync(path, 'utf8')))
    const { root, marker, daemon, command, tree = [] } = record
    const sound = [root, daemon, ...tree].every(isIdentity) && typeof marker === 'string'
    return sound && typeof command === 'string' ? record : undefined
  } catch {
    return undefined
  }
}

function isIdentity(value: unknown): value is Identity {
  const { pid, startTime } = Object(value)
  return Number.isInteger(pid) && pid > 1 && typeof startTime === 'string'
}
