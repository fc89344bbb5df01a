import { createConnection, type Socket } from 'node:net'
import { systemClock } from '../clock.ts'
import { type Paths, refuseForeignRun } from '../config/paths.ts'
import { ERRORS, type ErrorCode, hasErrno, MyceliumError } from '../errors.ts'
import { LineSplitter } from '../lines.ts'
import { type Identity, identityOf, isAlive } from '../process.ts'
import { drainingDaemons, forgetDeadDraining } from './draining.ts'
import { DAEMON_LOCK, holderOf } from './lock.ts'
import type { ControlReply, DaemonStatus } from './wire.ts'

/** A connection to the daemon's control socket. */
export interface Connection {
  /** Asks one command; rejects with the daemon's own error, or daemon_timeout, or daemon_not_running when it goes away. */
  ask<T>(cmd: string, args?: Readonly<Record<string, unknown>>, boundMs?: number): Promise<T>
  close(): void
}

const ASK_MS = 10_000
/** From the answer to `stop` to the end of the process. */
const GONE_MS = 10_000
/** A daemon that is told by signal ends its servers first. */
const SIGNALLED_GONE_MS = 20_000
const POLL_MS = 5
const MAX_ANSWER_BYTES = 64 * 1024 * 1024

/** Connects to the running daemon, or gives undefined when none listens. A daemon that is slow is not a dead one. */
export function connect(paths: Paths): Promise<Connection | undefined> {
  return new Promise((resolve, reject) => {
    // What is asked may carry an environment. Pairs with refuse_foreign_run in the launcher and its relays.
    refuseForeignRun(paths)
    const socket = createConnection(paths.socket)
    socket.once('connect', () => {
      socket.write('mycelium-control 1\n')
      resolve(connectionOver(socket))
    })
    socket.once('error', (error) => {
      if (hasErrno(error, 'ENOENT', 'ECONNREFUSED', 'ENOTDIR')) resolve(undefined)
      else reject(new MyceliumError('run_dir_unsafe', `${paths.socket}: ${error.message}`, { cause: error }))
    })
  })
}

/** Runs one exchange and closes the connection whatever happens. */
export async function asking<T>(
  connection: Connection,
  ask: (connection: Connection) => Promise<T>,
): Promise<T> {
  try {
    return await ask(connection)
  } finally {
    connection.close()
  }
}

/** Stops the daemon, and those that handed over to it, and waits until their processes have gone; false when none was running. */
export async function stopDaemon(paths: Paths): Promise<boolean> {
  const stopped = await stopListening(paths)
  const draining = drainingDaemons(paths)
  for (const { pid } of draining) signal(pid)
  for (const daemon of draining) await untilGone(daemon, SIGNALLED_GONE_MS)
  forgetDeadDraining(paths)
  return stopped || draining.length > 0
}

function signal(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM')
  } catch (error) {
    if (!hasErrno(error, 'ESRCH')) throw error
  }
}

async function stopListening(paths: Paths): Promise<boolean> {
  const connection = await connect(paths)
  if (connection === undefined) return false
  let daemon: Identity | undefined
  try {
    daemon = identityOf((await connection.ask<DaemonStatus>('status')).pid)
    await connection.ask('stop', {}, 30_000)
  } catch (error) {
    if (!(error instanceof MyceliumError) || error.code !== 'daemon_not_running') throw naming(paths, error)
  } finally {
    connection.close()
  }
  // Its answer comes before its own end, and until then it may still write to what the caller deletes.
  if (daemon !== undefined) await untilGone(daemon, GONE_MS)
  return true
}

/** A daemon that answers nothing cannot say which process it is; its lock does. */
function naming(paths: Paths, error: unknown): unknown {
  if (!(error instanceof MyceliumError) || error.code !== 'daemon_timeout') return error
  const holder = holderOf(paths.run, DAEMON_LOCK)
  if (holder === undefined) return error
  return new MyceliumError(
    'daemon_timeout',
    `the daemon (pid ${holder.pid}) does not answer: ${error.message}`,
    {
      hint: `kill -KILL ${holder.pid}, then run it again`,
      cause: error,
    },
  )
}

async function untilGone(daemon: Identity, boundMs: number): Promise<void> {
  const deadline = systemClock.now() + boundMs
  while (isAlive(daemon)) {
    if (systemClock.now() > deadline)
      throw new MyceliumError('daemon_timeout', `stop: process ${daemon.pid} is alive after ${boundMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

/** What the running daemon says of itself, undefined when none runs. */
export async function daemonStatus(paths: Paths): Promise<DaemonStatus | undefined> {
  const connection = await connect(paths)
  return connection === undefined ? undefined : asking(connection, (open) => open.ask<DaemonStatus>('status'))
}

function connectionOver(socket: Socket): Connection {
  const waiting = new Map<number, { resolve(reply: ControlReply): void; reject(error: Error): void }>()
  let nextId = 1
  const lines = new LineSplitter(
    MAX_ANSWER_BYTES,
    (line) => {
      const reply = JSON.parse(line.toString('utf8')) as ControlReply
      waiting.get(reply.id)?.resolve(reply)
      waiting.delete(reply.id)
    },
    () => socket.destroy(),
  )
  socket.on('data', (chunk: Buffer) => lines.push(chunk))
  socket.on('error', () => socket.destroy())
  socket.on('close', () => {
    for (const { reject } of waiting.values())
      reject(new MyceliumError('daemon_not_running', 'the daemon went away'))
    waiting.clear()
  })

  return {
    ask: async <T>(
      cmd: string,
      args: Readonly<Record<string, unknown>> = {},
      boundMs = ASK_MS,
    ): Promise<T> => {
      const id = nextId++
      const reply = await new Promise<ControlReply>((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new MyceliumError('daemon_timeout', `${cmd}: no answer within ${boundMs} ms`)),
          boundMs,
        )
        const settle =
          <V>(then: (value: V) => void) =>
          (value: V) => {
            clearTimeout(timer)
            then(value)
          }
        waiting.set(id, { resolve: settle(resolve), reject: settle(reject) })
        socket.write(`${JSON.stringify({ id, cmd, args })}\n`)
      })
      if (reply.ok) return reply.data as T
      const code: ErrorCode = Object.hasOwn(ERRORS, reply.error.code) ? reply.error.code : 'internal'
      throw new MyceliumError(code, reply.error.message, { hint: reply.error.hint })
    },
    // Not end() alone: a daemon that hangs would never end its side, and who lives on, as what answers status lines, would keep a descriptor for each.
    close: () => socket.destroySoon(),
  }
}
