import type { Course } from '../policy/markov/course.ts'
import { learn, type Model } from '../policy/markov/model.ts'
import { predictorOf } from '../policy/markov/predictor.ts'

/** The agents of one session in the order in which they began. */
export interface AgentSession {
  readonly id: string
  /** Milliseconds since the epoch. */
  readonly atMs?: number
  readonly agents: readonly string[]
}

/** Above this calibrated probability that it is used next, a definition is loaded ahead. */
const SURE = 0.7
/** Fewer guesses on record say nothing about how sure one may be. */
const MIN_USES = 100
/** To the model an agent is a tool of this server. */
const SERVER = 'agents'

/** A definition that was loaded ahead, and whether it was used: `hit`, or `waste` where the session ended, or three others were used, without it. */
export interface Preload {
  readonly agent: string
  readonly probability: number
  readonly became: 'hit' | 'waste'
}

/** Follows one session. */
export interface Preloader {
  /** An agent was begun. Gives what became of earlier preloads by it. */
  used(agent: string): readonly Preload[]
  /** What to load now that is not loaded: at most one; undefined where nothing is sure enough. Counts as loaded from then on. */
  next(): { readonly agent: string; readonly probability: number } | undefined
  /** The session is over: what was loaded for nothing. */
  end(): readonly Preload[]
}

/** Agents that may be begun before a preload counts as waste. */
const PATIENCE = 3

/** Learns what agents follow each other, with the model of tool calls (policy/markov): contexts of up to three, weights and calibration from these sessions. */
export function learnAgents(sessions: readonly AgentSession[], nowMs?: number, halfLifeMs?: number): Model {
  return learn(
    sessions.map(({ id, atMs, agents }) => ({
      id,
      ...(atMs !== undefined && { atMs }),
      calls: agents.map((tool) => ({ server: SERVER, tool })),
    })),
    { ...(nowMs !== undefined && { nowMs }), ...(halfLifeMs !== undefined && { halfLifeMs }) },
  )
}

/** A preloader for each session of a model. With fewer than a hundred uses on record it loads nothing. */
export function preloadsBy(model: Model): { open(): Preloader } {
  const predictor = predictorOf(model)
  return {
    open: () => {
      const course: Course = predictor.open()
      const ahead = new Map<string, { probability: number; since: number }>()
      const loaded = new Set<string>()
      const give = (agent: string, became: Preload['became']): Preload => {
        const { probability } = ahead.get(agent)!
        ahead.delete(agent)
        return { agent, probability, became }
      }
      return {
        used: (agent) => {
          predictor.step(course, SERVER, agent)
          loaded.add(agent)
          const came = ahead.has(agent) ? [give(agent, 'hit')] : []
          for (const one of ahead.values()) one.since += 1
          const late = [...ahead].filter(([, { since }]) => since >= PATIENCE).map(([name]) => name)
          return [...came, ...late.map((name) => give(name, 'waste'))]
        },
        next: () => {
          if (model.calls < MIN_USES) return undefined
          const [likely] = predictor.predict(course, 1).tools
          if (likely === undefined || likely.probability <= SURE || loaded.has(likely.tool)) return undefined
          const { tool: agent, probability } = likely
          loaded.add(agent)
          ahead.set(agent, { probability, since: 0 })
          return { agent, probability }
        },
        end: () => [...ahead.keys()].map((agent) => give(agent, 'waste')),
      }
    },
  }
}

/** Whether loading ahead pays, by sessions that the model was not taught. */
export interface PreloadTrial {
  readonly use: boolean
  readonly hits: number
  readonly preloads: number
}

/** Share of the sessions, the newest, that are tried. */
const TRIED = 0.2
/** Fewer preloads say nothing; and so often they must have been used. */
const MIN_PRELOADS = 20
const MIN_USED = 0.6

/**
 * Teaches a model the older sessions, oldest first, and replays the newer ones. The model says what comes next if anything does; that a session ends is not in it,
 * so that where sessions are short less is used than its probabilities say. Whoever loads ahead asks this first, and does not where `use` is false.
 */
export function tryPreloads(sessions: readonly AgentSession[]): PreloadTrial {
  const cut = Math.floor(sessions.length * (1 - TRIED))
  const preloads = preloadsBy(learnAgents(sessions.slice(0, cut)))
  let [hits, count] = [0, 0]
  for (const { agents } of sessions.slice(cut)) {
    const preloader = preloads.open()
    for (const agent of agents) {
      hits += preloader.used(agent).filter(({ became }) => became === 'hit').length
      if (preloader.next() !== undefined) count += 1
    }
  }
  return { use: count >= MIN_PRELOADS && hits / count > MIN_USED, hits, preloads: count }
}
