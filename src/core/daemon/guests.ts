import type { Socket } from 'node:net'
import type { Clock } from '../clock.ts'
import { MyceliumError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Dispatch } from '../pipeline/call.ts'
import type { Limits } from '../pool/limits.ts'
import { Guest } from '../session/guest.ts'
import type { Session } from '../session/session.ts'
import { agentName, clientOf, sessionOfAgent } from './agents.ts'
import type { Hello } from './hello.ts'

/** A session whose agent may make calls by another way. */
export interface Host {
  readonly session: Session
  readonly server: string
  readonly client: string
  readonly cwd: string
  readonly clientPid: () => number
  /** The way of its calls, without what is only for what the agent itself asks. */
  readonly dispatch: () => Dispatch
}

/** Connections that make calls in the name of an agent's own session (session/guest.ts), and the sessions that may have such. */
export class Guests {
  readonly #hosts = new Map<Session, Host>()
  readonly #guests = new Map<Guest, Session>()
  readonly #services: { readonly clock: Clock; readonly log: Log; readonly limits: Limits }
  #next = 1

  constructor(services: { readonly clock: Clock; readonly log: Log; readonly limits: Limits }) {
    this.#services = services
  }

  add(session: Session, hello: Hello, server: string, dispatch: () => Dispatch): void {
    const { client, cwd, pid } = hello
    let clientPid: number | undefined
    const parent = () => {
      clientPid ??= clientOf(pid)
      return clientPid
    }
    this.#hosts.set(session, { session, server, client, cwd, clientPid: parent, dispatch })
  }

  /** The session is over, and whoever made calls in its name has to go another way. */
  remove(session: Session): void {
    this.#hosts.delete(session)
    for (const [guest, host] of this.#guests)
      if (host === session)
        guest.close(new MyceliumError('session_gone', 'the session of the agent has ended'))
  }

  /** How agents of a client in a directory are called that name no session of theirs to their servers. */
  agentsAt(client: string, cwd: string): readonly string[] {
    const here = [...this.#hosts.values()].filter((host) => host.client === client && host.cwd === cwd)
    return [...new Set(here.map((host) => agentName(undefined, client, host.clientPid())))]
  }

  /** In whose name a guest's calls are made. Throws session_gone where there is nobody. */
  hostOf({ server, client, cwd, guestOf }: Hello): Host {
    // One that waits for its greeting has no process yet.
    const ready = [...this.#hosts.values()].filter(({ session }) => session.pool !== undefined)
    const host = sessionOfAgent(ready, { server, client, cwd, clientPid: guestOf ?? 0 })
    if (host === undefined) throw new MyceliumError('session_gone', `${client} has no session with ${server}`)
    return host
  }

  /** Throws session_gone for a guest without a host. */
  check(hello: Hello): void {
    if (hello.guestOf !== undefined) this.hostOf(hello)
  }

  /** Takes a guest in; false for whoever wants a session of its own. */
  admits(hello: Hello, socket: Socket): boolean {
    if (hello.guestOf === undefined) return false
    const host = this.hostOf(hello)
    const { server, client } = host
    const id = `${host.session.id}.g${this.#next++}`
    const guest: Guest = new Guest(id, { ...host.session.peer, plainEof: true }, socket, {
      ...this.#services,
      dispatch: host.dispatch(),
      ended: () => this.#guests.delete(guest),
    })
    this.#guests.set(guest, host.session)
    this.#services.log.event('guest-admitted', { session: host.session.id, server, client })
    return true
  }
}
