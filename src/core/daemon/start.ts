import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Clock, systemClock } from '../clock.ts'
import { packageRoot } from '../config/package-root.ts'
import { type Paths, preparePaths } from '../config/paths.ts'
import { MyceliumError } from '../errors.ts'
import { MARKER } from '../process.ts'
import { type Connection, connect } from './connect.ts'

const START_LIMIT_MS = 10_000

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
  const log = openSync(join(paths.log, 'daemon.err'), 'a', 0o600)
  try {
    const intermediate = spawn(
      '/bin/sh',
      ['-c', '"$@" & :', 'sh', process.execPath, daemonScript(), 'run', paths.root],
      {
        cwd: '/',
        env: withoutMarker(env),
        detached: true,
        stdio: ['ignore', log, log],
      },
    )
    await new Promise((resolve, reject) => {
      intermediate.once('error', reject)
      intermediate.once('exit', resolve)
    })
  } catch (cause) {
    throw new MyceliumError(
      'daemon_start_failed',
      `the daemon could not be started: ${(cause as Error).message}`,
      { cause },
    )
  } finally {
    closeSync(log)
  }
  const deadlineMs = clock.now() + START_LIMIT_MS
  while (clock.now() < deadlineMs) {
    const connection = await connect(paths)
    if (connection !== undefined) return connection
    const failure = failureNote(paths)
    if (failure !== undefined) throw new MyceliumError('daemon_start_failed', failure)
    await waitReferenced(10)
  }
  throw new MyceliumError('daemon_start_failed', `the daemon did not listen within ${START_LIMIT_MS} ms`)
}

/** A daemon started from inside a server must not be taken for that server's child. */
function withoutMarker(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => name !== MARKER))
}

/** Why the last start failed, if it did; pairs with main.ts, which removes the note when it listens. */
export function failureNote(paths: Paths): string | undefined {
  try {
    return readFileSync(failureNotePath(paths), 'utf8').trim()
  } catch {
    return undefined
  }
}

/** Read by launchers too: a fresh note means that another try would fail the same way. */
export function failureNotePath(paths: Paths): string {
  return join(paths.run, 'start-failed')
}

function waitReferenced(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs))
}

/** Runs the daemon as a child of this process, for service managers and for watching it; gives its exit code. */
export function runInForeground(paths: Paths, env: NodeJS.ProcessEnv): Promise<number> {
  preparePaths(paths)
  const child = spawn(process.execPath, [daemonScript(), 'run', paths.root], { env, stdio: 'inherit' })
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => pass(signal))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })
}
