import { createConnection, type Socket } from 'node:net'
import { systemClock } from '../clock.ts'
import { MyceliumError } from '../errors.ts'
import { LineSplitter } from '../lines.ts'
import { scanFrame } from '../protocol/frame.ts'
import { asWritten, exactErrorData, exactResult } from './exact-json.ts'

/** A JSON-RPC error that a server answered with: it is passed on as it is. */
export class ServerError extends Error {
  readonly code: number
  readonly data: unknown

  constructor({
    code,
    message,
    data,
  }: { readonly code: number; readonly message: string; readonly data?: unknown }) {
    super(message)
    this.name = 'ServerError'
    this.code = code
    this.data = data
  }
}

/** How one request is made. */
export interface Asking {
  readonly signal?: AbortSignal
  /** Called with the params of each progress notification; without it none is asked for. */
  readonly progress?: (params: Readonly<Record<string, unknown>>) => void
  /** The result is for passing on alone: what JSON.parse and JSON.stringify would change in it is carried as it was written. */
  readonly exact?: boolean
}

/** One connection to a server by way of the daemon. */
export interface Link {
  request(method: string, params: Readonly<Record<string, unknown>>, asking?: Asking): Promise<unknown>
  notify(method: string): void
  readonly open: boolean
  close(): void
}

const GREETING_MS = 15_000
/** As the daemon bounds lines (limits.line_bytes). */
const MAX_LINE_BYTES = 256 * 1024 * 1024

interface Waiting {
  readonly settle: (message: Message) => void
  readonly fail: (error: Error) => void
  readonly progress: Asking['progress']
  readonly exact: boolean
}

interface Message {
  readonly id?: unknown
  readonly method?: string
  readonly params?: Readonly<Record<string, unknown>>
  readonly result?: unknown
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown }
}

/** Connects and says hello; throws the daemon's refusal as session_gone, or daemon_not_running. */
export function openLink(socketPath: string, helloLine: string): Promise<Link> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(socketPath)
    const waiting = new Map<number, Waiting>()
    let greeted = false
    let open = true
    const fail = (error: MyceliumError): void => {
      open = false
      socket.destroy()
      reject(error)
      for (const { fail: failOne } of waiting.values()) failOne(error)
      waiting.clear()
    }
    const cancelTimer = systemClock.after(GREETING_MS, () =>
      fail(new MyceliumError('daemon_timeout', `no greeting within ${GREETING_MS} ms`)),
    )
    const hear = (line: Buffer): void => {
      const text = line.toString('utf8')
      if (greeted) {
        const message = messageOf(line, text)
        if (message !== undefined) take(message, line, waiting, socket)
        return
      }
      greeted = true
      cancelTimer()
      if (text === 'ok') resolve(linkOver(socket, waiting, () => open))
      else fail(new MyceliumError('session_gone', `the daemon refused: ${text.replace(/^no /, '')}`))
    }
    const lines = new LineSplitter(MAX_LINE_BYTES, hear, () => socket.destroy())
    socket.once('connect', () => socket.write(helloLine))
    socket.on('data', (chunk: Buffer) => lines.push(chunk))
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      cancelTimer()
      fail(
        new MyceliumError(
          greeted ? 'session_gone' : 'daemon_not_running',
          'the daemon closed the connection',
        ),
      )
    })
  })
}

/** What a line says. A server's mistake inside of an answer comes through as it is: whoever waits for that answer is told, and nobody else. */
function messageOf(line: Buffer, text: string): Message | undefined {
  try {
    return JSON.parse(text) as Message
  } catch {
    const frame = scanFrame(line)
    if (frame?.kind !== 'response') return undefined
    const id = line.toString('latin1', frame.idStart, frame.idEnd)
    return { id, error: { code: -32603, message: 'the server wrote no JSON' } }
  }
}

function take(message: Message, line: Buffer, waiting: Map<number, Waiting>, socket: Socket): void {
  if (message.method === 'notifications/progress') {
    const { progressToken, ...rest } = message.params ?? {}
    waiting.get(Number(progressToken))?.progress?.(rest)
    return
  }
  if (message.method !== undefined) {
    // Nothing was declared that a server could ask for.
    if (message.id !== undefined)
      write(socket, { id: message.id, error: { code: -32601, message: 'Method not found' } })
    return
  }
  const one = waiting.get(Number(message.id))
  waiting.delete(Number(message.id))
  one?.settle(one.exact ? exactly(message, line) : message)
}

function exactly(message: Message, line: Buffer): Message {
  if (message.error !== undefined) {
    const data = exactErrorData(line)
    return data === undefined ? message : { ...message, error: { ...message.error, data } }
  }
  return { ...message, result: exactResult(line) ?? message.result }
}

function linkOver(socket: Socket, waiting: Map<number, Waiting>, isOpen: () => boolean): Link {
  let nextId = 1
  return {
    get open() {
      return isOpen()
    },
    request: (method, params, { signal, progress, exact = false } = {}) =>
      new Promise((resolve, reject) => {
        if (!isOpen()) {
          reject(new MyceliumError('session_gone', 'the connection is closed'))
          return
        }
        const id = nextId++
        const meta = progress === undefined ? {} : { progressToken: id }
        const cancel = (): void => {
          waiting.delete(id)
          write(socket, { method: 'notifications/cancelled', params: { requestId: id } })
          reject(new MyceliumError('interrupted', 'cancelled'))
        }
        const done = (): void => signal?.removeEventListener('abort', cancel)
        waiting.set(id, {
          progress,
          exact,
          settle: ({ result, error }) => {
            done()
            if (error === undefined) resolve(result)
            else reject(new ServerError(error))
          },
          fail: (error) => {
            done()
            reject(error)
          },
        })
        signal?.addEventListener('abort', cancel, { once: true })
        const own = Object(params._meta) as Readonly<Record<string, unknown>>
        const _meta = { ...own, ...meta }
        write(socket, { id, method, params: { ...params, ...(Object.keys(_meta).length > 0 && { _meta }) } })
      }),
    notify: (method) => write(socket, { method }),
    close: () => socket.end(),
  }
}

function write(socket: Socket, message: object): void {
  socket.write(`${asWritten(JSON.stringify({ jsonrpc: '2.0', ...message }))}\n`)
}
