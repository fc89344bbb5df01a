import { rmSync } from 'node:fs'
import type { Socket } from 'node:net'
import type { Clock } from '../clock.ts'
import { MAX_FIRST_LINE_BYTES } from '../hex-records.ts'
import { inodeOf, listenPrivately } from '../private-socket.ts'
import { type QuickRequest, quickRequestIn } from './quick-request.ts'

/** What the server needs of the process that it is in. */
export interface QuickServices {
  /** Its socket's path. */
  readonly socket: string
  readonly clock: Clock
  /** Why this process is not to answer any more, an old program or too much memory: it ends once nobody waits. Undefined while all is well. */
  whyOver(): string | undefined
  /** Throws to refuse: the client then does the work itself. */
  check(request: QuickRequest): void
  /** What the client is to print. */
  answer(request: QuickRequest, input: Buffer): Promise<string>
  /** The last thing that is done. */
  leave(): void
}

/** Clients have read their input within 1 s when they connect, or soon after. */
const REQUEST_MS = 10_000
/** Without a client for this long the process ends. */
const IDLE_MS = 10 * 60_000
/** More at once than this do their work themselves: connections, and bytes of input of all of them. */
const MAX_OPEN = 512
const MAX_WAITING_BYTES = 32 * 1024 * 1024
const NEWLINE = 0x0a

/** Answers hooks and status lines over a socket, as many at once as there are. One that fails gets no answer, and its client does the work itself. */
export class QuickServer {
  readonly #services: QuickServices
  #inode: number | undefined
  /** Connections that are not closed yet. */
  #open = 0
  /** Of their inputs. */
  #waitingBytes = 0
  #usedAtMs: number

  constructor(services: QuickServices) {
    this.#services = services
    this.#usedAtMs = services.clock.now()
  }

  /** Takes the socket's path from one that listened before: the daemon has one such process at a time. */
  async listen(): Promise<void> {
    const { socket } = this.#services
    rmSync(socket, { force: true, recursive: true })
    const server = await listenPrivately(socket, (connection) => this.#take(connection))
    server.maxConnections = MAX_OPEN
    this.#inode = inodeOf(socket)
    this.#watchIdle()
  }

  /** Whether its socket file was removed or replaced, so that nobody reaches it. */
  get isCutOff(): boolean {
    return this.#inode !== undefined && inodeOf(this.#services.socket) !== this.#inode
  }

  /** Gives the path up, unless it is another's already, and ends. Never closes: that would unlink whatever has the name then. */
  leave(): void {
    const { socket, leave } = this.#services
    if (this.#inode !== undefined && !this.isCutOff) rmSync(socket, { force: true })
    leave()
  }

  #watchIdle(): void {
    const { clock } = this.#services
    const leftMs = IDLE_MS - (clock.now() - this.#usedAtMs)
    if (leftMs <= 0 && this.#open === 0) this.leave()
    clock.after(Math.max(leftMs, 1_000), () => this.#watchIdle())
  }

  #take(socket: Socket): void {
    this.#open += 1
    this.#usedAtMs = this.#services.clock.now()
    const cancel = this.#services.clock.after(REQUEST_MS, () => socket.destroy())
    const chunks: Buffer[] = []
    let bytes = 0
    let request: QuickRequest | undefined
    /** Where the line ends; -1 before its end has come. */
    let end = -1
    const onData = (chunk: Buffer): void => {
      if (request === undefined) {
        const newline = chunk.indexOf(NEWLINE)
        if (newline !== -1) end = bytes + newline
      }
      chunks.push(chunk)
      bytes += chunk.length
      if (end === -1 && bytes <= MAX_FIRST_LINE_BYTES) return
      try {
        request ??= this.#accept(Buffer.concat(chunks), end)
      } catch (error) {
        socket.off('data', onData)
        refuse(socket, error)
        return
      }
      if (bytes < end + 1 + request.inputBytes) return
      cancel()
      socket.off('data', onData)
      const input = Buffer.concat(chunks).subarray(end + 1, end + 1 + request.inputBytes)
      this.#answer(socket, request, input)
    }
    socket
      .on('data', onData)
      .on('error', () => socket.destroy())
      // A client that ends is gone: none half-closes.
      .on('end', () => socket.destroy())
      .on('close', () => {
        cancel()
        this.#open -= 1
        this.#waitingBytes -= request?.inputBytes ?? 0
        if (this.#open === 0 && this.#services.whyOver() !== undefined) this.leave()
      })
  }

  /** The request of a line. Throws where it is not to be answered here. */
  #accept(bytes: Buffer, end: number): QuickRequest {
    const why = this.#services.whyOver()
    if (why !== undefined) throw new Error(why)
    // What there is of a line that goes on would be an environment that was cut off, and no input.
    if (end === -1) throw new Error('its first line is too long')
    const request = quickRequestIn(bytes.subarray(0, end))
    if (this.#waitingBytes + request.inputBytes > MAX_WAITING_BYTES) throw new Error('too much at once')
    this.#services.check(request)
    this.#waitingBytes += request.inputBytes
    return request
  }

  #answer(socket: Socket, request: QuickRequest, input: Buffer): void {
    // A client that waited too long has begun to do the work itself: it must not be done twice.
    socket.write('ok\n', (error) => {
      if (error) return
      this.#services.answer(request, input).then(
        (text) => {
          const answer = Buffer.from(text)
          socket.end(Buffer.concat([Buffer.from(`${answer.length}\n`), answer]))
        },
        () => socket.destroy(),
      )
    })
  }
}

function refuse(socket: Socket, error: unknown): void {
  socket.end(`no ${error instanceof Error ? error.message : String(error)}\n`)
  // Unread input at close would reset the connection and may lose the answer.
  socket.resume()
}
