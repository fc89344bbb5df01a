import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import { bodyText } from '../protocol/fields.ts'
import { type Frame, scanFrame } from '../protocol/frame.ts'
import { errorText } from '../protocol/messages.ts'
import type { Ahead, AheadProcesses, Asking } from './ahead.ts'
import { type Heard, inquire } from './inquiry.ts'
import { type Profile, processKey } from './key.ts'
import type { UpstreamProcess } from './spawn.ts'

/** A server that has said nothing for so long is none that knows the question. */
const ANSWER_MS = 10_000
/** One that was silent until its agent went on without an answer counts as such from here. */
const SILENT_MS = 2_000
/** What a server is may change with its next version: it is asked again after this. */
const REMEMBER_MS = 60 * 60_000
/** No answer may have been an accident. */
const REMEMBER_SILENCE_MS = 10 * 60_000
const MAX_REMEMBERED = 1_024
/** UnsupportedProtocolVersion: only modern servers know it. */
const UNSUPPORTED_VERSION = -32022

/** The answers where the server gave none; the session puts the agent's id. */
const METHOD_NOT_FOUND = refusal('Method not found')
const INSTEAD = {
  ended: refusal('Method not found: the server ended when it was asked'),
  silent: refusal('Method not found: the server did not answer'),
}

/** What asking needs of the pools. */
export interface DiscoveryParts {
  readonly clock: Clock
  readonly log: Log
  readonly ahead: AheadProcesses
  /** Throws where no process may be started for the profile now. */
  mayStart(profile: Profile): void
  /** A process beside those that run would do harm. */
  mustNotStart(base: string, profile: Profile): boolean
  /** Processes of this key are there for sessions to come, without the one that was asked. */
  isServed(base: string): boolean
  /** The server refused the last `initialize`: whatever it was taken for, it may be something else. */
  hasRefused(base: string): boolean
}

/** One agent's part in a question. */
export interface Asked {
  /** The server's answer; where it has none, that of one which does not know the question. */
  readonly answer: Promise<Frame>
  /** The agent wants it no longer: it is refused at once. */
  leave(): void
}

interface Open extends Asking {
  interested: number
  readonly paramsText: string
  readonly done: Promise<Frame>
}

/**
 * What a server says to `server/discover`. One that knows the question is modern and is asked each time; of one that does
 * not, the refusal is remembered. It is asked in a process started ahead, which stays that and serves who comes next.
 */
export class Discovery {
  readonly #parts: DiscoveryParts
  /** Refusals by process key, oldest first. */
  readonly #refusals = new Map<
    string,
    { readonly answer: Frame; readonly server: string; readonly untilMs: number }
  >()
  readonly #open = new Map<string, Open>()
  readonly #asked = new WeakSet<UpstreamProcess>()

  constructor(parts: DiscoveryParts) {
    this.#parts = parts
  }

  /** Asks for one agent, in its words. The answer rejects where a process cannot be started. */
  ask(profile: Profile, paramsText: string): Asked {
    let leave = (): void => {}
    const left = new Promise<Frame>((resolve) => {
      leave = () => resolve(METHOD_NOT_FOUND)
    })
    let open: Open | undefined
    let gone = false
    const answer = async (): Promise<Frame> => {
      const base = processKey(profile)
      for (;;) {
        const known = this.#known(base)
        if (known !== undefined || gone) return known ?? METHOD_NOT_FOUND
        const other = this.#open.get(base)
        if (other === undefined || other.paramsText === paramsText) break
        await other.done.catch(() => {})
      }
      open = this.#open.get(base) ?? this.#begin(base, profile, paramsText)
      open.interested += 1
      return open.done
    }
    const leaveOnce = (): void => {
      if (!gone && open !== undefined) open.interested -= 1
      gone = true
      leave()
    }
    return { answer: Promise.race([answer(), left]), leave: leaveOnce }
  }

