import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { removeGroupNow } from '../bounds/group.ts'
import type { Paths } from '../config/paths.ts'
import { writeFileAtomic } from '../config/write-file.ts'
import { hasErrno } from '../errors.ts'
import { fingerprint } from '../hash.ts'
import { type Identity, isAlive, machineBootId, pidNamespace, rowOf } from '../process.ts'
import { readRegular } from '../regular-file.ts'

/** One upstream as the next daemon must know it, should this one and its watcher both be killed. */
export interface UpstreamRecord {
  readonly root: Identity
  readonly marker: string
  readonly daemon: Identity
  /** The program's name only: arguments may hold secrets. */
  readonly command: string
  /** The control group that was made for it. */
  readonly group?: string
  /** Descendants known so far. */
  readonly tree?: readonly Identity[]
}

const GROUP = /^\/.*\/mycelium-[0-9a-f]+-\d+-\d+$/

/** Begins the name of each control group that a daemon makes; the rest is a number. */
export function groupPrefix(paths: Pick<Paths, 'run'>, { pid }: Identity): string {
  return `mycelium-${placeOf(paths)}-${pid}`
}

/** Where pids mean the same: this run directory on this boot of the machine in this PID namespace. */
export function placeOf(paths: Pick<Paths, 'run'>): string {
  return fingerprint([paths.run, machineBootId(), pidNamespace()], 8)
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

/** What is left of upstreams whose daemon is dead: processes of this boot and namespace that still run, and records of nothing. Pairs with sweepLeftovers in journal.ts. */
export function leftovers(paths: Pick<Paths, 'run'>): {
  readonly running: readonly UpstreamRecord[]
  readonly records: number
} {
  const stale = staleRecords(paths)
  const place = placeOf(paths)
  const running = stale.flatMap(({ record }) =>
    record?.marker.startsWith(`${place}.`) && [record.root, ...(record.tree ?? [])].some(isAlive)
      ? [record]
      : [],
  )
  return { running, records: stale.length }
}

/** Removes the empty control groups that dead daemons left. */
export function removeLeftGroups(paths: Pick<Paths, 'run'>): void {
  for (const { record } of staleRecords(paths)) if (record?.group !== undefined) removeGroupNow(record.group)
}

/** Records whose daemon is dead, or that make no sense. */
export function staleRecords(
  paths: Pick<Paths, 'run'>,
): readonly { path: string; record: UpstreamRecord | undefined }[] {
  return readRecords(paths).filter(({ record }) => record === undefined || !isAlive(record.daemon))
}

/** A zombie counts: its pid is still its own, and it may have led a session. */
export function isSameProcess({ pid, startTime }: Identity): boolean {
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
    if (hasErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return []
    throw error
  }
  return names.map((name) => ({ path: join(dir, name), record: readRecord(join(dir, name)) }))
}

function readRecord(path: string): UpstreamRecord | undefined {
  try {
    const record = Object(JSON.parse(readRegular(path).toString('utf8')))
    const { root, marker, daemon, command, tree = [], group = '' } = record
    const sound = [root, daemon, ...tree].every(isIdentity) && typeof marker === 'string' && isGroup(group)
    return sound && typeof command === 'string' ? record : undefined
  } catch {
    return undefined
  }
}

/** Pairs with daemon/bounds.ts: nothing else is ever removed by a record. */
function isGroup(value: unknown): boolean {
  return value === '' || (typeof value === 'string' && GROUP.test(value))
}

function isIdentity(value: unknown): value is Identity {
  const { pid, startTime } = Object(value)
  return Number.isInteger(pid) && pid > 1 && typeof startTime === 'string'
}
