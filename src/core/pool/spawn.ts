import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import type { Socket } from 'node:net'
import { delimiter, isAbsolute, join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { hasErrno, MyceliumError } from '../errors.ts'
import { type Identity, MARKER, rowOf } from '../process.ts'

/** What to start: everything is given, nothing is taken from the daemon's own environment. */
export interface UpstreamCommand {
  readonly file: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  /** From markerOf(). */
  readonly marker: string
}

/** How a process ended. */
export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** Why, where somebody knows better than by code and signal: it had no more memory. */
  readonly because?: string
}

/** How an end is worded. Pairs with policy/envelope/history.ts. */
export function howOf({ code, signal, because }: Exit): string {
  return because ?? (signal === null ? `code ${code}` : `signal ${signal}`)
}

/** A started upstream: leader of its own session, so that no client's signal reaches it. */
export interface UpstreamProcess {
  readonly pid: number
  readonly identity: Identity
  readonly marker: string
  /** The program's path. */
  readonly file: string
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** Settles on 'exit', not on 'close': a grandchild may hold the pipes open. */
  readonly exited: Promise<Exit>
  /** The root and those of its tree that were alive when last looked, by pid; kept by rememberTrees() in tree.ts. */
  readonly seen: Map<number, Identity>
}

/** A marker for one more upstream of this daemon: `<daemon boot id>:<random>`. */
export function markerOf(bootId: string): string {
  return `${bootId}:${randomBytes(8).toString('hex')}`
}

/** Starts an upstream. Throws server_command_missing or server_start_failed. Its handles do not keep the daemon alive. */
export async function spawnUpstream(command: UpstreamCommand): Promise<UpstreamProcess> {
  const { file, args, cwd, env, marker } = command
  const child = await spawnApart(file, args, { cwd, env: { ...env, [MARKER]: marker } }).catch((cause) => {
    throw startError(command, cause)
  })
  const { pid, stdin, stdout, stderr } = child
  if (pid === undefined || stdin === null || stdout === null || stderr === null) throw new Error('no pipes')
  // A write to a server that just died must not end the daemon; `exited` tells of the death.
  stdin.on('error', () => {})
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
  // It cannot be reaped before the next turn of the event loop, so its line is there even if it has ended already.
  const identity = { pid, startTime: rowOf(pid)?.startTime ?? 'unknown' }
  child.unref()
  for (const stream of [stdin, stdout, stderr]) (stream as Socket).unref()
  return { pid, identity, marker, file, stdin, stdout, stderr, exited, seen: new Map([[pid, identity]]) }
}

/** Starts a process of its own session whose handles do not keep this one alive. Settles when it runs, rejects with the system's error. */
export async function spawnApart(
  file: string,
  args: readonly string[],
  options: Pick<SpawnOptions, 'cwd' | 'env' | 'stdio'>,
): Promise<ChildProcess> {
  const child = spawn(file, args, { ...options, detached: true })
  // A failed start is told by an event on the next tick; a pid means that exec already succeeded.
  if (child.pid === undefined) {
    await new Promise((_, reject) => {
      child.once('error', reject)
    })
  }
  child.on('error', () => {})
  return child
}

/** The system says ENOENT and EACCES for the command and for the directory alike: look which it was. */
function startError({ file, cwd, env }: UpstreamCommand, cause: unknown): MyceliumError {
  if (!isDirectory(cwd)) {
    return new MyceliumError('server_start_failed', `${file}: working directory ${cwd} does not exist`, {
      cause,
    })
  }
  if (hasErrno(cause, 'ENOENT')) {
    const path = pathsTried(file, cwd, env.PATH ?? '').find((candidate) => existsSync(candidate))
    const message =
      path !== undefined
        ? `${path}: the interpreter named in its first line does not exist`
        : file.includes('/')
          ? `${file} does not exist`
          : `${file} is in no directory of PATH`
    return new MyceliumError('server_command_missing', message, { cause })
  }
  if (hasErrno(cause, 'EACCES')) {
    const what = mayEnter(cwd)
      ? `${file} is not executable`
      : `${file}: working directory ${cwd} may not be entered`
    return new MyceliumError('server_start_failed', what, { cause })
  }
  const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'the system refused'
  return new MyceliumError('server_start_failed', `${file} did not start: ${why}`, { cause })
}

function pathsTried(file: string, cwd: string, path: string): string[] {
  if (file.includes('/')) return [isAbsolute(file) ? file : join(cwd, file)]
  return path.split(delimiter).map((dir) => join(dir || '.', file))
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

function mayEnter(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
