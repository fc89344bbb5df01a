import { existsSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { isOurLogName, isOurRunName } from '../config/own-names.ts'
import type { Paths } from '../config/paths.ts'
import { isSetUp } from '../config/registry.ts'
import { hasErrno, MyceliumError } from '../errors.ts'
import { segmentNames } from '../events/segment-file.ts'
import type { Identity } from '../process.ts'
import { acquireLock } from './lock.ts'

/**
 * Removes what a daemon and its launcher make where nothing is set up: sockets, locks, logs, and the root if that leaves
 * it empty. Keeps all of it while another command changes configs, and where init's launchers or backups still are:
 * then only the registry was lost. Pairs with clients/our-files.ts.
 */
export async function removeTraces(paths: Paths, daemon: Identity): Promise<void> {
  try {
    const lock = await acquireLock(paths.run, 'configs', { identity: daemon })
    if ('heldBy' in lock) return
    if (isSetUp(paths) || [paths.launchers, paths.bin, paths.backups].some(existsSync)) {
      lock.release()
      return
    }
    for (const name of readdirSync(paths.log)) if (isOurLogName(name)) rmSync(join(paths.log, name))
    removeIfEmpty(paths.log)
    if (!readdirSync(paths.run).every(isOurRunName)) {
      lock.release()
      return
    }
    // In one step: it holds the lock that an init may be waiting for, which then makes one of its own.
    const gone = `${paths.run}.${daemon.pid}.gone`
    renameSync(paths.run, gone)
    rmSync(gone, { recursive: true, force: true })
  } catch (error) {
    // An undo was faster.
    if (!hasErrno(error instanceof MyceliumError ? error.cause : error, 'ENOENT')) throw error
  }
  // With a database there is a history that somebody wanted to keep.
  if (!existsSync(paths.database)) removeSegments(paths.events)
  // Else it holds the user's settings, or an init came meanwhile.
  removeIfEmpty(paths.root)
}

function removeSegments(dir: string): void {
  for (const name of segmentNames(dir)) rmSync(join(dir, name), { force: true })
  removeIfEmpty(dir)
}

function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory)
  } catch (error) {
    if (!hasErrno(error, 'ENOENT', 'ENOTEMPTY', 'EEXIST')) throw error
  }
}