  hasAsked(process: UpstreamProcess): boolean {
    return this.#asked.has(process)
  }

  /** Asks this server anew next time. */
  forget(server: string): void {
    for (const [base, row] of this.#refusals) if (row.server === server) this.#refusals.delete(base)
  }

  #known(base: string): Frame | undefined {
    const row = this.#refusals.get(base)
    const counts = row !== undefined && row.untilMs > this.#parts.clock.now() && !this.#parts.hasRefused(base)
    return counts ? row.answer : undefined
  }

  #begin(base: string, profile: Profile, paramsText: string): Open {
    let stopped = false
    let stop = (): void => {
      stopped = true
    }
    const run = async (): Promise<Frame> => {
      const { clock, ahead, mayStart, mustNotStart } = this.#parts
      if (open.interested === 0) return METHOD_NOT_FOUND
      mayStart(profile)
      if (mustNotStart(base, profile)) return METHOD_NOT_FOUND
      let row = await ahead.start(base, profile)
      // Somebody who said `initialize` may have been quicker.
      while (row.taken) {
        if (mustNotStart(base, profile)) return METHOD_NOT_FOUND
        row = await ahead.start(base, profile)
      }
      if (stopped || open.interested === 0) return METHOD_NOT_FOUND
      const sinceMs = clock.now()
      this.#asked.add(row.process)
      const inquiry = inquire(row.process, paramsText, { clock, boundMs: ANSWER_MS })
      stop = () => {
        stopped = true
        inquiry.stop()
      }
      row.asking = open
      const heard = await inquiry.answer
      row.asking = undefined
      // The process was taken from agents that still waited for the answer: its silence says nothing.
      const cutShort = stopped && open.interested > 0
      return this.#learn(base, row, heard, clock.now() - sinceMs, cutShort)
    }
    // The first agent is counted in the same turn, before run() looks.
    const done = Promise.resolve()
      .then(run)
      .finally(() => this.#open.delete(base))
    done.catch(() => {})
    const open: Open = { interested: 0, paramsText, done, stop: () => stop() }
    this.#open.set(base, open)
    return open
  }

  #learn(base: string, row: Ahead, heard: Heard, tookMs: number, cutShort: boolean): Frame {
    const { log, ahead, isServed } = this.#parts
    const { server } = row.profile
    const modern = typeof heard !== 'string' && isModern(heard)
    row.modern ||= modern
    log.event('server-asked', {
      server,
      pid: row.process.pid,
      era: modern ? 'modern' : 'legacy',
      because: typeof heard === 'string' ? heard : heard.isError ? 'an error' : 'a result',
    })
    if (modern) this.#refusals.delete(base)
    else if (heard !== 'silent' || (tookMs >= SILENT_MS && !cutShort)) this.#remember(base, server, heard)
    if (!modern && isServed(base)) ahead.drop(base, 'it was asked what it is, and others serve')
    return insteadOf(heard)
  }

  #remember(base: string, server: string, heard: Heard): void {
    const forMs = typeof heard === 'string' ? REMEMBER_SILENCE_MS : REMEMBER_MS
    const untilMs = this.#parts.clock.now() + forMs
    this.#refusals.delete(base)
    this.#refusals.set(base, { answer: insteadOf(heard), server, untilMs })
    const [oldest] = this.#refusals.keys()
    if (this.#refusals.size > MAX_REMEMBERED && oldest !== undefined) this.#refusals.delete(oldest)
  }
}

function insteadOf(heard: Heard): Frame {
  return typeof heard === 'string' ? INSTEAD[heard] : heard
}

function refusal(message: string): Frame {
  return scanFrame(Buffer.from(errorText('0', -32601, message).trimEnd())) as Frame
}

function isModern(answer: Frame): boolean {
  if (!answer.isError) return true
  try {
    return Object(JSON.parse(bodyText(answer) ?? '')).code === UNSUPPORTED_VERSION
  } catch {
    return false
  }
}
