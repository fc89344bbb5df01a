import type { IdleEvaluation, Outcome } from '../policy/idle/judge.ts'
import { counted } from './counted.ts'
import { wrapped } from './facts.ts'
import { type Column, table } from './table.ts'

/** An evaluation with what was left out of it. */
export interface IdleReport {
  readonly evaluation: IdleEvaluation
  readonly skippedRows: number
  readonly budgetWindow: number
}

/** What each baseline is, for people. */
const HYBRID = /^hybrid(\d+)$/
const FIXED = /^fixed(\d+)$/

/** The evaluation as `--json` gives it: docs/keep-alive.md. */
export function idleJson({ evaluation, skippedRows, budgetWindow }: IdleReport): object {
  const { learned, baselines, pareto, functions, minutes, judgedFrom, invokedMinutes } = evaluation
  return {
    ...learned,
    budgetWindow,
    baselines,
    pareto: pareto.map((point) => ({ budgetWindow: point.budgetWindow, ...point.learned })),
    functions,
    minutes,
    judgedFrom,
    invokedMinutes,
    skippedRows,
  }
}

const NUMBERS: readonly Column[] = [
  { title: 'COLD', align: 'right' },
  { title: 'OF INVOKED', align: 'right' },
  { title: 'WARM MINUTES', align: 'right' },
]

/** The learned policy beside windows that learn nothing, and what it does with the warm time of each. */
export function idleText({ evaluation, skippedRows, budgetWindow }: IdleReport, width: number): string {
  const { learned, baselines, pareto, functions, minutes, judgedFrom, invokedMinutes } = evaluation
  const about =
    `${counted(functions, 'function')} over ${counted(minutes, 'minute')}, judged from minute ${judgedFrom + 1} on: ` +
    `${counted(invokedMinutes, 'invoked minute')}. ${verdictOf(evaluation, budgetWindow)}` +
    (skippedRows === 0 ? '' : ` ${counted(skippedRows, 'line')} left out: no rows of this trace.`)
  const policies = table(
    [{ title: 'POLICY', shrinks: true }, ...NUMBERS],
    [
      [`learned, at the warm time of fixed ${budgetWindow} min`, ...cellsOf(learned)],
      ...Object.entries(baselines).map(([name, outcome]) => [nameOf(name), ...cellsOf(outcome)]),
    ],
    width,
  )
  const curve = table(
    [{ title: 'LEARNED, AT THE WARM TIME OF', shrinks: true }, ...NUMBERS],
    pareto.map((point) => [`fixed ${point.budgetWindow} min`, ...cellsOf(point.learned)]),
    width,
  )
  return [`${wrapped(about, width).join('\n')}\n`, policies, curve].join('\n')
}

/** Whether learning was worth it, said either way. */
function verdictOf({ learned, pareto }: IdleEvaluation, budgetWindow: number): string {
  const { fixed } = pareto.find((point) => point.budgetWindow === budgetWindow)!
  if (learned.coldMinutesShare === null || fixed.coldMinutesShare === null)
    return 'Nothing was invoked in that half, so there is nothing to compare.'
  const warmer = learned.warmMinutes - fixed.warmMinutes
  const cost = warmer > 0 ? `${share(warmer / fixed.warmMinutes)} more` : 'no more'
  const gain = fixed.coldMinutes - learned.coldMinutes
  const means = `${share(learned.coldMinutesShare)} of them cold instead of ${share(fixed.coldMinutesShare)}, for ${cost} warm time`
  return gain > 0
    ? `Learned windows beat fixed ${budgetWindow} min: ${means}.`
    : `Learned windows do not beat fixed ${budgetWindow} min: ${means}.`
}

function nameOf(baseline: string): string {
  const [, minutes] = FIXED.exec(baseline) ?? []
  if (minutes !== undefined) return `fixed ${minutes} min`
  const [, fallback] = HYBRID.exec(baseline) ?? []
  return `hybrid histogram, else ${fallback} min`
}

function cellsOf({ coldMinutes, coldMinutesShare, warmMinutes }: Outcome): string[] {
  return [
    coldMinutes.toLocaleString('en'),
    coldMinutesShare === null ? '-' : share(coldMinutesShare),
    warmMinutes.toLocaleString('en'),
  ]
}

function share(value: number): string {
  return `${(100 * value).toFixed(2)} %`
}
