import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Paths } from '../config/paths.ts'
import { writeFileAtomic } from '../config/write-file.ts'
import { hasErrno } from '../errors.ts'
import { type Identity, isAlive, machineBootId } from '../process.ts'
import { readRegular } from '../regular-file.ts'

const PREFIX = 'draining-'

/** A file run/draining-PID; the daemon is undefined when it is dead or the text makes no sense. */
interface DrainingRecord {
  readonly path: string
  readonly daemon: Identity | undefined
}

/**
 * Leaves a record of a daemon that gave up socket and lock and finishes its sessions: nothing else leads to it. Gives
 * what removes the record.
 */
export function recordDraining(paths: Paths, daemon: Identity): () => void {
  forgetDeadDraining(paths)
  const path = join(paths.run, `${PREFIX}${daemon.pid}`)
  writeFileAtomic(path, JSON.stringify({ ...daemon, boot: machineBootId() }))
  return () => rmSync(path, { force: true })
}

/** The daemons that handed over and still live. */
export function drainingDaemons(paths: Paths): readonly Identity[] {
  return records(paths).flatMap(({ daemon }) => daemon ?? [])
}

/** Removes the records of those that were killed. */
export function forgetDeadDraining(paths: Paths): void {
  for (const { path, daemon } of records(paths)) if (daemon === undefined) rmSync(path, { force: true })
}

function records(paths: Paths): readonly DrainingRecord[] {
  let names: string[]
  try {
    names = readdirSync(paths.run)
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return []
    throw error
  }
  return names
    .filter((name) => /^draining-\d+$/.test(name))
    .map((name) => join(paths.run, name))
    .map((path) => ({ path, daemon: living(path) }))
}

function living(path: string): Identity | undefined {
  try {
    const { pid, startTime, boot } = Object(JSON.parse(readRegular(path).toString('utf8')))
    if (!Number.isInteger(pid) || typeof startTime !== 'string' || boot !== machineBootId()) return undefined
    return isAlive({ pid, startTime }) ? { pid, startTime } : undefined
  } catch {
    return undefined
  }
}
