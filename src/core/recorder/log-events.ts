import type { Clock } from '../clock.ts'
import type { EventOf } from '../events/event.ts'
import type { LogFields } from '../log.ts'

/** Where the events go. */
export interface LogEventSink {
  process(event: EventOf<'process'>): void
  decision(event: EventOf<'decision'>): void
}

interface Running {
  readonly server: string
  readonly mode: string
  readonly startedAtMs: number
  because: string
}

/** What the daemon decided, by the name of its log event: the policy, what it did, and whether it could. */
const DECISIONS: Readonly<Record<string, readonly [policy: string, action: string, accepted: boolean]>> = {
  'pool-grows': ['pools', 'grow', true],
  'spare-refused': ['warm_spares', 'start', false],
  'warmed-ahead': ['prewarm', 'warm', true],
  'warming-refused': ['prewarm', 'hold', false],
  'growth-refused': ['envelope', 'grow', false],
  'memory-ended': ['envelope', 'end', true],
  'memory-renewed': ['envelope', 'renew', true],
  'memory-let-go': ['envelope', 'let-go', true],
  'memory-kill': ['envelope', 'kill', true],
  'memory-raised': ['envelope', 'raise', true],
  'memory-not-raised': ['envelope', 'hold', false],
  'bounds-refused': ['envelope', 'bound', false],
  'bound-refused': ['envelope', 'bound', false],
  'upstream-draining': ['pools', 'drain', true],
  'upstream-stopping': ['pools', 'stop', true],
  'upstream-silent': ['janitor', 'replace', true],
  'upstream-start-failed': ['supply', 'start', false],
  'socket-lost': ['listener', 'heal', true],
  'tools-not-listed': ['lazy_tools', 'list', true],
  'watcher-lost': ['watcher', 'restart', true],
}

/** Turns what the daemon says in its log into events: starts and ends of processes, and decisions with their reasons. */
export class LogEvents {
  readonly #running = new Map<number, Running>()
  readonly #clock: Clock
  readonly #sink: LogEventSink

  constructor(clock: Clock, sink: LogEventSink) {
    this.#clock = clock
    this.#sink = sink
  }

  /** One event of the log. */
  tell(name: string, fields: LogFields): void {
    const pid = Number(fields.pid ?? 0)
    const because = String(fields.because ?? '')
    if (name === 'upstream-started') {
      const running = {
        server: String(fields.server),
        mode: String(fields.mode ?? ''),
        startedAtMs: this.#clock.now(),
        because: '',
      }
      this.#running.set(pid, running)
      // What was found behind its command: a start by npx is another than one without it.
      this.#process(pid, { ...running, because: String(fields.how ?? '') }, 'started', 0, 0)
    }
    const running = this.#running.get(pid)
    if (running !== undefined && name === 'upstream-ready')
      this.#process(pid, running, 'ready', Number(fields.tookMs) * 1000, 0)
    if (running !== undefined && name === 'upstream-stopping') running.because = because
    if (running !== undefined && name === 'upstream-exited') {
      this.#running.delete(pid)
      const ageUs = Math.round((this.#clock.now() - running.startedAtMs) * 1000)
      running.because ||= String(fields.how ?? '')
      this.#process(pid, running, 'ended', ageUs, Number(fields.calls ?? 0))
    }
    const decision = DECISIONS[name]
    if (decision === undefined) return
    const [policy, action, accepted] = decision
    this.#sink.decision({
      at: this.#at(),
      policy,
      server: String(fields.server ?? ''),
      action,
      accepted,
      because,
      clientSession: String(fields.clientSession ?? ''),
      savedTokens: Number(fields.savedTokens ?? 0),
    })
  }

  #process(
    pid: number,
    { server, mode, because }: Running,
    event: string,
    durationUs: number,
    calls: number,
  ): void {
    this.#sink.process({ at: this.#at(), server, pid, mode, event, durationUs, calls, because })
  }

  #at(): number {
    return this.#clock.wall() * 1000
  }
}
