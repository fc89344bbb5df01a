import type { Socket } from 'node:net'
import type { Clock } from '../clock.ts'
import { EOF_MARKER } from '../daemon/hello.ts'
import { ERRORS, MyceliumError, wireCodeOf } from '../errors.ts'
import { LineSplitter } from '../lines.ts'
import type { Log } from '../log.ts'
import { Outbox } from '../outbox.ts'
import { type Call, cancelCall, type Dispatch } from '../pipeline/call.ts'
import type { Limits } from '../pool/limits.ts'
import type { Member } from '../pool/member.ts'
import type { Pool } from '../pool/pool.ts'
import type { Upstream } from '../pool/upstream.ts'
import { capabilityNames } from '../protocol/capabilities.ts'
import { idKey, idText, keyOfText } from '../protocol/fields.ts'
import { type Frame, scanFrame } from '../protocol/frame.ts'
import { errorText, notificationText, splitBatch } from '../protocol/messages.ts'
import { MODERN_PROBE } from '../protocol/methods.ts'
import { spliceId } from '../protocol/splice.ts'
import { AgentRequests } from './agent-requests.ts'
import { BatchReply } from './batch.ts'
import { changedLists } from './changed-lists.ts'
import { HeldFrames } from './held-frames.ts'
import { NO_ROOTS, type Roots, rootsOf } from './roots.ts'

/** What a session needs of the daemon. */
export interface SessionServices {
  readonly clock: Clock
  readonly log: Log
  readonly limits: Limits
  /** The pool for this session's server; without `initialize` params, one whose processes are not greeted. */
  poolFor(initializeParamsText: string | undefined): Pool
  /** The interceptors around a pool's dispatch. */
  readonly dispatch: (pool: Pool, member: Member) => Dispatch
  ended(session: Session): void
}

/** Who is at the other end. */
export interface Peer {
  readonly server: string
  readonly client: string
  readonly pid: number
  /** The relay cannot tell half-close from death: an end of input is a half-close. */
  readonly plainEof: boolean
}

/** After a half-close the answers still owed may take this long. */
const FINISH_MS = 10 * 60_000
/** After our last byte the agent may take this long to close. */
const CLOSE_MS = 5_000

/** One agent connection: its ids, its calls in flight, its place in a pool. */
export class Session implements Member {
  readonly id: string
  readonly peer: Peer
  initialized: Buffer | undefined
  pool: Pool | undefined
  readonly #socket: Socket
  readonly #services: SessionServices
  readonly #out: Outbox
  readonly #requests: AgentRequests
  readonly #calls = new Set<Call>()
  /** For cancellation; of two calls with one id the later. */
  readonly #callsById = new Map<string, Call>()
  #dispatch: Dispatch | undefined
  #greeting: Frame | undefined
  #roots: Roots = NO_ROOTS
  #attaching = false
  readonly #held = new HeldFrames()
  #holds = 0
  #sawEofMarker = false
  #finishing = false
  #ended = false

