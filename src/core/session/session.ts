import type { Socket } from 'node:net'
import { MyceliumError, wireCodeOf } from '../errors.ts'
import type { OverlongLine } from '../lines.ts'
import type { Dispatch } from '../pipeline/call.ts'
import type { Member } from '../pool/member.ts'
import type { Pool } from '../pool/pool.ts'
import type { Upstream } from '../pool/upstream.ts'
import { capabilityNames } from '../protocol/capabilities.ts'
import { hasStructuredParams, paramsText } from '../protocol/fields.ts'
import { type Frame, scanFrame } from '../protocol/frame.ts'
import { notificationText } from '../protocol/messages.ts'
import { MODERN_PROBE } from '../protocol/methods.ts'
import { spliceId } from '../protocol/splice.ts'
import { AgentRequests } from './agent-requests.ts'
import { Answers } from './answers.ts'
import { type BatchReply, takeBatch } from './batch.ts'
import { CallsInFlight, type Owed } from './calls-in-flight.ts'
import { changedLists } from './changed-lists.ts'
import { Connection } from './connection.ts'
import { Discovering } from './discovering.ts'
import { type HeldFrame, HeldFrames } from './held-frames.ts'
import { NO_ROOTS, type Roots } from './roots.ts'
import type { Peer, SessionServices } from './services.ts'
import { tooLong } from './too-long.ts'

/** One agent connection: its ids, its calls in flight, its place in a pool. */
export class Session implements Member {
  readonly id: string
  readonly peer: Peer
  initialized: Buffer | undefined
  home: Upstream | undefined
  pool: Pool | undefined
  readonly #connection: Connection
  readonly #services: SessionServices
  readonly #requests: AgentRequests
  readonly #answers: Answers
  readonly #calls: CallsInFlight
  readonly #discovering: Discovering
  #dispatch: Dispatch | undefined
  #greeting: Frame | undefined
  #roots: Roots = NO_ROOTS
  /** What the session waits for to be put into a pool, and the `initialize` that is answered then. */
  #attaching: Partial<Owed> | undefined
  #asking = false
  readonly #held = new HeldFrames((stopped) => this.#connection.hold(stopped))
  #finishing = false
  #ended = false

