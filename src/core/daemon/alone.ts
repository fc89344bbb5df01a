import { type Clock, pause, systemClock } from '../clock.ts'
import { type Paths, preparePaths } from '../config/paths.ts'
import { hasErrno, MyceliumError } from '../errors.ts'
import { type Identity, identityOf } from '../process.ts'
import { acquireLock } from './lock.ts'

/** A compiler may take 20 s (launch/compiled-relay.ts), a daemon that is stopped 40 s (connect.ts). */
const WAIT_MS = 60_000
const POLL_MS = 30

/** How to wait for the turn. */
export interface AloneOptions {
  readonly clock?: Clock
  readonly waitMs?: number
  /** For work that must be done even where no lock can be had. */
  readonly withoutLock?: (because: MyceliumError) => void
}

/**
 * Runs `work` while no other command of this user changes configs or the registry: what one of them reads must still
 * be so when it writes. Throws config_busy when another one does not end. Where no lock can be had at all, as its directory is somebody
 * else's, no directory, or on a full disk, `withoutLock` is told why and the work is done all the same.
 */
export async function runAlone<T>(
  paths: Paths,
  work: () => Promise<T> | T,
  { clock = systemClock, waitMs = WAIT_MS, withoutLock }: AloneOptions = {},
): Promise<T> {
  const deadline = clock.now() + waitMs
  for (;;) {
    const lock = await take(paths, clock).catch((error: unknown) => {
      if (withoutLock === undefined || !isUnlockable(error)) throw error
      withoutLock(error)
      return { release: () => {} }
    })
    if (lock !== undefined && 'release' in lock) {
      try {
        return await work()
      } finally {
        lock.release()
      }
    }
    if (clock.now() >= deadline) {
      const who = lock === undefined ? '' : ` (pid ${lock.heldBy.pid})`
      throw new MyceliumError('config_busy', `another mycelium command${who} is changing the configs`)
    }
    await pause(clock, POLL_MS)
  }
}

function isUnlockable(error: unknown): error is MyceliumError {
  return (
    error instanceof MyceliumError &&
    (error.code === 'run_dir_unsafe' || error.code === 'home_unusable' || error.code === 'write_failed')
  )
}

/** Undefined when an undo removed the directory under us. */
async function take(paths: Paths, clock: Clock) {
  try {
    preparePaths(paths)
    return await acquireLock(paths.run, 'configs', { identity: identityOf(process.pid) as Identity, clock })
  } catch (error) {
    // A lock that could not be written there says why; a root that cannot be made is another matter.
    const cause = error instanceof MyceliumError && error.code === 'write_failed' ? error.cause : error
    if (hasErrno(cause, 'ENOENT')) return undefined
    throw error
  }
}
