import { chmodSync, lstatSync, mkdirSync, type Stats, statSync, writeFileSync } from 'node:fs'
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
  /** What is hidden in each project, for hooks and for the next plan. */
  readonly ignore: string
  readonly log: string
  /** Segments of the event log. */
  readonly events: string
  /** Budgets of files: plans, what sessions read, outlines of trees. */
  readonly budgets: string
  /** Texts that were shortened, as they were. */
  readonly originals: string
  /** What sessions hold of files, for answers by the difference. */
  readonly diffs: string
  /** What the events become: tables to ask. */
  readonly database: string
  /** How many real tokens a counted one is, as the user's transcripts show it. */
  readonly calibration: string
  /** What is known of the files of repositories. */
  readonly scores: string
  /** What is done by the clock: which jobs are installed, how they ran. */
  readonly jobs: string
  /** What was learnt from calls and samples. */
  readonly models: string
  /** What sessions are likely to call next. */
  readonly prewarmModel: string
  /** When servers are used. */
  readonly keepWarm: string
  /** What servers listed last, for what is written to be held against. */
  readonly knownTools: string
  /** What became of servers that were started for a guess. */
  readonly advice: string
  /** How much memory servers may have. */
  readonly envelopes: string
  /** What tools were used, by project and client. */
  readonly toolUses: string
  /** What the definitions of servers weigh. */
  readonly toolSizes: string
  /** What tools mean, as numbers. */
  readonly toolMeanings: string
  /** What people said of shortened texts. */
  readonly ratings: string
  /** Which clients were given our own MCP server, and in which file. */
  readonly mcpPlaces: string
  /** Socket, locks and journals: short path, 0700. Every name in it is listed in clients/our-files.ts, or undo would leave it. */
  readonly run: string
  readonly socket: string
  /** Where the process that waits for hooks listens (src/quick.ts). */
  readonly quickSocket: string
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
    ignore: join(root, 'ignore'),
    log: join(root, 'log'),
    events: join(root, 'events'),
    budgets: join(root, 'budgets'),
    originals: join(root, 'originals'),
    diffs: join(root, 'diffs'),
    database: join(root, 'usage.duckdb'),
    calibration: join(root, 'token-calibration.json'),
    scores: join(root, 'scores'),
    jobs: join(root, 'jobs'),
    models: join(root, 'models'),
    prewarmModel: join(root, 'models', 'prewarm.json'),
    keepWarm: join(root, 'models', 'keep-warm.json'),
    knownTools: join(root, 'models', 'tools.json'),
    advice: join(root, 'models', 'advice.json'),
    envelopes: join(root, 'models', 'envelopes.json'),
    toolUses: join(root, 'models', 'tool-uses.json'),
    toolSizes: join(root, 'models', 'tool-sizes.json'),
    toolMeanings: join(root, 'models', 'tool-meanings.bin'),
    ratings: join(root, 'models', 'ratings.json'),
    mcpPlaces: join(root, 'mcp.json'),
    run,
    socket: join(run, 'd.sock'),
    quickSocket: join(run, 'q.sock'),
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

/**
 * Creates root, log and run (0700). Nobody else may be able to put files there: refuses a directory of somebody else, and a run directory
 * that is a link or open to others; takes write permission from others where it can. Throws run_dir_unsafe, home_unusable, write_failed.
 */
export function preparePaths(paths: Paths): void {
  for (const dir of [paths.root, paths.log, paths.run]) makeDirectory(dir)
  for (const dir of [paths.root, paths.log, paths.launchers, paths.bin, paths.backups])
    refuseShared(dir, 0o022, statOf(dir))
  refuseForeignRun(paths)
}

/** Throws run_dir_unsafe when there is a run directory that others can write in: it may lie in /tmp, where somebody could lie in wait. */
export function refuseForeignRun(paths: Paths): void {
  const run = named(paths.run, () => lstatSync(paths.run, { throwIfNoEntry: false }))
  if (run === undefined) return
  if (!run.isDirectory())
    throw new MyceliumError('run_dir_unsafe', `${paths.run} is not a directory of this user`)
  refuseShared(paths.run, 0o077, run)
}

/** Whether what is in the place of the run directory cannot be this user's: no daemon of theirs is behind it. */
export function isForeignRun(paths: Paths): boolean {
  try {
    const run = lstatSync(paths.run, { throwIfNoEntry: false })
    return run !== undefined && (!run.isDirectory() || run.uid !== (process.getuid?.() ?? run.uid))
  } catch (error) {
    if (hasErrno(error, 'ENOTDIR', 'ELOOP')) return true
    throw error
  }
}

function makeDirectory(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
  } catch (cause) {
    if (hasErrno(cause, 'ENOSPC', 'EDQUOT', 'EIO'))
      throw new MyceliumError('write_failed', `${dir} could not be made: ${cause.code}`, {
        cause,
        hint: 'free some disk space and run it again',
      })
    // Removed while it was being made, unless it is a link to nowhere.
    if (hasErrno(cause, 'ENOENT') && !isLink(dir)) throw cause
    if (!hasErrno(cause, 'EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOENT', 'ELOOP')) throw cause
    throw new MyceliumError('home_unusable', `${dir} cannot be made a directory: ${cause.code}`, { cause })
  }
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true
}

function statOf(dir: string): Stats | undefined {
  return named(dir, () => statSync(dir, { throwIfNoEntry: false }))
}

/** A file or a circle of links on the way to a place of ours is for the user to see to. */
function named<T>(path: string, look: () => T): T {
  try {
    return look()
  } catch (cause) {
    if (!hasErrno(cause, 'ENOTDIR', 'ELOOP', 'EACCES')) throw cause
    throw new MyceliumError('home_unusable', `${path} cannot be looked at: ${cause.code}`, { cause })
  }
}

function refuseShared(dir: string, forbidden: number, stat: Stats | undefined): void {
  const uid = process.getuid?.()
  if (stat === undefined) return
  if (!stat.isDirectory() || (uid !== undefined && stat.uid !== uid)) {
    throw new MyceliumError('run_dir_unsafe', `${dir} is not a directory of this user`)
  }
  if ((stat.mode & forbidden) === 0) return
  try {
    chmodSync(dir, stat.mode & 0o7777 & ~forbidden)
  } catch (cause) {
    if (!hasErrno(cause, 'EPERM', 'EROFS', 'EACCES')) throw cause
    throw new MyceliumError('run_dir_unsafe', `${dir} is open to other users`, { cause })
  }
}

/** Read by launchers too: a note younger than 10 s means that they had better run the original server. */
export function failureNotePath(paths: Paths): string {
  return join(paths.run, 'start-failed')
}

/** Leaves word that no daemon could be started, or that none is wanted, and why; nothing where there is no run directory. */
export function leaveFailureNote(paths: Paths, why: string): void {
  try {
    writeFileSync(failureNotePath(paths), `${why}\n`, { mode: 0o600 })
  } catch (error) {
    // Only the hint for launchers is lost.
    if (!(error instanceof Error && 'code' in error)) throw error
  }
}
