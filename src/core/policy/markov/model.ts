import { type Calibration, calibrate, type Guess } from './calibration.ts'
import { type Choice, fitChoices, softmax, utilities } from './choice.ts'
import { DEFAULT_WEIGHTS } from './default-weights.ts'
import { choicesOf, type Weights } from './fit.ts'
import { count, emptyKnowledge, indexOf, type Knowledge, traceOf } from './knowledge.ts'
import type { Session, ToolText } from './traffic.ts'

/** All that predictions are made of. */
export interface Model {
  readonly knowledge: Knowledge
  readonly texts: readonly ToolText[]
  readonly weights: Weights
  readonly calibration: Calibration
  /** What it was learnt from. */
  readonly calls: number
  readonly sessions: number
}

/** How a model is learnt. */
export interface LearnOptions {
  /** Tools with their descriptions; those that were never called are known by them alone. */
  readonly texts?: readonly ToolText[]
  /** Now, and the time after which what was seen counts half; without them all counts alike. */
  readonly nowMs?: number
  readonly halfLifeMs?: number
}

/** The newest calls that weights and calibration are fitted to; counts are of all. */
const FITTED_CALLS = 2_000
/** How firmly weights are held to the defaults: as if by so many observations of each feature. */
const RIDGE = 4
/** Parts of the calls that each are guessed with weights fitted to the others. */
const PARTS = 3

/** Learns from sessions, oldest first. Cost: a few microseconds a call, and a second or two for the weights. */
export function learn(sessions: readonly Session[], options: LearnOptions = {}): Model {
  const { texts = [], nowMs, halfLifeMs } = options
  const knowledge = emptyKnowledge()
  const { vocabulary } = knowledge
  const traces = sessions.map((session) =>
    traceOf(vocabulary, session, weightOf(session.atMs, nowMs, halfLifeMs)),
  )
  for (const { server, tool } of texts) vocabulary.add(server, tool)
  for (const trace of traces) count(knowledge, trace)
  let fitted = traces.length
  for (let calls = 0; fitted > 0 && calls < FITTED_CALLS; ) calls += traces[--fitted]!.tools.length
  const index = indexOf(vocabulary, texts)
  const choices = choicesOf(knowledge, index, traces, DEFAULT_WEIGHTS, fitted)
  const weights = {
    tools: fitChoices(choices.tools.flat(), DEFAULT_WEIGHTS.tools, RIDGE),
    servers: fitChoices(choices.servers.flat(), DEFAULT_WEIGHTS.servers, RIDGE),
  }
  return {
    knowledge,
    texts,
    weights,
    calibration: calibrate(guessesOf(choices.tools, weights.tools)),
    calls: traces.reduce((sum, { tools }) => sum + tools.length, 0),
    sessions: sessions.length,
  }
}

/** The newest sessions, as many as hold about so many calls. */
export function newestSessions(sessions: readonly Session[], calls: number): readonly Session[] {
  let from = sessions.length
  for (let n = 0; from > 0 && n < calls; ) n += sessions[--from]!.calls.length
  return sessions.slice(from)
}

function weightOf(
  atMs: number | undefined,
  nowMs: number | undefined,
  halfLifeMs: number | undefined,
): number {
  if (atMs === undefined || nowMs === undefined || halfLifeMs === undefined) return 1
  return 2 ** (-Math.max(0, nowMs - atMs) / halfLifeMs)
}

/** Guesses of each part of the sessions, with weights that were fitted to the other parts. */
function guessesOf(sessions: readonly (readonly Choice[])[], all: readonly number[]): readonly Guess[] {
  return Array.from({ length: PARTS }, (_, part) => {
    const others = sessions.filter((_, i) => i % PARTS !== part).flat()
    const weights = fitChoices(others, DEFAULT_WEIGHTS.tools, RIDGE, all)
    return sessions
      .filter((_, i) => i % PARTS === part)
      .flatMap((choices) => choices.map((c) => guessOf(c, weights)))
  }).flat()
}

function guessOf({ rows, offsets, chosen }: Choice, weights: readonly number[]): Guess {
  const p = new Float64Array(offsets.length)
  utilities(rows, p.length, weights, p)
  const best = p.reduce((at, value, i) => (value > p[at]! ? i : at), 0)
  for (let i = 0; i < p.length; i++) p[i]! += offsets[i]!
  softmax(p, p.length)
  return { score: Math.min(1, p[best]!), isRight: best === chosen }
}
