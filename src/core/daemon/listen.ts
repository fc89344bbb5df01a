import { readdirSync, rmSync, statSync } from 'node:fs'
import type { Server, Socket } from 'node:net'
import { join } from 'node:path'
import { type Clock, pause } from '../clock.ts'
import type { Paths } from '../config/paths.ts'
import { MyceliumError } from '../errors.ts'
import { MAX_FIRST_LINE_BYTES } from '../hex-records.ts'
import type { Log } from '../log.ts'
import { inodeOf, listenPrivately } from '../private-socket.ts'
import { descriptorLimit } from '../process.ts'
import { type Hello, parseFirstLine } from './hello.ts'

/** Who may be at the other end, told by the first line. */
export interface Doors {
  /** An agent: the socket carries its MCP stream from here on. Throws to refuse it. */
  agent(hello: Hello, socket: Socket): void
  /** A command line. */
  control(socket: Socket, rest: Buffer): void
  /** Whether sessions of this server are taken at all; throws to refuse. */
  check(hello: Hello): void
}

/** What the listener needs of the daemon. */
export interface ListenServices {
  readonly paths: Paths
  readonly clock: Clock
  readonly log: Log
  readonly doors: Doors
  /** Nobody is on the way in at the moment: neither a connection without its first line nor a one-time socket. */
  quiet(): void
}

/** How long a connection may take to say who it is. */
const FIRST_LINE_MS = 10_000
/** How long a one-time socket waits for its relay. */
const TICKET_MS = 5_000
/** Whoever connected before the socket lost its name is accepted within this. */
const BACKLOG_MS = 20
const TICKET_NAME = /^t-\d{6}\.sock$/
const NEWLINE = 0x0a

/** The daemon's socket: reads each connection's first line and opens the door it asks for. */
export class Listener {
  readonly #services: ListenServices
  /** One-time sockets that nobody has come to yet. */
  readonly #tickets = new Set<Server>()
  #server: Server | undefined
  #inode: number | undefined
  /** Connections and one-time sockets on the way to their door. */
  #arriving = 0
  /** Not from 1: a daemon that has handed over may still have some. */
  #nextTicket = Math.floor(Math.random() * 1_000_000)

  constructor(services: ListenServices) {
    this.#services = services
  }

