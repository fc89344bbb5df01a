import { whereFrom } from '../core/clients/places.ts'
import { startable } from '../core/clients/startable.ts'
import { systemClock } from '../core/clock.ts'
import { resolveSettings } from '../core/config/layers.ts'
import { pathsFrom } from '../core/config/paths.ts'
import { readRegistry } from '../core/config/registry.ts'
import { asking } from '../core/daemon/connect.ts'
import { findOrStart } from '../core/daemon/start.ts'
import type { WarmResult, WarmTarget } from '../core/daemon/wire.ts'
import { MyceliumError } from '../core/errors.ts'
import { readRecord } from '../core/policy/advice/record.ts'
import { backtest } from '../core/policy/markov/backtest.ts'
import { readKnownTools, textsOf } from '../core/policy/markov/known-tools.ts'
import { learn, type Model, newestSessions } from '../core/policy/markov/model.ts'
import { readModel, writeModel } from '../core/policy/markov/model-file.ts'
import { predictorOf } from '../core/policy/markov/predictor.ts'
import type { Call, ToolText } from '../core/policy/markov/traffic.ts'
import { verdictOf } from '../core/policy/markov/verdict.ts'
import { jsonIfRegular } from '../core/regular-file.ts'
import { guessesJson, guessesText } from '../core/report/guesses-report.ts'
import type { Io } from '../core/report/io.ts'
import { jsonText } from '../core/report/json.ts'
import { predictionText, trainingJson, trainingText, warmedText } from '../core/report/prewarm-report.ts'
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
  const texts = knownTexts(io, options.tools)
  const sessions = await recordedSessions(io, { sinceMs, flags: options.config })
  if (sessions.length === 0)
    throw new MyceliumError(
      'traffic_none',
      sinceMs === undefined ? 'no call was recorded yet' : `no call was recorded since ${options.since}`,
    )
  const halfLifeMs = options.halfLife * DAY_MS
  io.endBySignals()
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
  const { after, prediction, unknown } = await predictionFor(io, model, options)
  if (options.json) io.write(jsonText({ after, ...prediction }))
  else io.write(predictionText(prediction, io.width))
  if (unknown.length > 0)
    io.talk(`not seen in training: ${[...new Set(unknown)].map(printable).join(', ')}\n`)
}

/**
 * `mycelium prewarm run`: has the daemon start and greet the servers that are more likely than not to be called next, unless the model did not beat
 * simple rules. Nothing is called. Throws usage, model_none, model_unusable, traffic_none.
 */
export async function runPrewarmRun(io: Io, options: PredictOptions): Promise<void> {
  const paths = pathsFrom(io.env)
  const { model, training } = readModel(paths.prewarmModel)
  const { use, because } = training.verdict
  const { prediction } = await predictionFor(io, model, options)
  const likely = use ? prediction.servers.filter(({ probability }) => probability > LEAST_LIKELY) : []
  const wanted = readRegistry(paths).servers.filter(({ id, name }) =>
    likely.some(({ server }) => server === id || server === name),
  )
  const targets: readonly WarmTarget[] = startable(whereFrom(io.env, io.cwd), wanted)
  const warmed =
    targets.length === 0
      ? []
      : await asking(await findOrStart(paths, io.env), (open) =>
          open.ask<WarmResult[]>('warm', { targets }, WARM_LIMIT_MS),
        )
  const servers = likely.map(({ server, probability }) => {
    const id = wanted.find((def) => def.id === server || def.name === server)?.id
    const { state, readyMs } = warmed.find((one) => one.id === id) ?? {}
    return { server, probability, ...(state && { state, readyMs }) }
  })
  if (options.json) io.write(jsonText({ used: use, because, servers }))
  else io.write(warmedText(use ? undefined : because, servers))
}

/** A start for nothing costs what one in time spares. */
const LEAST_LIKELY = 0.5
/** A server may have to install itself first. */
const WARM_LIMIT_MS = 120_000

async function predictionFor(io: Io, model: Model, options: PredictOptions) {
  const calls = await callsBefore(io, options)
  const texts = [...model.texts, ...knownTexts(io, options.tools)]
  for (const { server, tool } of texts) model.knowledge.vocabulary.add(server, tool)
  const predictor = predictorOf({ ...model, texts })
  const course = predictor.open()
  const unknown = calls.filter(
    ({ server, tool }) => model.knowledge.vocabulary.idOf(server, tool) === undefined,
  )
  for (const { server, tool } of calls) predictor.step(course, server, tool)
  predictor.hear(course, options.prompt)
  return {
    after: calls.map(nameOf),
    prediction: predictor.predict(course),
    unknown: unknown.map(nameOf),
  }
}

/** What servers of this machine listed, and what a file says beside it. */
function knownTexts(io: Io, file: string | undefined): readonly ToolText[] {
  return [...textsOf(readKnownTools(pathsFrom(io.env).knownTools)), ...toolsIn(io, file)]
}

function nameOf({ server, tool }: Call): string {
  return `${server}/${tool}`
}

/** `mycelium prewarm status`. Throws model_none, model_unusable. */
export async function runPrewarmStatus(io: Io, { json }: { readonly json?: boolean }): Promise<void> {
  const trained = readModel(pathsFrom(io.env).prewarmModel)
  const record = readRecord(jsonIfRegular(pathsFrom(io.env).advice))
  if (json) io.write(jsonText({ ...trainingJson(trained), guesses: guessesJson(record) }))
  else
    io.write(
      `${trainingText(trained, systemClock.wall(), io.width)}\n${guessesText(record, isEnabled(io), io.width)}`,
    )
}

function isEnabled(io: Io): boolean {
  const paths = pathsFrom(io.env)
  return (
    resolveSettings({ flags: [], env: io.env, cwd: io.cwd, paths }).winner('prewarm.enabled').value === true
  )
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
