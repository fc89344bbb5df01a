import { existsSync, renameSync, rmdirSync, rmSync } from 'node:fs'
import type { Paths } from '../config/paths.ts'
import { isSetUp } from '../config/registry.ts'
import { hasErrno, MyceliumError } from '../errors.ts'
import type { Identity } from '../process.ts'
import { acquireLock } from './lock.ts'

/**
 * Removes what a daemon and its launcher make where nothing is set up: sockets, locks, logs, and the root if that leaves
 * it empty. Keeps all of it while another command changes configs, and where init's launchers or backups still are:
 * then only the registry was lost. Pairs with removeAll() in clients/undo.ts.
 */
export async function removeTraces(paths: Paths, daemon: Identity): Promise<void> {
  try {
    const lock = await acquireLock(paths.run, 'configs', { identity: daemon })
    if ('heldBy' in lock) return
    if (isSetUp(paths) || existsSync(paths.launchers) || existsSync(paths.backups)) {
      lock.release()
      return
    }
    rmSync(paths.log, { recursive: true, force: true })
    // In one step: it holds the lock that an init may be waiting for, which then makes one of its own.
    const gone = `${paths.run}.${daemon.pid}.gone`
    renameSync(paths.run, gone)
    rmSync(gone, { recursive: true, force: true })
  } catch (error) {
    // An undo was faster.
    if (!hasErrno(error instanceof MyceliumError ? error.cause : error, 'ENOENT')) throw error
  }
  try {
    rmdirSync(paths.root)
  } catch (error) {
    // The user's settings, or an init that came meanwhile.
    if (!hasErrno(error, 'ENOENT', 'ENOTEMPTY', 'EEXIST')) throw error
  }
}