  constructor(id: string, peer: Peer, socket: Socket, services: SessionServices) {
    this.id = id
    this.peer = peer
    this.#services = services
    this.#connection = new Connection(
      socket,
      { clock: services.clock, limits: services.limits, plainEof: peer.plainEof },
      {
        line: (line) => this.#hear(line),
        overlong: (line) => this.#dropped(line),
        slow: (slow) => this.pool?.service.slowReader(this, slow),
        halfClosed: () => this.#inputEnded(),
        waitedEnough: (why) => this.close(new MyceliumError('request_timeout', why)),
        died: (why) => this.#leave(why),
      },
    )
    this.#answers = new Answers(this.#connection, services.log, peer.server)
    this.#calls = new CallsInFlight({
      ...{ id, peer, answers: this.#answers, push: this.#push },
      settled: () => this.#finishIfDone(),
    })
    this.#discovering = new Discovering((params) => services.discover(params))
    this.#requests = new AgentRequests(services.clock, services.limits.serverRequestMs, this.#push)
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
    this.#connection.hold(held)
  }

  notice(upstream: Upstream, frame: Frame): void {
    if (frame.method === 'notifications/cancelled') this.#requests.withdraw(upstream, frame)
    else this.#connection.pushFrame(frame, '')
  }

  asked(upstream: Upstream, frame: Frame): void {
    this.#requests.put(upstream, frame)
    this.#held.readOn(this.#requests.waiting)
  }

  lost(upstream: Upstream): void {
    this.#requests.withdrawAll(upstream)
  }

  replaced(): void {
    if (this.#greeting === undefined) return
    for (const method of changedLists(this.#greeting))
      this.#connection.push(Buffer.from(notificationText(method)))
  }

  readonly #push = (line: Buffer): void => this.#connection.push(line)

  /** Answers what is in flight or held with the error and closes. */
  close(error: MyceliumError): void {
    if (this.#ended) return
    this.#ended = true
    const calls = this.#calls.cancelAll(error.message, error)
    for (const { frame, batch } of [
      this.#attaching ?? {},
      ...calls,
      ...this.#held.release(),
    ] as Partial<Owed>[])
      if (frame !== undefined) this.#answers.refuse(frame, wireCodeOf(error), error.message, batch)
    this.#requests.close(error.message)
    this.#connection.finish()
  }

  /** Ends at once, whatever waits to be read. */
  abort(why: string): void {
    this.#connection.abort(why)
  }

  #hear(line: Buffer): void {
    const frame = scanFrame(line)
    if (frame === undefined) this.#answers.complain(-32700, 'the line is no JSON-RPC message')
    else if (frame.kind === 'invalid')
      this.#answers.refuse(frame, -32600, frame.reason ?? 'invalid request', undefined)
    else if (frame.kind === 'batch') takeBatch(line, this.#push, (one, batch) => this.#take(one, batch))
    else this.#take(frame, undefined)
  }

  #take(frame: Frame, batch: BatchReply | undefined, heardAtMs = this.#services.clock.now()): void {
    if (frame.kind === 'response') this.#requests.answer(frame)
    else if (frame.kind === 'request' && !hasStructuredParams(frame))
      this.#answers.refuse(frame, -32602, 'params must be an object', batch)
    else if (frame.kind === 'request' && frame.method === MODERN_PROBE && !this.#mayBeModern(frame))
      this.#answers.refuse(frame, -32601, 'Method not found', batch)
    else if (this.#held.holding) this.#keep({ frame, batch, heardAtMs })
    else if (frame.kind === 'notification') this.#notified(frame)
    else if (frame.method === 'initialize') void this.#attach(frame, batch)
    else if (frame.method === 'ping' && this.pool === undefined) this.#answers.pong(frame, batch)
    else if (frame.method === MODERN_PROBE && this.pool === undefined)
      this.#request({ frame, batch, heardAtMs }, (call) => this.#discovering.ask(call))
    else if (this.pool === undefined) {
      // An agent that never says `initialize` gets what it would get from the server itself.
      this.#keep({ frame, batch, heardAtMs })
      void this.#attach(undefined, undefined)
    } else this.#request({ frame, batch, heardAtMs }, this.#dispatch as Dispatch)
  }

  /** Whether a `server/discover` is for the server to answer: not once the agent has said `initialize`, nor where it claims no modern version. */
  #mayBeModern(frame: Frame): boolean {
    return frame.metaStart !== -1 && this.pool?.greetings === undefined
  }

  #keep(one: HeldFrame): void {
    const { frame, batch } = one
    // What is in flight was not held: its cancel does not wait for its turn either.
    if (frame.method === 'notifications/cancelled' && frame.kind === 'notification') {
      if (!this.#held.withdraw(frame)) this.#calls.cancel(frame)
    } else if (!this.#held.full || !this.#requests.waiting) this.#held.add(one)
    else if (frame.kind === 'request') {
      const error = new MyceliumError('too_many_calls', `${this.#held.length} messages wait already`)
      this.#answers.fail(frame, error, batch)
    }
    this.#held.readOn(this.#requests.waiting)
  }

  #notified(frame: Frame): void {
    if (frame.method === 'notifications/cancelled') this.#calls.cancel(frame)
    else if (frame.method === 'notifications/initialized') {
      this.initialized = spliceId(frame, '')
      void this.#getReady()
    } else if (frame.method === 'notifications/roots/list_changed' && this.pool?.greetings?.rootsOffered)
      void this.#getReady()
    else this.pool?.tell(this, spliceId(frame, ''))
  }

  async #attach(frame: Frame | undefined, batch: BatchReply | undefined): Promise<void> {
    this.#attaching = frame === undefined ? {} : { frame, batch }
    this.#held.begin()
    if (frame !== undefined) {
      this.#discovering.leave()
      // The process of an agent that had not said `initialize` ends with it: what was asked of it is answered before.
      if (this.pool !== undefined && this.pool.greetings === undefined)
        await this.#calls.emptied(this.#services.clock)
      if (this.#ended) return
    }
    try {
      const params = frame === undefined ? undefined : (paramsText(frame) ?? '{}')
      const pool = this.#services.poolFor(params)
      if (this.pool !== pool) this.pool?.detach(this)
      this.pool = pool
      this.#requests.capabilities = params === undefined ? undefined : capabilityNames(params)
      this.#greeting = await pool.attach(this)
      this.#services.greeted()
      this.#dispatch = this.#services.dispatch(pool, this)
      if (frame !== undefined && this.#greeting !== undefined && !this.#ended)
        this.#answers.reply(this.#greeting, frame, batch)
    } catch (error) {
      this.pool?.detach(this)
      this.pool = undefined
      // At a close it was answered with the rest.
      if (frame !== undefined && !this.#ended) this.#answers.failGreeting(frame, error, batch)
      for (const { frame: later, batch: its } of this.#held.releaseUntil('initialize'))
        if (later.kind === 'request') this.#answers.fail(later, error, its)
    }
    this.#attaching = undefined
    this.#drain()
  }

  /** The agent is ready, or its roots changed: a process that fits is put in service. */
  async #getReady(): Promise<void> {
    const { pool } = this
    // One that has closed its end cannot answer any more.
    const asks = pool?.greetings?.rootsOffered === true && !this.#finishing
    const inService = (roots: Roots): void => {
      this.#roots = roots
      if (!this.#ended && pool !== undefined && this.pool === pool) pool.ready(this)
    }
    if (asks) {
      this.#held.begin()
      this.#asking = true
      const asked = this.#services.silent.rootsOf({
        client: this.peer.client,
        requests: this.#requests,
        isLeaving: () => this.#ended || this.#finishing,
        late: inService,
      })
      this.#held.readOn(true)
      inService(await asked)
      this.#asking = false
    } else inService(this.#roots)
    if (asks && this.#attaching === undefined) this.#drain()
  }

  #drain(): void {
    const frames = this.#held.release()
    this.#held.readOn(false)
    for (const [i, { frame, batch, heardAtMs }] of frames.entries()) {
      if (this.#ended) return
      this.#take(frame, batch, heardAtMs)
      if (!this.#held.holding) continue
      this.#held.append(frames.slice(i + 1))
      return
    }
    this.#finishIfDone()
  }

  #request(one: HeldFrame, dispatch: Dispatch): void {
    const { size } = this.#calls
    if (size > 0 && size >= this.#services.limits.callsPerSession) {
      this.#keep(one)
      return
    }
    this.#calls.start(one, dispatch)
  }

  #dropped(line: OverlongLine): void {
    const told = tooLong(line, this.#services.limits.lineBytes)
    if ('answer' in told) this.#requests.answer(told.answer)
    else this.#connection.push(told.refusal)
  }

  #inputEnded(): void {
    this.#finishing = true
    this.#calls.cancelListening('the agent is leaving')
    this.#requests.close('the agent is leaving')
    this.#finishIfDone()
  }

  /** A call is settled: what was held for too many may go on, some at a time; or all is done. */
  #finishIfDone(): void {
    if (this.#attaching !== undefined || this.#asking) return
    if (this.#held.holding) {
      if (this.#calls.size <= this.#services.limits.callsPerSession * 0.9) this.#drain()
    } else if (this.#finishing && this.#calls.size === 0) this.#connection.finish()
  }

  #leave(why: string): void {
    this.#ended = true
    this.#calls.cancelAll(why)
    this.#requests.close(why)
    this.pool?.detach(this)
    this.#services.ended(why)
  }
}
