import type { Evaluation, Ranking } from '../score/importance/evaluate.ts'
import { counted } from './counted.ts'
import { wrapped } from './facts.ts'
import type { Screen } from './score-report.ts'
import { type Column, table } from './table.ts'

/** What each ranking goes by, for people. */
const NAMES: Readonly<Record<Ranking, string>> = {
  importance: 'mycelium score',
  defaults: 'score, not fitted',
  withTask: 'score, told the message',
  message: 'BM25 of the message',
  recency: 'recency alone',
  churn: 'churn alone',
  complexity: 'complexity alone',
  smallFirst: 'size, small first',
  largeFirst: 'size, large first',
  random: 'chance',
}

/** The evaluation as `--json` gives it. */
export function evaluationJson({
  commits,
  files,
  budgets,
  weights,
  recall,
  gain,
  gainOfTask,
  gap,
}: Evaluation): object {
  return { commits, files, budgets, recall, gain, gainOfTask, weights, ...(gap && { gap }) }
}

/** Below this the recalls and what `score` has more do not fit beside each other. */
const WIDE = 100

/** For each ranking its recalls, and what `score` has more, in whole percentage points with its interval; in two tables where one is too wide. */
export function evaluationText(
  { commits, files, budgets, recall, gain, weights }: Evaluation,
  { width }: Screen,
): string {
  const points = (value: number) => Math.round(100 * value).toString()
  const rankings = Object.keys(recall) as Ranking[]
  const name: Column = { title: 'RANKING', shrinks: true }
  const under = (title: string): Column[] =>
    budgets.map((budget) => ({ title: `${title}${100 * budget} %`, align: 'right' }))
  const recalls = (ranking: Ranking) => recall[ranking].map((value) => `${(100 * value).toFixed(1)} %`)
  const gains = (ranking: Ranking) =>
    ranking === 'importance'
      ? []
      : gain[ranking].map(({ value, low, high }) => `${points(value)} [${points(low)}, ${points(high)}]`)
  const rowsOf = (...cells: ((ranking: Ranking) => string[])[]) =>
    rankings.map((ranking) => [NAMES[ranking], ...cells.flatMap((of) => of(ranking))])
  const about =
    `Of the files that each of the last ${counted(commits, 'commit')} edited, the share that a ranking made before it keeps within that part of the ` +
    `tokens of ${counted(files, 'file')}; then how many points the ranking of mycelium score has more, with 95 % intervals. Weights: ${weights.because}.`
  const tables =
    width >= WIDE
      ? [table([name, ...under(''), ...under('GAIN AT ')], rowsOf(recalls, gains), width)]
      : [
          table([name, ...under('')], rowsOf(recalls), width),
          table([name, ...under('GAIN AT ')], rowsOf(gains).slice(1), width),
        ]
  return [`${wrapped(about, width).join('\n')}\n`, ...tables].join('\n')
}
