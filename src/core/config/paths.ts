import { chmodSync, lstatSync, mkdirSync } from 'node:fs'
import { homedir, tmpdir, userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import { hasErrno, MyceliumError } from '../errors.ts'
import { fingerprint } from '../hash.ts'

/** Longest socket path that every supported system accepts (macOS: 104 bytes with the closing NUL). */
export const MAX_SOCKET_PATH_BYTES = 103

/** Where everything of one user lives; one root, so that undo can remove it whole. */
export interface Paths {
  readonly root: string
  readonly launchers: string
  /** The compiled relay. */
  readonly bin: string
  readonly backups: string
  readonly registry: string
  readonly settings: string
  readonly log: string
  /** Socket, locks and journals: short path, 0700. */
  readonly run: string
  readonly socket: string
}

/** The root from MYCELIUM_HOME or HOME. */
export function rootFrom(env: NodeJS.ProcessEnv): string {
  return resolve(env.MYCELIUM_HOME || join(env.HOME || homedir(), '.mycelium'))
}

/** The paths of the user whose environment this is. */
export function pathsFrom(env: NodeJS.ProcessEnv): Paths {
  return pathsOf(rootFrom(env))
}

/** All paths below a root. Pure: creates nothing. Throws socket_path_too_long when no short enough place exists. */
export function pathsOf(root: string): Paths {
  const run = runDirectoryOf(root)
  return {
    root,
    launchers: join(root, 'launchers'),
    bin: join(root, 'bin'),
    backups: join(root, 'backups'),
    registry: join(root, 'servers.json'),
    settings: join(root, 'config.json'),
    log: join(root, 'log'),
    run,
    socket: join(run, 'd.sock'),
  }
}

function runDirectoryOf(root: string): string {
  const inside = join(root, 'run')
  // One-time session sockets (run/t-<n>.sock) are the longest names in there.
  const fits = (dir: string) => Buffer.byteLength(join(dir, 't-000000.sock')) <= MAX_SOCKET_PATH_BYTES
  if (fits(inside)) return inside
  const name = `mycelium-${userInfo().uid}-${fingerprint([root], 8)}`
  for (const base of ['/tmp', tmpdir()]) if (fits(join(base, name))) return join(base, name)
  throw new MyceliumError(
    'socket_path_too_long',
    `no socket path of at most ${MAX_SOCKET_PATH_BYTES} bytes for ${root}`,
  )
}

/** Creates root and run (0700) and refuses a run directory that is a link, somebody else's, or open to others. */
export function preparePaths(paths: Paths): void {
  for (const dir of [paths.root, paths.log, paths.run]) mkdirSync(dir, { recursive: true, mode: 0o700 })
  const stat = lstatSync(paths.run)
  const uid = process.getuid?.()
  if (!stat.isDirectory() || (uid !== undefined && stat.uid !== uid)) {
    throw new MyceliumError('run_dir_unsafe', `${paths.run} is not a directory of this user`)
  }
  if ((stat.mode & 0o077) !== 0) {
    try {
      chmodSync(paths.run, 0o700)
    } catch (cause) {
      if (!hasErrno(cause, 'EPERM', 'EROFS', 'EACCES')) throw cause
      throw new MyceliumError('run_dir_unsafe', `${paths.run} is open to other users`, { cause })
    }
  }
}
