import { spawn } from 'node:child_process'
import { closeSync, fstatSync, openSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Clock, systemClock } from '../clock.ts'
import { packageRoot } from '../config/package-root.ts'
import { failureNotePath, type Paths, preparePaths } from '../config/paths.ts'
import { MyceliumError } from '../errors.ts'
import { identityOf, isAlive, MARKER } from '../process.ts'
import { APPEND, readRegular } from '../regular-file.ts'
import { type Connection, connect } from './connect.ts'
import { DAEMON_LOCK, holderOf } from './lock.ts'

const START_LIMIT_MS = 10_000
/** How a daemon ends that finds another one with the lock: no failure, since many are started at once. */
export const LOCK_HELD_EXIT = 3

/** Where the daemon's bundle is. */
export function daemonScript(): string {
  return join(packageRoot(), 'dist', 'daemon.js')
}

/**
 * Finds the running daemon or starts one, double-forked: an intermediate makes a session of its own and ends, so that no
 * client's way of killing its descendants reaches the daemon. Throws daemon_start_failed.
 */
export async function findOrStart(
  paths: Paths,
  env: NodeJS.ProcessEnv,
  clock: Clock = systemClock,
): Promise<Connection> {
  const running = await connect(paths)
  if (running !== undefined) return running
  preparePaths(paths)
  rmSync(failureNotePath(paths), { force: true })
  const errors = join(paths.log, 'daemon.err')
  const log = openSync(errors, APPEND, 0o600)
  const saidBefore = fstatSync(log).size
  let pid: number
  try {
    const intermediate = spawn(
      '/bin/sh',
      ['-c', '"$@" >&2 & echo $!', 'sh', process.execPath, daemonScript(), 'run', paths.root],
      {
        cwd: '/',
        env: daemonEnvironment(env),
        detached: true,
        stdio: ['ignore', 'pipe', log],
      },
    )
    let printed = ''
    intermediate.stdout?.on('data', (chunk: Buffer) => {
      printed += chunk.toString('latin1')
    })
    await new Promise((resolve, reject) => {
      intermediate.once('error', reject)
      intermediate.once('close', resolve)
    })
    pid = Number(printed)
  } catch (cause) {
    throw new MyceliumError(
      'daemon_start_failed',
      `the daemon could not be started: ${(cause as Error).message}`,
      { cause },
    )
  } finally {
    closeSync(log)
  }
  const ours = identityOf(pid)
  const deadlineMs = clock.now() + START_LIMIT_MS
  while (clock.now() < deadlineMs) {
    const ended = ours === undefined || !isAlive(ours)
    const connection = await connect(paths)
    if (connection !== undefined) return connection
    const failure = failureNote(paths)
    if (failure !== undefined) throw new MyceliumError('daemon_start_failed', failure)
    // Ours also ends when another one is coming up.
    if (ended && holderOf(paths.run, DAEMON_LOCK) === undefined) {
      throw new MyceliumError(
        'daemon_start_failed',
        `the daemon ended before it listened: ${lastWords(errors, saidBefore)}`,
      )
    }
    await waitReferenced(10)
  }
  throw new MyceliumError('daemon_start_failed', `the daemon did not listen within ${START_LIMIT_MS} ms`)
}

/** Changes how node or the loader start a program. The same list is in relay.c, launcher.sh (twice) and relay.mjs. */
const STEERS_NODE = /^(?:NODE|LD|DYLD|UV|OPENSSL|SSL|GLIBC|MALLOC)_/

/**
 * Whoever needs the daemon first starts it, with what is meant for one server in its environment: that must not reach the
 * daemon, which all share. Nor may a daemon started from inside a server be taken for that server's child.
 */
function daemonEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = ([name]: [string, unknown]): boolean => name !== MARKER && !STEERS_NODE.test(name)
  // Node hands this one on unless it is there.
  return { ...Object.fromEntries(Object.entries(env).filter(kept)), NODE_V8_COVERAGE: undefined }
}

/** Why the last start failed, if it did; pairs with main.ts, which removes the note when it listens. */
export function failureNote(paths: Paths): string | undefined {
  try {
    return readRegular(failureNotePath(paths)).toString('utf8').trim() || 'no reason was noted'
  } catch {
    return undefined
  }
}

/** What a daemon that died said of it: the line that names the error, else its last one. */
function lastWords(file: string, from: number): string {
  const lines = readRegular(file)
    .subarray(from)
    .toString('utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
  return (
    lines.find((line) => /^\S*Error\b|^mycelium daemon: /.test(line)) ?? lines.at(-1) ?? 'it said nothing'
  )
}

function waitReferenced(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs))
}

/**
 * Runs the daemon as a child of this process, for service managers and for watching it; gives its exit code. Throws
 * daemon_busy when one runs already.
 */
export async function runInForeground(paths: Paths, env: NodeJS.ProcessEnv): Promise<number> {
  preparePaths(paths)
  const child = spawn(process.execPath, [daemonScript(), 'run', paths.root], { env, stdio: 'inherit' })
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => pass(signal))
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (status) => resolve(status ?? 1))
  })
  if (code !== LOCK_HELD_EXIT) return code
  const holder = holderOf(paths.run, DAEMON_LOCK)
  throw new MyceliumError('daemon_busy', `a daemon runs already: pid ${holder?.pid ?? 'unknown'}`)
}
