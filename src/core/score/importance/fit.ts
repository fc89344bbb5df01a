import type { Commit } from '../history/history.ts'
import { FEATURES } from './features.ts'
import { fitLogistic } from './logistic.ts'
import { keptWithin, orderBy, recallAt } from './order.ts'
import { examplesOf, JUDGED, logOddsOf, type Moment, momentsOf } from './train.ts'
import type { TreeSignals } from './tree-signals.ts'
import { DEFAULT_WEIGHTS, TREE_WEIGHTS, type Weights, weightVector } from './weights.ts'

/** Fewer telling commits than this teach nothing that the default does not know better. */
export const MIN_COMMITS = 50
/** Commits learned from, spread over the history, and the first share of it that only fills the memory. */
const MAX_COMMITS = 120
const WARM_UP = 0.2
/** Of the commits learned from, the newest are kept to choose and to check with. */
const VALIDATION = 0.3
/** How strongly weights are drawn to the default. */
const PENALTIES = [0.02, 0.05, 0.2] as const

/**
 * Weights for one repository from its own history: logistic regression drawn to the default weights, learned on older commits, the strength of the
 * draw chosen on newer ones, and learned once more on all of them. The default comes back when the history is short, or when on the newer commits
 * the recall within a tenth to half of the tokens is not better than the default's by more than one standard error (Breiman et al.'s rule).
 */
export function fitWeights(tree: TreeSignals, commits: readonly Commit[]): Weights {
  const moments = momentsOf(tree, commits, {
    from: Math.floor(commits.length * WARM_UP),
    most: MAX_COMMITS,
    sampled: 1 - VALIDATION,
  })
  if (commits.length === 0) return TREE_WEIGHTS
  if (moments.length < MIN_COMMITS)
    return {
      ...DEFAULT_WEIGHTS,
      because: `${moments.length} usable commits, ${MIN_COMMITS} are needed to fit weights`,
    }

  const prior = weightVector(DEFAULT_WEIGHTS.values)
  const cut = Math.floor(moments.length * (1 - VALIDATION))
  const older = examplesOf(moments.slice(0, cut))
  const newer = moments.slice(cut)
  const standard = recalls(tree, newer, prior)
  const tried = PENALTIES.map((penalty) => {
    const { weights } = fitLogistic(older, prior, penalty)
    const found = recalls(tree, newer, weights)
    return { penalty, gains: found.map((recall, i) => recall - standard[i]!) }
  })
  const best = tried.reduce((a, b) => (mean(b.gains) > mean(a.gains) ? b : a))
  const gain = mean(best.gains)
  const said = `${(100 * gain).toFixed(1)} points of recall on ${best.gains.length} newer commits`
  if (gain <= standardError(best.gains))
    return { ...DEFAULT_WEIGHTS, because: `fitted weights were not clearly better than the default: ${said}` }
  const { weights } = fitLogistic(examplesOf(moments), prior, best.penalty)
  return {
    values: Object.fromEntries(FEATURES.map((feature, c) => [feature, weights[c]!])),
    perToken: DEFAULT_WEIGHTS.perToken,
    source: 'fitted',
    because: `fitted weights were better than the default by ${said}`,
    commits: moments.length,
  }
}

/** For each moment the mean of the recalls at the budgets. */
function recalls(
  tree: TreeSignals,
  moments: readonly Moment[],
  weights: ArrayLike<number>,
): readonly number[] {
  return moments.flatMap(({ matrix, places, edited }) => {
    const isJudged = (row: number): boolean => JUDGED.has(tree.files[places[row]!]!.nature)
    const wanted = edited.filter(isJudged)
    if (wanted.length === 0) return []
    const tokens = places.map((place) => tree.files[place]!.tokens)
    const order = orderBy(logOddsOf(matrix, weights), tokens, DEFAULT_WEIGHTS.perToken)
    return [mean(recallAt(keptWithin(order.filter(isJudged), tokens), wanted))]
  })
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
}

function standardError(values: readonly number[]): number {
  const middle = mean(values)
  const squares = values.reduce((sum, value) => sum + (value - middle) ** 2, 0)
  return Math.sqrt(squares / Math.max(1, values.length - 1) / Math.max(1, values.length))
}
