import { type Ahead, AheadGuesses, LOOKED_AT } from './ahead.ts'
import { BASELINES, type BaselineName, keyOf, serverBaselines, toolBaselines } from './baselines.ts'
import { type LearnOptions, learn } from './model.ts'
import { predictorOf } from './predictor.ts'
import { type SplitKind, splitsOf } from './split.ts'
import {
  type Gate,
  gateOf,
  hits,
  type NewServerHits,
  type NextToolHits,
  type Reliability,
  reliabilityOf,
  type Topmost,
} from './tally.ts'
import type { Session } from './traffic.ts'

/** How often rankings had the next tool, and the next new server. */
export interface Figures {
  readonly nextTool: NextToolHits
  readonly newServer: NewServerHits
}

/** What a replay of sessions against models without them found. */
export interface Backtest extends Figures {
  readonly gate: Gate
  readonly baselines: Readonly<Record<BaselineName, Figures>>
  /** Mean square of the distance between the probability of the likeliest tool and whether it came. */
  readonly brier: number
  readonly reliability: readonly Reliability[]
  /** How often servers of a score were used soon; a model of an earlier version has none. */
  readonly ahead?: Ahead
  readonly split: SplitKind
  /** Mean microseconds of a prediction, texts included, and mean milliseconds of a training. */
  readonly predictUs: number
  readonly trainMs: number
}

/** What a backtest is run with; `now` is monotonic milliseconds, for what it measures. */
export interface BacktestOptions extends Omit<LearnOptions, 'nowMs'> {
  readonly now: () => number
  readonly signal?: AbortSignal
  readonly onPart?: (done: number, of: number) => void
}

const LIMIT = 5
const NOBODY: ReadonlySet<string> = new Set()

/**
 * Replays sessions, each with a model that saw none of it: what came before it where times are known, else whole other sessions. Next tools are
 * counted from the second call of each session on; new servers at each call whose server the session did not use before, the first call only
 * where there is a text.
 */
export function backtest(sessions: readonly Session[], options: BacktestOptions): Backtest {
  const { now, halfLifeMs, texts = [] } = options
  const { kind, splits } = splitsOf(sessions)
  const own = { tools: [] as number[], servers: [] as number[] }
  const simple = Object.fromEntries(
    BASELINES.map((name) => [name, { tools: [] as number[], servers: [] as number[] }]),
  )
  const topmost: Topmost[] = []
  const guesses = new AheadGuesses()
  let predictMs = 0
  let predictions = 0
  let trainMs = 0
  for (const [part, { train, test, nowMs }] of splits.entries()) {
    options.signal?.throwIfAborted()
    options.onPart?.(part, splits.length)
    const since = now()
    const time = halfLifeMs === undefined || nowMs === undefined ? {} : { halfLifeMs, nowMs }
    const predictor = predictorOf(learn(train, { texts, ...time }))
    trainMs += now() - since
    const tools = toolBaselines(train)
    const servers = serverBaselines(train)
    for (const { calls } of test) {
      const course = predictor.open()
      const usedTools: string[] = []
      const usedServers: string[] = []
      const guess = guesses.session(calls)
      for (const [i, call] of calls.entries()) {
        const start = now()
        predictor.hear(course, call.prompt)
        const prediction = predictor.predict(course, LOOKED_AT)
        predictMs += now() - start
        predictions += 1
        guess(i, prediction)
        const tool = keyOf(call.server, call.tool)
        if (i > 0) {
          const rank = prediction.tools
            .slice(0, LIMIT)
            .findIndex((one) => one.server === call.server && one.tool === call.tool)
          own.tools.push(rank)
          const top = prediction.tools[0]
          topmost.push({
            probability: top?.probability ?? 0,
            atLeast: top?.atLeast ?? 0,
            isRight: rank === 0,
          })
          for (const name of BASELINES)
            simple[name]!.tools.push(tools[name].rank(usedTools, LIMIT, NOBODY).indexOf(tool))
        }
        if (!usedServers.includes(call.server)) {
          if (i > 0 || course.prompt !== undefined) {
            own.servers.push(
              prediction.newServers.slice(0, LIMIT).findIndex(({ server }) => server === call.server),
            )
            const out = new Set(usedServers)
            for (const name of BASELINES)
              simple[name]!.servers.push(servers[name].rank(usedServers, LIMIT, out).indexOf(call.server))
          }
          usedServers.push(call.server)
        }
        usedTools.push(tool)
        predictor.step(course, call.server, call.tool)
      }
    }
  }
  return {
    ...hits(own.tools, own.servers),
    gate: gateOf(topmost),
    baselines: Object.fromEntries(
      BASELINES.map((name) => [name, hits(simple[name]!.tools, simple[name]!.servers)]),
    ) as Record<BaselineName, Figures>,
    brier: mean(topmost.map(({ probability, isRight }) => (probability - Number(isRight)) ** 2)),
    reliability: reliabilityOf(topmost),
    ahead: guesses.calibration(),
    split: kind,
    predictUs: predictions === 0 ? 0 : (1_000 * predictMs) / predictions,
    trainMs: splits.length === 0 ? 0 : trainMs / splits.length,
  }
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
}
