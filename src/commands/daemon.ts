import { closeSync, type FSWatcher, fstatSync, readSync, statSync, watch } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../core/clock.ts'
import { type Paths, pathsFrom } from '../core/config/paths.ts'
import { asking, connect, daemonStatus, stopDaemon } from '../core/daemon/connect.ts'
import { drainingDaemons } from '../core/daemon/draining.ts'
import { findOrStart, runInForeground } from '../core/daemon/start.ts'
import type { DaemonStatus } from '../core/daemon/wire.ts'
import { hasErrno, MyceliumError } from '../core/errors.ts'
import { openRegular } from '../core/regular-file.ts'
import type { Io } from '../core/report/io.ts'
import { jsonText } from '../core/report/json.ts'

/** Options that every daemon command takes. */
export interface DaemonOptions {
  readonly json?: boolean
}

/** `mycelium daemon start`: finds or starts it. */
export async function runDaemonStart(io: Io, options: DaemonOptions): Promise<void> {
  const paths = pathsFrom(io.env)
  const before = await daemonStatus(paths)
  const status =
    before ??
    (await asking(await findOrStart(paths, io.env), (connection) => connection.ask<DaemonStatus>('status')))
  if (options.json) io.write(jsonText({ started: before === undefined, ...status }))
  else io.write(`${before === undefined ? 'started' : 'was running already'}: ${line(status)}\n`)
}

/** `mycelium daemon stop`. */
export async function runDaemonStop(io: Io, options: DaemonOptions): Promise<void> {
  const paths = pathsFrom(io.env)
  const before = await daemonStatus(paths)
  const drainingPids = pidsDraining(paths)
  const stopped = await stopDaemon(paths)
  if (options.json) io.write(jsonText({ stopped, sessions: before?.sessions ?? 0, drainingPids }))
  else if (!stopped) io.write('no daemon was running\n')
  else {
    if (before !== undefined)
      io.write(
        `stopped pid ${before.pid}, ${before.sessions} sessions and ${before.upstreams} server processes ended\n`,
      )
    for (const pid of drainingPids)
      io.write(`stopped pid ${pid}, which had handed over, with its last sessions\n`)
  }
}

/** `mycelium daemon restart`: the old one finishes its sessions, a new one takes the next. */
export async function runDaemonRestart(io: Io, options: DaemonOptions): Promise<void> {
  const paths = pathsFrom(io.env)
  const old = await connect(paths)
  const left =
    old === undefined
      ? undefined
      : await asking(old, (connection) => connection.ask<{ sessions: number; pid: number }>('handover'))
  const status = await asking(await findOrStart(paths, io.env), (connection) =>
    connection.ask<DaemonStatus>('status'),
  )
  if (options.json) io.write(jsonText({ previous: left ?? null, ...status }))
  else {
    io.write(`started: ${line(status)}\n`)
    if (left !== undefined && left.sessions > 0)
      io.write(
        `pid ${left.pid} goes on until ${left.sessions === 1 ? 'its session ends' : `its ${left.sessions} sessions end`}\n`,
      )
  }
}

/** `mycelium daemon status`; exit code 1 when none runs that takes new sessions. */
export async function runDaemonStatus(io: Io, options: DaemonOptions): Promise<number> {
  const paths = pathsFrom(io.env)
  const status = await daemonStatus(paths)
  const drainingPids = pidsDraining(paths)
  if (options.json) io.write(jsonText({ running: status !== undefined, ...status, drainingPids }))
  else {
    io.write(
      status === undefined
        ? 'not running (it starts with the next agent session, or by `mycelium daemon start`)\n'
        : `running: ${line(status)}\n`,
    )
    for (const pid of drainingPids)
      io.write(`draining: pid ${pid} has handed over and goes on until its sessions end\n`)
  }
  return status === undefined ? 1 : 0
}

/** `mycelium daemon logs`. */
export async function runDaemonLogs(
  io: Io,
  options: { readonly lines: number; readonly follow?: boolean; readonly server?: string },
): Promise<void> {
  const paths = pathsFrom(io.env)
  const file = join(
    paths.log,
    options.server === undefined ? daemonLogIn(paths) : `server-${options.server}.log`,
  )
  let fd: number
  try {
    fd = openRegular(file)
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error
    if (options.server === undefined)
      throw new MyceliumError('daemon_not_running', `${file} does not exist: no daemon has run yet`)
    throw new MyceliumError(
      'unknown_server',
      `${file} does not exist: no process of that server has written anything`,
    )
  }
  try {
    let at = tailStart(fd, options.lines)
    at = copyFrom(fd, at, io)
    if (options.follow)
      await follow(file, io, () => {
        at = copyFrom(fd, at, io)
      })
  } finally {
    closeSync(fd)
  }
}

/** `mycelium daemon run`: in the foreground. */
export function runDaemonRun(io: Io): Promise<number> {
  return runInForeground(pathsFrom(io.env), io.env)
}

function pidsDraining(paths: Paths): readonly number[] {
  return drainingDaemons(paths).map(({ pid }) => pid)
}

/** A daemon that died before it could log has only said so on its standard error. */
function daemonLogIn(paths: Paths): string {
  const written = (name: string) => statSync(join(paths.log, name), { throwIfNoEntry: false })?.size
  return written('daemon.log') === undefined && (written('daemon.err') ?? 0) > 0 ? 'daemon.err' : 'daemon.log'
}

function line(status: DaemonStatus): string {
  const minutes = Math.floor(status.uptimeMs / 60_000)
  return `pid ${status.pid}, version ${status.version}, up ${minutes} min, ${status.rssMb} MB, ${status.sessions} sessions, ${status.upstreams} server processes`
}

const TAIL_CHUNK_BYTES = 64 * 1024

function tailStart(fd: number, lines: number): number {
  let at = fstatSync(fd).size
  let wanted = lines + 1
  const buffer = Buffer.alloc(TAIL_CHUNK_BYTES)
  while (at > 0) {
    const from = Math.max(0, at - TAIL_CHUNK_BYTES)
    const bytes = readSync(fd, buffer, 0, at - from, from)
    for (let i = bytes - 1; i >= 0; i--) if (buffer[i] === 0x0a && --wanted === 0) return from + i + 1
    at = from
  }
  return 0
}

function copyFrom(fd: number, start: number, io: Io): number {
  const buffer = Buffer.alloc(TAIL_CHUNK_BYTES)
  let at = start
  for (;;) {
    const bytes = readSync(fd, buffer, 0, buffer.length, at)
    if (bytes === 0) return at
    io.write(buffer.toString('utf8', 0, bytes))
    at += bytes
  }
}

function follow(file: string, io: Io, more: () => void): Promise<void> {
  return new Promise((resolve) => {
    const watcher: FSWatcher = watch(file, more)
    // File events may be coalesced or missing on network homes.
    const again = (): void => {
      more()
      cancel = systemClock.after(1_000, again)
    }
    let cancel = systemClock.after(1_000, again)
    io.signal.addEventListener('abort', () => {
      cancel()
      watcher.close()
      resolve()
    })
  })
}