  /** Takes the socket's path, whatever lies there: the caller holds the daemon lock. */
  async open(): Promise<void> {
    const { socket } = this.#services.paths
    rmSync(socket, { force: true, recursive: true })
    this.#removeOldTickets()
    this.#server = await listenPrivately(socket, (connection) => this.#greet(connection))
    // A launcher that is not let in becomes the original server; a daemon out of descriptors could do nothing for anybody.
    this.#server.maxConnections = Math.floor(descriptorLimit() / 2)
    this.#server.on('drop', () =>
      this.#refused(new MyceliumError('too_many_connections', 'no descriptor is free')),
    )
    this.#inode = inodeOf(socket)
  }

  /** Listens anew when somebody removed or replaced the socket file. */
  async heal(): Promise<void> {
    if (this.#server === undefined || inodeOf(this.#services.paths.socket) === this.#inode) return
    this.#services.log.event('socket-lost', { because: 'its file was removed or replaced' })
    const lost = this.#server
    this.#server = undefined
    // close() would unlink whatever has the name now.
    lost.close()
    await this.open()
  }

  /** Whether somebody is on the way in who was not told that there is another daemon. */
  get busy(): boolean {
    return this.#arriving > 0
  }

  /** No new connection; those that are open go on. */
  close(): void {
    for (const ticket of this.#tickets) ticket.close()
    this.#tickets.clear()
    this.#giveUpName()
    this.#server?.close()
    this.#server = undefined
  }

  /**
   * Gives up the socket to another daemon: whoever has connected already, or has a one-time socket, is still let in. The
   * caller holds the lock until this resolves: closing unlinks whatever has the name then.
   */
  async handOver(): Promise<void> {
    this.#giveUpName()
    await pause(this.#services.clock, BACKLOG_MS)
    this.#server?.close()
    this.#server = undefined
  }

  #giveUpName(): void {
    const { socket } = this.#services.paths
    // Once given up the number may be that of another daemon's.
    if (this.#inode !== undefined && inodeOf(socket) === this.#inode) rmSync(socket, { force: true })
    this.#inode = undefined
  }

  /** Left by daemons that were killed. */
  #removeOldTickets(): void {
    const { run } = this.#services.paths
    for (const name of readdirSync(run).filter((one) => TICKET_NAME.test(one))) {
      const path = join(run, name)
      const stat = statSync(path, { throwIfNoEntry: false })
      if (stat !== undefined && this.#services.clock.wall() - stat.mtimeMs > 2 * TICKET_MS)
        rmSync(path, { force: true })
    }
  }

  /** One more is on the way in; the returned function, called at least once, says that it has come through or not. */
  #arrival(): () => void {
    this.#arriving += 1
    let here = false
    return () => {
      if (here) return
      here = true
      this.#arriving -= 1
      if (this.#arriving === 0) this.#services.quiet()
    }
  }

  #greet(socket: Socket): void {
    const arrived = this.#arrival()
    const chunks: Buffer[] = []
    let bytes = 0
    const cancel = this.#services.clock.after(FIRST_LINE_MS, () => socket.destroy())
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk)
      bytes += chunk.length
      const newline = chunk.indexOf(NEWLINE)
      if (newline === -1) {
        if (bytes > MAX_FIRST_LINE_BYTES) refuse(socket, 'hello-too-long')
        return
      }
      cancel()
      socket.off('data', onData).off('error', onError).pause()
      const all = Buffer.concat(chunks)
      const end = bytes - chunk.length + newline
      this.#open(socket, all.subarray(0, end), all.subarray(end + 1))
      arrived()
    }
    const onError = (): void => {
      cancel()
      socket.destroy()
    }
    socket
      .on('data', onData)
      .on('error', onError)
      .on('close', () => {
        cancel()
        arrived()
      })
  }

  #open(socket: Socket, line: Buffer, rest: Buffer): void {
    const { doors } = this.#services
    try {
      const first = parseFirstLine(line)
      if (first.kind === 'control') doors.control(socket, rest)
      else {
        doors.check(first)
        if (first.kind === 'ticket') this.#giveTicket(first, socket)
        else {
          socket.write('ok\n')
          if (rest.length > 0) socket.unshift(rest)
          doors.agent(first, socket)
          socket.resume()
        }
      }
    } catch (error) {
      refuse(socket, this.#refused(error))
    }
  }

  /** Puts it on record; gives its code. */
  #refused(error: unknown): string {
    const code = error instanceof MyceliumError ? error.code : 'internal'
    const because = error instanceof Error ? error.message : String(error)
    this.#services.log.event('connection-refused', { because, code })
    return code
  }

  #giveTicket(hello: Hello, socket: Socket): void {
    const arrived = this.#arrival()
    const path = this.#freeTicket()
    const given = listenPrivately(path, (connection) => {
      try {
        this.#services.doors.agent(hello, connection)
      } catch (error) {
        // The server may have gone since the hello; the relay is past the point where it could be told.
        this.#refused(error)
        connection.destroy()
      }
      withdraw()
    })
    let ticket: Server | undefined
    const withdraw = (): void => {
      if (ticket === undefined || !this.#tickets.delete(ticket)) return
      ticket.close()
      rmSync(path, { force: true })
      arrived()
    }
    given.then(
      (server) => {
        ticket = server
        this.#tickets.add(server)
        this.#services.clock.after(TICKET_MS, withdraw)
        socket.end(`ok ${path}\n`)
      },
      () => {
        refuse(socket, 'internal')
        arrived()
      },
    )
    socket.on('error', () => socket.destroy())
    socket.resume()
  }

  #freeTicket(): string {
    for (;;) {
      const number = String(this.#nextTicket++ % 1_000_000).padStart(6, '0')
      const path = join(this.#services.paths.run, `t-${number}.sock`)
      if (inodeOf(path) === undefined) return path
    }
  }
}

function refuse(socket: Socket, code: string): void {
  socket.on('error', () => socket.destroy())
  socket.end(`no ${code}\n`)
  // Unread input at close would reset the connection and may lose the answer.
  socket.resume()
}
