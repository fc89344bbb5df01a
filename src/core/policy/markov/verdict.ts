import type { Backtest, Figures } from './backtest.ts'
import { BASELINES } from './baselines.ts'

/** Whether predictions may be acted upon, and why. */
export interface Verdict {
  readonly use: boolean
  readonly because: string
}

/** Fewer tested calls say nothing. */
const MIN_TESTED = 100
/** What passes the gate must be right at least so often, where it is enough to tell. */
const MIN_PRECISION = 0.7
const MIN_PASSED = 20

/**
 * A policy that does not beat its dumb baseline stays off: the tool that comes next must be first, and among the first three, more often than by
 * any simple rule, both taken together; and what passes the gate must be right as often as the gate says.
 */
export function verdictOf({
  nextTool,
  gate,
  baselines,
}: Pick<Backtest, 'nextTool' | 'gate' | 'baselines'>): Verdict {
  if (nextTool.n < MIN_TESTED)
    return { use: false, because: `only ${nextTool.n} calls to test it with; ${MIN_TESTED} are needed` }
  const worth = ({ hit1, hit3 }: Figures['nextTool']) => hit1 + hit3
  const best = BASELINES.reduce((a, b) =>
    worth(baselines[b].nextTool) > worth(baselines[a].nextTool) ? b : a,
  )
  const simple = baselines[best].nextTool
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`
  const figures = `the next tool comes first in ${percent(nextTool.hit1)} and among three in ${percent(nextTool.hit3)}, by ${best} in ${percent(simple.hit1)} and ${percent(simple.hit3)}`
  if (worth(nextTool) <= worth(simple))
    return { use: false, because: `it does not beat a simple rule: ${figures}` }
  if (gate.coverage * nextTool.n >= MIN_PASSED && gate.precision < MIN_PRECISION)
    return { use: false, because: `what it is sure of came true in ${percent(gate.precision)} only` }
  return { use: true, because: figures }
}
