import type { Backtest, Figures } from '../policy/markov/backtest.ts'
import { BASELINES } from '../policy/markov/baselines.ts'
import type { TrainedModel } from '../policy/markov/model-file.ts'
import type { Prediction } from '../policy/markov/predictor.ts'
import { ageText } from './amounts.ts'
import { counted } from './counted.ts'
import { wrapped } from './facts.ts'
import { printable } from './printable.ts'
import { table } from './table.ts'

const NAMES = {
  frequency: 'the most frequent',
  mru: 'used last',
  markov1: 'most often after the last',
} as const
const MIN_PREDICTION = 0.0005

/** A backtest as `--json` gives it: a stable shape, docs/prewarm.md. */
export function backtestJson({
  nextTool,
  newServer,
  gate,
  baselines,
  brier,
  reliability,
  split,
  predictUs,
  trainMs,
}: Backtest): object {
  return { nextTool, newServer, gate, baselines, brier, reliability, split, predictUs, trainMs }
}

/** A backtest for people. */
export function backtestText(test: Backtest, width: number): string {
  const { nextTool, newServer, gate, brier, split } = test
  const row = (name: string, figures: Figures) => [
    name,
    percent(figures.nextTool.hit1),
    percent(figures.nextTool.hit3),
    percent(figures.nextTool.hit5),
    ...(newServer.n === 0 ? [] : [percent(figures.newServer.hit1), percent(figures.newServer.hit3)]),
  ]
  const right = (title: string) => ({ title, align: 'right' as const })
  const how =
    split === 'time'
      ? 'each part of the sessions replayed with what came before it'
      : 'five folds of whole sessions, each replayed with the others'
  const about = `${counted(nextTool.n, 'next tool')} (every call after the first of its session) and ${counted(newServer.n, 'first use')} of a server; ${how}.`
  const sure =
    gate.coverage === 0
      ? `Nothing was sure enough (at least ${gate.threshold}).`
      : `Where it was sure (at least ${gate.threshold}), ${percent(gate.coverage)} of the calls, it was right in ${percent(gate.precision)}.`
  return [
    `${wrapped(about, width).join('\n')}\n`,
    table(
      [
        { title: 'RANKING', shrinks: true },
        right('TOOL @1'),
        right('@3'),
        right('@5'),
        ...(newServer.n === 0 ? [] : [right('SERVER @1'), right('@3')]),
      ],
      [row('mycelium prewarm', test), ...BASELINES.map((name) => row(NAMES[name], test.baselines[name]))],
      width,
    ),
    `${wrapped(`${sure} Brier score ${brier.toFixed(3)}.`, width).join('\n')}\n`,
  ].join('\n')
}

/** A prediction for people. */
export function predictionText({ tools, newServers }: Prediction, width: number): string {
  const likely = tools.filter(({ probability }) => probability >= MIN_PREDICTION)
  if (likely.length === 0) return 'nothing is known that could be called\n'
  const next = table(
    [
      { title: 'NEXT TOOL', shrinks: true },
      { title: 'PROBABILITY', align: 'right' },
      { title: 'AT LEAST', align: 'right' },
    ],
    likely.map(({ server, tool, probability, atLeast }) => [
      printable(`${server}/${tool}`),
      percent(probability),
      atLeast > 0 ? percent(atLeast) : '',
    ]),
    width,
  )
  if (newServers.length === 0) return next
  const servers = table(
    [
      { title: 'NEXT SERVER NOT YET USED', shrinks: true },
      { title: 'SHARE', align: 'right' },
    ],
    newServers.slice(0, 3).map(({ server, probability }) => [printable(server), percent(probability)]),
    width,
  )
  return `${next}\n${servers}`
}

/** What a training says of itself, for people. */
export function trainingText({ model, training, bytes }: TrainedModel, nowMs: number, width: number): string {
  const { trainedAt, verdict, heldOut, halfLifeDays } = training
  const head =
    `Trained ${ageText(Math.max(0, nowMs - trainedAt))} ago on ${counted(model.calls, 'call')} of ${counted(model.sessions, 'session')}, ` +
    `with a half-life of ${counted(halfLifeDays, 'day')}; ${(bytes / 1e6).toFixed(2)} MB. ${verdict.use ? 'Good enough to be used' : 'Not to be used'}: ${verdict.because}.`
  return `${wrapped(head, width).join('\n')}\n\n${backtestText(heldOut, width)}`
}

/** What a training says of itself, as `--json` gives it: a stable shape, docs/prewarm.md. */
export function trainingJson({ model, training, bytes }: TrainedModel): object {
  const { trainedAt, halfLifeDays, fromMs, toMs, verdict, heldOut } = training
  const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString())
  return {
    trainedAt: iso(trainedAt),
    halfLifeDays,
    from: iso(fromMs),
    to: iso(toMs),
    calls: model.calls,
    sessions: model.sessions,
    servers: model.knowledge.vocabulary.servers.length,
    tools: model.knowledge.vocabulary.tools.length,
    modelBytes: bytes,
    verdict,
    heldOut: backtestJson(heldOut),
  }
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}

/** What `prewarm run` did, as sentences; `unused`: why the model is not. */
export function warmedText(
  unused: string | undefined,
  servers: readonly {
    readonly server: string
    readonly probability: number
    readonly state?: string
    readonly readyMs?: number | undefined
  }[],
): string {
  if (unused !== undefined) return `nothing was started: ${unused}\n`
  if (servers.length === 0)
    return 'nothing was started: no server is more likely than not to be called next\n'
  return servers
    .map(({ server, probability, state, readyMs }) => {
      const what =
        state === undefined
          ? 'not started, no config that is read from here names it'
          : `${state}, ${readyMs} ms`
      return `${printable(server)} (${(100 * probability).toFixed(0)} %): ${what}\n`
    })
    .join('')
}
