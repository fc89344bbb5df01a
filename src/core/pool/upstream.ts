import type { Clock } from '../clock.ts'
import { ERRORS, MyceliumError } from '../errors.ts'
import { LineSplitter, type OverlongLine } from '../lines.ts'
import type { Call, Reply } from '../pipeline/call.ts'
import { idInteger, integerAt, metaTokenText } from '../protocol/fields.ts'
import { type Frame, scanFrame } from '../protocol/frame.ts'
import { errorText, notificationText, requestText } from '../protocol/messages.ts'
import { Outbox } from '../protocol/outbox.ts'
import { readEnds } from '../protocol/overlong.ts'
import { spliceProgress, spliceRanges } from '../protocol/splice.ts'
import { type Pending, PendingTable } from './pending.ts'
import { howOf, type UpstreamProcess } from './spawn.ts'
import type { Listed, UpstreamState } from './states.ts'

/** Most bytes that may wait for a server that does not read its stdin. */
const MAX_STDIN_BACKLOG_BYTES = 256 * 1024 * 1024
/** How long a cancelled call still counts as in flight: the server may go on asking its owner meanwhile. */
const CANCELLED_GRACE_MS = 10_000
/** A server whose standard output ended has no more to say; its exit, if one is coming, comes within this. */
const MUTE_GRACE_MS = 200

/** What a process tells the pool it belongs to. */
export interface UpstreamEvents {
  /** A request of the server (elicitation, sampling, roots, ping). */
  asked(upstream: Upstream, frame: Frame): void
  /** A notification that belongs to no call of ours. */
  noticed(upstream: Upstream, frame: Frame): void
  /** The number of calls in flight became zero, or left it, or nobody waits for those that are left. */
  loadChanged(upstream: Upstream): void
  /** A call of a session was answered; it still counts as in flight. */
  answered(upstream: Upstream, id: number, call: Call, answer: Frame): void
  /** Progress under a token of ours whose call was answered already. */
  progressed(upstream: Upstream, token: number, frame: Frame): void
  /** `memoryShort`: it ended for want of memory, and not by a fault that the next would have too. */
  exited(upstream: Upstream, how: string, memoryShort: boolean): void
  /** The server does not read as fast as it is written to (true), or does again. */
  pressure(upstream: Upstream, high: boolean): void
  /** A line that is no JSON-RPC message, or an answer to nothing. */
  oddity(upstream: Upstream, what: string, bytes: number): void
}

/** One server process: its lifetime, its calls in flight, its raw lines. Knows nothing of sessions or policy. */
export class Upstream implements Listed {
  state: UpstreamState = 'started'
  readonly process: UpstreamProcess
  readonly startedAtMs: number
  /** The answer to `initialize`, as the server sent it. */
  greeting: Frame | undefined
  /** The attached session that owns it: for life (`session`), or while it has calls in flight (`call`). */
  owner: string | undefined
  /** Tasks made here that are still worked on; counted by Pins. */
  openTasks = 0
  /** What sessions may still ask this process for and no other; counted by Pins. */
  pins = 0
  /** The roots it was told of; only sessions with the same may use it. Undefined until it is in service. */
  roots: string | undefined
  /** What it gets when it asks for them, also when the sessions it was put in service for have left. */
  rootsText: string | undefined
  initializedSent = false
  /** Whether it answers `ping`; undefined until asked. */
  answersPing: boolean | undefined
  calls = 0
  /** When it was last asked something on our own behalf. */
  lastAskedMs = 0
  lastHeardMs: number
  lastUsedMs: number
  readonly #clock: Clock
  readonly #events: UpstreamEvents
  readonly #pending = new PendingTable()
  readonly #stdin: Outbox
  #inFlight = 0
  #live = 0
  #left = false

