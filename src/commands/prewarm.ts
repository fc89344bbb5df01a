import { systemClock } from '../core/clock.ts'
import { pathsFrom } from '../core/config/paths.ts'
import { MyceliumError } from '../core/errors.ts'
import { backtest } from '../core/policy/markov/backtest.ts'
import { learn, newestSessions } from '../core/policy/markov/model.ts'
import { readModel, writeModel } from '../core/policy/markov/model-file.ts'
import { predictorOf } from '../core/policy/markov/predictor.ts'
import type { Call } from '../core/policy/markov/traffic.ts'
import { verdictOf } from '../core/policy/markov/verdict.ts'
import type { Io } from '../core/report/io.ts'
import { jsonText } from '../core/report/json.ts'
import { predictionText, trainingJson, trainingText } from '../core/report/prewarm-report.ts'
import { recordedSessions, toolsIn } from '../core/report/prewarm-source.ts'
import { printable } from '../core/report/printable.ts'
import { windowOf } from '../core/usage/window.ts'

/** Options of `mycelium prewarm train`. */
export interface TrainOptions {
  readonly since?: string
  /** Days. */
  readonly halfLife: number
  readonly tools?: string
  readonly json?: boolean
  readonly config?: readonly string[]
}

/** Options of `mycelium prewarm predict`. */
export interface PredictOptions {
  readonly session?: string
  readonly after?: string
  readonly prompt?: string
  readonly tools?: string
  readonly json?: boolean
  readonly config?: readonly string[]
}

const DAY_MS = 86_400_000
/** The newest calls that a test replays: enough to tell, and a few seconds. */
const TESTED_CALLS = 6_000

/** `mycelium prewarm train`. Throws traffic_none, and what the store throws. */
export async function runPrewarmTrain(io: Io, options: TrainOptions): Promise<void> {
  const nowMs = systemClock.wall()
  const { sinceMs } = windowOf(options.since, undefined, nowMs)
  const texts = toolsIn(io, options.tools)
  const sessions = await recordedSessions(io, { sinceMs, flags: options.config })
  if (sessions.length === 0)
    throw new MyceliumError(
      'traffic_none',
      sinceMs === undefined ? 'no call was recorded yet' : `no call was recorded since ${options.since}`,
    )
  const halfLifeMs = options.halfLife * DAY_MS
  const heldOut = backtest(newestSessions(sessions, TESTED_CALLS), {
    texts,
    halfLifeMs,
    now: systemClock.now,
  })
  const model = learn(sessions, { texts, halfLifeMs, nowMs })
  const ends = sessions.map(({ calls }) => calls.at(-1)!.atMs!)
  const training = {
    trainedAt: nowMs,
    halfLifeDays: options.halfLife,
    fromMs: sessions[0]!.atMs!,
    toMs: ends.reduce((a, b) => Math.max(a, b)),
    heldOut,
    verdict: verdictOf(heldOut),
  }
  const bytes = writeModel(pathsFrom(io.env).prewarmModel, model, training)
  const trained = { model, training, bytes }
  if (options.json) io.write(jsonText(trainingJson(trained)))
  else io.write(trainingText(trained, nowMs, io.width))
}

/** `mycelium prewarm predict`. Throws usage, model_none, model_unusable, traffic_none. */
export async function runPrewarmPredict(io: Io, options: PredictOptions): Promise<void> {
  const { model } = readModel(pathsFrom(io.env).prewarmModel)
  const calls = await callsBefore(io, options)
  const texts = [...model.texts, ...toolsIn(io, options.tools)]
  for (const { server, tool } of texts) model.knowledge.vocabulary.add(server, tool)
  const predictor = predictorOf({ ...model, texts })
  const course = predictor.open()
  const unknown = calls.filter(
    ({ server, tool }) => model.knowledge.vocabulary.idOf(server, tool) === undefined,
  )
  for (const { server, tool } of calls) predictor.step(course, server, tool)
  predictor.hear(course, options.prompt)
  const prediction = predictor.predict(course)
  const after = calls.map(({ server, tool }) => `${server}/${tool}`)
  if (options.json) io.write(jsonText({ after, ...prediction }))
  else io.write(predictionText(prediction, io.width))
  if (unknown.length > 0)
    io.talk(
      `not seen in training: ${[...new Set(unknown.map(({ server, tool }) => printable(`${server}/${tool}`)))].join(', ')}\n`,
    )
}

/** `mycelium prewarm status`. Throws model_none, model_unusable. */
export async function runPrewarmStatus(io: Io, { json }: { readonly json?: boolean }): Promise<void> {
  const trained = readModel(pathsFrom(io.env).prewarmModel)
  if (json) io.write(jsonText(trainingJson(trained)))
  else io.write(trainingText(trained, systemClock.wall(), io.width))
}

async function callsBefore(io: Io, { session, after, config }: PredictOptions): Promise<readonly Call[]> {
  if (after !== undefined)
    return after
      .split(',')
      .filter((part) => part.trim() !== '')
      .map((part) => callOf(part.trim()))
  if (session === undefined) return []
  const [found] = await recordedSessions(io, { session, flags: config })
  if (found !== undefined) return found.calls
  throw new MyceliumError('traffic_none', `no call of a session ${printable(session)} was recorded`, {
    hint: 'mycelium usage sessions lists them',
  })
}

function callOf(text: string): Call {
  const at = text.indexOf('/')
  if (at > 0 && at < text.length - 1) return { server: text.slice(0, at), tool: text.slice(at + 1) }
  throw new MyceliumError('usage', `${printable(text)} is no server/tool`, {
    hint: 'mycelium prewarm predict --after github/list_issues',
  })
}
