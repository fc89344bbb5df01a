import type { Evaluation, Ranking } from '../score/importance/evaluate.ts'
import { counted } from './counted.ts'
import { wrapped } from './facts.ts'
import type { Screen } from './score-report.ts'
import { table } from './table.ts'

/** What each ranking goes by, for people. */
const NAMES: Readonly<Record<Ranking, string>> = {
  importance: 'mycelium score',
  defaults: 'mycelium score, weights not fitted',
  withTask: 'mycelium score, told the commit message',
  message: 'BM25 of the commit message',
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

/** A table: for each ranking its recalls, and what `score` has more, in percentage points with its interval. */
export function evaluationText(evaluation: Evaluation, { width }: Screen): string {
  const { commits, files, budgets, recall, gain, weights } = evaluation
  const percent = (value: number) => (100 * value).toFixed(1)
  const rankings = Object.keys(recall) as Ranking[]
  const rows = rankings.map((ranking) => [
    NAMES[ranking],
    ...recall[ranking].map((value) => `${percent(value)} %`),
    ...(ranking === 'importance'
      ? []
      : gain[ranking].map(({ value, low, high }) => `${percent(value)} [${percent(low)}, ${percent(high)}]`)),
  ])
  const heads = budgets.map((budget) => `${100 * budget} %`)
  const columns = [
    { title: 'RANKING', shrinks: true },
    ...heads.map((title) => ({ title, align: 'right' as const })),
    ...heads.map((title) => ({ title: `GAIN AT ${title}`, align: 'right' as const })),
  ]
  const about =
    `Of the files that each of the last ${counted(commits, 'commit')} edited, the share that a ranking made before it keeps within that part of the ` +
    `tokens of ${counted(files, 'file')}; then how many points the ranking of mycelium score has more, with 95 % intervals. ${weights.because}`
  return `${wrapped(about, width).join('\n')}\n\n${table(columns, rows, width)}`
}
