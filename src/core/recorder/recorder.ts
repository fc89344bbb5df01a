import type { Clock } from '../clock.ts'
import type { EventOf, Kind } from '../events/event.ts'
import type { LogFields } from '../log.ts'
import type { Call, Interceptor } from '../pipeline/call.ts'
import { record } from '../pipeline/interceptors/record.ts'
import type { Frame } from '../protocol/frame.ts'
import type { Effect } from '../shorten/order.ts'
import { callEvent, clientMeta, type Who } from './call-event.ts'
import { LogEvents } from './log-events.ts'
import { type Sample, Sampler, type Tree } from './sampler.ts'
import { SchemaEvents } from './schema-events.ts'

/** Where events go: SegmentWriter.append. */
export type Append = <K extends Kind>(kind: K, event: EventOf<K>) => void

/** A connection of an agent, for as long as it lasts. */
export interface RecordedSession {
  /** Around each of its calls. */
  readonly interceptor: Interceptor
  /** It begins to wait for its pool's greeting; warm when a process is there already. */
  attaching(mode: string, warm: boolean): void
  greeted(): void
  /** What became of a call's result that was looked at for shortening. */
  compressed(call: Call, tool: string, effect: Effect, durationUs: number): void
  /** It is over, for that reason. */
  ended(why: string): void
}

/** Writes down what the daemon does: calls, sessions, processes, samples, decisions. Names, sizes and hashes only. */
export class Recorder {
  readonly #clock: Clock
  readonly #append: Append
  /** Told of an answer to tools/list with something new in it. */
  readonly #listed: (server: string, answer: Frame) => void
  readonly #logEvents: LogEvents
  readonly #schemas: SchemaEvents
  readonly #sampler: Sampler

  constructor(clock: Clock, append: Append, listed: (server: string, answer: Frame) => void = () => {}) {
    this.#clock = clock
    this.#append = append
    this.#listed = listed
    this.#logEvents = new LogEvents(clock, {
      process: (event) => append('process', event),
      decision: (event) => append('decision', event),
    })
    this.#schemas = new SchemaEvents((event) => append('schema', event))
    this.#sampler = new Sampler(clock, (event) => append('sample', event))
  }

  /** An event of the daemon's log. */
  logged(name: string, fields: LogFields): void {
    this.#logEvents.tell(name, fields)
  }

  /** A connection begins. `agentOf` names the agent that it belongs to, also where its client tells no session of its own. */
  session(who: Omit<Who, 'mode'>, agentOf: () => string): RecordedSession {
    const clock = this.#clock
    const append = this.#append
    const startedAtMs = clock.now()
    const now: Who & { mode: string } = { ...who, mode: '' }
    let attachedAtMs = startedAtMs
    let warm = false
    let calls = 0
    const tell = (event: string, sinceMs: number, because = '') =>
      append('session', {
        ...now,
        at: clock.wall() * 1000,
        event,
        warm,
        durationUs: Math.round((clock.now() - sinceMs) * 1000),
        calls,
        because,
      })
    tell('started', startedAtMs)
    return {
      interceptor: record((call, answer, error) => {
        calls++
        const event = callEvent(now, call, answer, error, clock)
        append('call', event)
        if (call.method !== 'tools/list' || answer === undefined || answer.isError) return
        if (this.#schemas.look(who.client, who.server, answer, event.at)) this.#listed(who.server, answer)
      }),
      attaching: (mode, isWarm) => {
        now.mode = mode
        warm = isWarm
        attachedAtMs = clock.now()
      },
      greeted: () => tell('greeted', attachedAtMs),
      compressed: (call, tool, effect, durationUs) => {
        const meta = clientMeta(call.frame)
        const { session, client, project, server } = now
        append('compression', {
          at: clock.wall() * 1000,
          session,
          clientSession: meta?.session ?? agentOf(),
          client,
          project,
          server,
          tool,
          toolUse: meta?.toolUse ?? '',
          ...effect,
          durationUs,
        })
      },
      ended: (why) => tell('ended', startedAtMs, why),
    }
  }

  /** Looks at the memory of these trees, over the next turns; step() goes on. */
  beginSamples(trees: readonly Tree[]): void {
    this.#sampler.begin(trees)
  }

  /** The latest look at each tree; see Sampler. */
  latestSamples(trees: readonly Tree[], maxAgeMs: number): ReadonlyMap<number, Sample> {
    return this.#sampler.latest(trees, maxAgeMs)
  }

  /** False when all trees were looked at. */
  stepSamples(): boolean {
    return this.#sampler.step()
  }
}