  constructor(id: string, peer: Peer, socket: Socket, services: SessionServices) {
    this.id = id
    this.peer = peer
    this.#socket = socket
    this.#services = services
    this.#requests = new AgentRequests(services.clock, services.limits.serverRequestMs, (line) =>
      this.#out.push(line),
    )
    this.#out = new Outbox(socket, services.limits.sessionBacklogBytes, {
      pressure: (high) => {
        this.hold(high)
        this.pool?.service.slowReader(this, high)
      },
      overflow: (waiting) => this.#die(`it does not read: ${waiting} bytes wait`),
    })
    const lines = new LineSplitter(
      services.limits.lineBytes,
      (line) => this.#hear(line),
      (bytes) =>
        this.#out.push(
          Buffer.from(errorText('null', -32600, `a line of ${bytes} bytes or more is over the limit`)),
        ),
    )
    socket.on('data', (chunk: Buffer) => lines.push(chunk))
    socket.on('end', () => this.#inputEnded())
    socket.on('error', () => this.#die('the connection broke'))
    socket.on('close', () => this.#die('the connection closed'))
  }

  get rootsKey(): string {
    return this.#roots.key
  }

  get rootsText(): string {
    return this.#roots.text
  }

  get inFlight(): number {
    return this.#calls.size
  }

  hold(held: boolean): void {
    this.#holds = Math.max(0, this.#holds + (held ? 1 : -1))
    if (this.#ended) return
    if (this.#holds > 0) this.#socket.pause()
    else this.#socket.resume()
  }

  notice(upstream: Upstream, frame: Frame): void {
    if (frame.method === 'notifications/cancelled') this.#requests.withdraw(upstream, frame)
    else this.#out.push(spliceId(frame, ''))
  }

  asked(upstream: Upstream, frame: Frame): void {
    if (this.#finishing || this.#ended) {
      upstream.tell(Buffer.from(errorText(idText(frame), ERRORS.client_gone.wire, 'the agent is leaving')))
    } else this.#requests.put(upstream, frame)
  }

  replaced(): void {
    if (this.#greeting === undefined) return
    for (const method of changedLists(this.#greeting)) this.#out.push(Buffer.from(notificationText(method)))
  }

  /** Answers what is in flight with the error and closes. */
  close(error: MyceliumError): void {
    if (this.#ended) return
    for (const call of this.#calls) {
      this.#out.push(Buffer.from(errorText(idText(call.frame), wireCodeOf(error), error.message)))
      cancelCall(call, error.message)
    }
    this.#calls.clear()
    this.#finish()
  }

  #hear(line: Buffer): void {
    if (line.length === EOF_MARKER.length && line.toString('latin1') === EOF_MARKER) {
      this.#sawEofMarker = true
      return
    }
    const frame = scanFrame(line)
    if (frame === undefined)
      this.#out.push(Buffer.from(errorText('null', -32700, 'the line is no JSON-RPC message')))
    else if (frame.kind === 'invalid')
      this.#refuse(frame, -32600, frame.reason ?? 'invalid request', undefined)
    else if (frame.kind === 'batch') this.#hearBatch(line)
    else this.#take(frame, undefined)
  }

  #hearBatch(line: Buffer): void {
    const batch = new BatchReply((text) => this.#out.push(text))
    for (const element of splitBatch(line)) {
      const frame = scanFrame(element)
      if (frame?.kind === 'request') batch.expect()
      if (frame === undefined || frame.kind === 'invalid' || frame.kind === 'batch') batch.refuse()
      else this.#take(frame, batch)
    }
    batch.complete()
  }

  #take(frame: Frame, batch: BatchReply | undefined): void {
    if (frame.kind === 'response') this.#requests.answer(frame)
    else if (frame.kind === 'request' && frame.method === MODERN_PROBE)
      this.#refuse(frame, -32601, 'Method not found', batch)
    else if (this.#held.holding) this.#keep(frame, batch)
    else if (frame.kind === 'notification') this.#notified(frame)
    else if (frame.method === 'initialize') void this.#attach(frame, batch)
    else if (this.pool === undefined) {
      // An agent that never says `initialize` gets what it would get from the server itself.
      this.#keep(frame, batch)
      void this.#attach(undefined, undefined)
    } else this.#request(frame, batch)
  }

  #keep(frame: Frame, batch: BatchReply | undefined): void {
    if (this.#held.add(frame, batch) || frame.kind !== 'request') return
    const error = new MyceliumError('too_many_calls', `${this.#held.length} messages wait already`)
    this.#fail(frame, error, batch)
  }

  #notified(frame: Frame): void {
    if (frame.method === 'notifications/cancelled') this.#cancel(frame)
    else if (frame.method === 'notifications/initialized') {
      this.initialized = spliceId(frame, '')
      void this.#getReady()
    } else if (frame.method === 'notifications/roots/list_changed' && this.pool?.greetings?.rootsOffered)
      void this.#getReady()
    else this.pool?.tell(this, spliceId(frame, ''))
  }

  #cancel(frame: Frame): void {
    const key = keyOfText(frame.line, frame.requestIdStart, frame.requestIdEnd)
    const call = this.#callsById.get(key)
    // Agents also cancel what was answered already.
    if (call === undefined) return
    this.#forget(call)
    cancelCall(call, 'the agent cancelled', frame)
  }

  async #attach(frame: Frame | undefined, batch: BatchReply | undefined): Promise<void> {
    this.#attaching = true
    this.#held.begin()
    try {
      const paramsText = frame === undefined ? undefined : paramsOf(frame)
      const pool = this.#services.poolFor(paramsText)
      if (this.pool !== pool) this.pool?.detach(this)
      this.pool = pool
      this.#requests.capabilities = paramsText === undefined ? undefined : capabilityNames(paramsText)
      this.#greeting = await pool.attach(this)
      this.#dispatch = this.#services.dispatch(pool, this)
      if (frame !== undefined && this.#greeting !== undefined)
        this.#answer(spliceId(this.#greeting, idText(frame)), batch)
    } catch (error) {
      this.pool?.detach(this)
      this.pool = undefined
      const own = error instanceof MyceliumError ? (error.data?.answer as Frame | undefined) : undefined
      if (frame !== undefined && own !== undefined) this.#answer(spliceId(own, idText(frame)), batch)
      else if (frame !== undefined) this.#fail(frame, error, batch)
      for (const { frame: later, batch: its } of this.#held.release())
        if (later.kind === 'request') this.#fail(later, error, its)
    }
    this.#attaching = false
    this.#drain()
  }

  /** The agent is ready, or its roots changed: a process that fits is put in service. */
  async #getReady(): Promise<void> {
    const { pool } = this
    // One that has closed its end cannot answer any more.
    const asks = pool?.greetings?.rootsOffered === true && !this.#finishing
    if (asks) {
      this.#held.begin()
      this.#roots = rootsOf(await this.#requests.ask('roots/list', this.#services.limits.rootsMs))
    }
    if (!this.#ended && pool !== undefined && this.pool === pool) pool.ready(this)
    if (asks && !this.#attaching) this.#drain()
  }

  #drain(): void {
    const frames = this.#held.release()
    for (const [i, { frame, batch }] of frames.entries()) {
      if (this.#ended) return
      this.#take(frame, batch)
      if (!this.#held.holding) continue
      this.#held.append(frames.slice(i + 1))
      return
    }
    this.#finishIfDone()
  }

  #request(frame: Frame, batch: BatchReply | undefined): void {
    if (this.#calls.size >= this.#services.limits.callsPerSession) {
      this.#fail(
        frame,
        new MyceliumError('too_many_calls', `${this.#calls.size} calls are in flight already`),
        batch,
      )
      return
    }
    const call: Call = {
      session: this.id,
      server: this.peer.server,
      client: this.peer.client,
      method: frame.method as string,
      frame,
      cancelled: false,
      onCancel: undefined,
      progress: (line) => {
        if (this.#calls.has(call)) this.#out.push(line)
      },
    }
    this.#calls.add(call)
    this.#callsById.set(idKey(frame), call)
    ;(this.#dispatch as Dispatch)(call).then(
      (reply) => {
        if (this.#forget(call)) this.#answer(spliceId(reply.frame, idText(frame)), batch)
        else batch?.skip()
        this.#finishIfDone()
      },
      (error: unknown) => {
        if (this.#forget(call)) this.#fail(frame, error, batch)
        else batch?.skip()
        this.#finishIfDone()
      },
    )
  }

  /** False when the call was cancelled, or answered, before. */
  #forget(call: Call): boolean {
    if (!this.#calls.delete(call)) return false
    const key = idKey(call.frame)
    if (this.#callsById.get(key) === call) this.#callsById.delete(key)
    return true
  }

  #answer(line: Buffer, batch: BatchReply | undefined): void {
    if (batch === undefined) this.#out.push(line)
    else batch.add(line)
  }

  #fail(frame: Frame, error: unknown, batch: BatchReply | undefined): void {
    const known = error instanceof MyceliumError
    if (!known) this.#services.log.event('bug', { server: this.peer.server, what: String(error) })
    const message = known ? withHint(error) : 'internal error of mycelium'
    this.#refuse(frame, wireCodeOf(error), message, batch)
  }

  #refuse(frame: Frame, code: number, message: string, batch: BatchReply | undefined): void {
    if (frame.kind === 'notification' || frame.kind === 'response') return
    this.#answer(Buffer.from(errorText(idText(frame) || 'null', code, message)), batch)
  }

  #inputEnded(): void {
    if (this.#ended) return
    if (!this.#sawEofMarker && !this.peer.plainEof) {
      this.#die('the agent is gone')
      return
    }
    this.#finishing = true
    this.#requests.close('the agent is leaving')
    this.#services.clock.after(FINISH_MS, () => this.#die('its last answers took too long'))
    this.#finishIfDone()
  }

  #finishIfDone(): void {
    if (this.#finishing && this.#calls.size === 0 && !this.#held.holding && !this.#attaching) this.#finish()
  }

  #finish(): void {
    this.#out.end()
    this.#services.clock.after(CLOSE_MS, () => this.#die('it did not close'))
  }

  #die(why: string): void {
    if (this.#ended) return
    this.#ended = true
    for (const call of this.#calls) cancelCall(call, why)
    this.#calls.clear()
    this.#callsById.clear()
    this.#requests.close(why)
    this.pool?.detach(this)
    this.#out.close()
    this.#socket.destroy()
    this.#services.ended(this)
  }
}

function paramsOf(frame: Frame): string {
  return frame.paramsStart === -1 ? '{}' : frame.line.toString('utf8', frame.paramsStart, frame.paramsEnd)
}

function withHint(error: MyceliumError): string {
  return error.hint === '' ? error.message : `${error.message} (next: ${error.hint})`
}