  constructor(process: UpstreamProcess, clock: Clock, events: UpstreamEvents, maxLineBytes: number) {
    this.process = process
    this.#clock = clock
    this.#events = events
    this.startedAtMs = clock.now()
    this.lastHeardMs = this.lastUsedMs = this.startedAtMs
    this.#stdin = new Outbox(process.stdin, MAX_STDIN_BACKLOG_BYTES, {
      pressure: (high) => events.pressure(this, high),
      overflow: (waiting) => events.oddity(this, 'stdin backlog over the limit', waiting),
    })
    const lines = new LineSplitter(
      maxLineBytes,
      (line) => this.#hear(line),
      (bytes) => events.oddity(this, 'line over the limit', bytes),
      (line) => this.#dropped(line, maxLineBytes),
    )
    process.stdout.on('data', (chunk: Buffer) => {
      this.lastHeardMs = clock.now()
      lines.push(chunk)
    })
    process.stdout.on('error', () => {})
    // Whoever asked it something before it was ours has stopped the stream.
    process.stdout.resume()
    process.stdout.once('close', () =>
      clock.after(MUTE_GRACE_MS, () => this.#leave('closed its standard output')),
    )
    void process.exited.then((exit) => this.#leave(howOf(exit), exit.because !== undefined))
  }

  /** Sessions' calls in flight, cancelled ones included until the server has let go of them. */
  get inFlight(): number {
    return this.#inFlight
  }

  /** Calls in flight that somebody waits for. */
  get awaited(): number {
    return this.#live
  }

  /** Only cancelled calls are left: the server may still be at one and ask its owner something. */
  get lingers(): boolean {
    return this.#live === 0 && this.#inFlight > 0
  }

  /** Sessions with calls in flight here. */
  callers(): ReadonlySet<string> {
    const callers = new Set<string>()
    for (const { call, cancelled } of this.#pending.all())
      if (call !== undefined && !cancelled) callers.add(call.session)
    return callers
  }

  /** Age of the oldest call in flight that somebody waits for, ms. */
  oldestCallMs(): number {
    const first = this.#pending.all().find((pending) => pending.counted && !pending.cancelled)
    return first === undefined ? 0 : this.#clock.now() - first.sentAtMs
  }

  /** Sends an agent's call; the reply still has our id. Rejects with server_exited when the process ends first. */
  forward(call: Call): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const { frame } = call
      const tokenText = metaTokenText(frame)
      const sentAtMs = this.#clock.now()
      call.sentAtMs = sentAtMs
      const id = this.#pending.nextId()
      const pending = {
        id,
        sentAtMs,
        tokenText,
        call,
        reply: resolve,
        gone: reject,
        cancelled: false,
        counted: true,
      }
      this.#take(pending)
      this.calls += 1
      this.lastUsedMs = sentAtMs
      call.onCancel = (why, notice) => this.#cancel(pending, why, notice)
      const idText = String(id)
      this.#stdin.pushFrame(frame, idText, tokenText === undefined ? undefined : idText)
    })
  }

  /** The agent's call that is in flight here under this id of ours. */
  callUnder(id: number): Call | undefined {
    return this.#pending.get(id)?.call
  }

  /** Sends a request of our own and gives the server's answer. */
  ask(method: string, paramsText?: string): Promise<Frame> {
    return new Promise((resolve, reject) => {
      const id = this.#pending.nextId()
      this.lastAskedMs = this.#clock.now()
      this.#take({
        id,
        sentAtMs: this.lastAskedMs,
        tokenText: undefined,
        call: undefined,
        reply: ({ frame }) => resolve(frame),
        gone: reject,
        cancelled: false,
        counted: false,
      })
      this.#stdin.push(Buffer.from(requestText(String(id), method, paramsText)))
    })
  }

  /** Sends bytes that need no answer: a notification, or an answer to the server's own request. */
  tell(line: Buffer): void {
    this.#stdin.push(line)
  }

  /** What is in flight now keeps the process busy no longer; answers are still taken to their callers. */
  giveUp(): void {
    if (this.#inFlight === 0) return
    for (const pending of this.#pending.all()) pending.counted = false
    this.#inFlight = this.#live = 0
    this.#events.loadChanged(this)
  }

  pauseReading(): void {
    this.process.stdout.pause()
  }

  resumeReading(): void {
    this.process.stdout.resume()
  }

  #take(pending: Pending): void {
    this.#pending.add(pending)
    if (!pending.counted) return
    this.#live += 1
    this.#inFlight += 1
    if (this.#inFlight === 1) this.#events.loadChanged(this)
  }

  #drop(pending: Pending): void {
    if (!this.#pending.delete(pending) || !pending.counted) return
    if (!pending.cancelled) this.#live -= 1
    this.#inFlight -= 1
    if (this.#inFlight === 0) this.#events.loadChanged(this)
  }

  #cancel(pending: Pending, why: string, notice: Frame | undefined): void {
    const { id } = pending
    if (this.#pending.get(id) === undefined || pending.cancelled) return
    pending.cancelled = true
    if (pending.counted) this.#live -= 1
    this.tell(
      notice === undefined
        ? Buffer.from(
            notificationText('notifications/cancelled', JSON.stringify({ requestId: id, reason: why })),
          )
        : spliceRanges(notice.line, [
            { start: notice.requestIdStart, end: notice.requestIdEnd, text: String(id) },
          ]),
    )
    pending.gone(new MyceliumError('client_gone', `cancelled: ${why}`))
    if (this.lingers) this.#events.loadChanged(this)
    this.#clock.after(CANCELLED_GRACE_MS, () => this.#drop(pending))
  }

  #hear(line: Buffer): void {
    const frame = scanFrame(line)
    if (frame === undefined || frame.kind === 'invalid') {
      this.#events.oddity(this, 'no JSON-RPC message on stdout', line.length)
    } else if (frame.kind === 'response') this.#answered(frame)
    else if (frame.kind === 'request') this.#events.asked(this, frame)
    else if (frame.kind === 'batch') this.#events.oddity(this, 'a batch on stdout', line.length)
    else if (frame.method === 'notifications/progress') this.#progressed(frame)
    else this.#events.noticed(this, frame)
  }

  #answered(frame: Frame): void {
    const id = idInteger(frame)
    const pending = id === undefined ? undefined : this.#pending.get(id)
    if (pending === undefined)
      return void this.#events.oddity(this, 'an answer to no call in flight', frame.line.length)
    if (pending.call !== undefined && !pending.cancelled)
      this.#events.answered(this, pending.id, pending.call, frame)
    this.#drop(pending)
    if (!pending.cancelled) pending.reply({ frame })
  }

  /** A message that was too long to be taken: whoever waits for it learns so. */
  #dropped({ bytes, head, tail }: OverlongLine, maxBytes: number): void {
    const { kind, idText } = readEnds(head, tail)
    const fact = `of ${bytes} bytes is over the limit of ${maxBytes} bytes`
    if (kind === 'call' && idText !== undefined)
      this.tell(Buffer.from(errorText(idText, ERRORS.message_too_long.wire, `a request ${fact}`)))
    if (kind !== 'response') return
    const all = this.#pending.all()
    const pending =
      idText === undefined && all.length === 1 ? all[0] : all.find(({ id }) => id === Number(idText))
    if (pending === undefined) return
    this.#drop(pending)
    if (!pending.cancelled) pending.gone(new MyceliumError('message_too_long', `the server's answer ${fact}`))
  }

  #progressed(frame: Frame): void {
    const token = integerAt(frame.line, frame.progressTokenStart, frame.progressTokenEnd)
    if (token === undefined) return
    const pending = this.#pending.get(token)
    if (pending === undefined) this.#events.progressed(this, token, frame)
    // Late or unknown progress makes some agents close the connection: it ends here.
    else if (pending.tokenText !== undefined && !pending.cancelled)
      pending.call?.progress(spliceProgress(frame, pending.tokenText))
  }

  #leave(how: string, memoryShort = false): void {
    if (this.#left) return
    this.#left = true
    this.#stdin.close()
    for (const pending of this.#pending.all()) {
      this.#pending.delete(pending)
      if (pending.cancelled) continue
      const error = `the server ended (${how}) before it answered`
      pending.gone(new MyceliumError('server_exited', error, memoryShort ? { data: { memoryShort } } : {}))
    }
    this.#inFlight = this.#live = 0
    this.#events.exited(this, how, memoryShort)
  }
}
