import { bootstrap, type Interval } from '../../bench/statistics.ts'
import { bagOf, bm25 } from '../../bm25.ts'
import type { GitPlace } from '../history/git.ts'
import type { HistoryGap } from '../history/history.ts'
import { readHistory } from '../history/read.ts'
import { BASELINES, type Baseline, baselineOrder } from './baselines.ts'
import { featureMatrix } from './features.ts'
import { fitWeights } from './fit.ts'
import { BUDGETS, keptWithin, orderBy, recallAt } from './order.ts'
import { type Analyse, type Before, replay } from './replay.ts'
import { JUDGED, logOddsOf } from './train.ts'
import { DEFAULT_WEIGHTS, taskVector, type Weights, weightVector } from './weights.ts'

/** The newest share of the history that is guessed and not learned from. */
export const HELD_OUT = 0.2
/** Commits that are judged, at most, the newest: each costs a look at its tree. */
const MAX_JUDGED = 500

/** Everything that is compared: the ranking of `score`, the same with the default weights, the same with the commit's message as the task, and the baselines. */
export type Ranking = 'importance' | 'defaults' | 'withTask' | Baseline

/** How well rankings keep what the next commits edited. */
export interface Evaluation {
  /** Commits judged; recalls are means over them, in percent of the files of a commit. */
  readonly commits: number
  readonly files: number
  readonly budgets: readonly number[]
  readonly weights: Weights
  /** By ranking, one recall (0 … 1) for each budget. */
  readonly recall: Readonly<Record<Ranking, readonly number[]>>
  /** Recall of importance less that of the other, for each budget, with its 95 % bootstrap interval over commits. */
  readonly gain: Readonly<Record<Exclude<Ranking, 'importance'>, readonly Interval[]>>
  /** The same of withTask less message: both know the message. */
  readonly gainOfTask: readonly Interval[]
  readonly gap?: HistoryGap
}

/** What an evaluation may be told. */
export interface EvaluateOptions {
  readonly analyse: Analyse
  /** Instead of fitting. */
  readonly weights?: Weights
  /** Commits read; see HISTORY_LIMITS. */
  readonly commits?: number
  readonly onCommit?: (done: number, of: number) => void
}

/**
 * Recall within 10, 25 and 50 % of the repository's tokens on the newest fifth of its history: for each commit there the tree before it is read from
 * git, ranked by what was known then, and compared with what the commit edited. Weights are fitted once, on what lies before that fifth. Files
 * created by the commit, and natures that are not JUDGED, are left out of edits and of tokens; so are commits of more than BULK_FILES files.
 * Undefined recalls do not occur: with no commit to judge, `commits` is 0 and the figures are empty.
 */
export async function evaluate(place: GitPlace, options: EvaluateOptions): Promise<Evaluation> {
  const history = await readHistory(place, options.commits === undefined ? {} : { commits: options.commits })
  const count = history.commits.length
  const cut = Math.floor(count * (1 - HELD_OUT))
  const from = Math.max(cut, count - MAX_JUDGED)
  const rows = new Map<Ranking, (readonly number[])[]>()
  let weights = options.weights
  let files = 0
  for await (const before of replay(place, history, { from, analyse: options.analyse })) {
    weights ??= fitWeights(before.tree, history.commits.slice(0, before.index))
    files = before.tree.files.length
    for (const [ranking, recall] of judge(before, weights)) {
      const row = rows.get(ranking) ?? []
      rows.set(ranking, row)
      row.push(recall)
    }
    options.onCommit?.(before.index - from + 1, count - from)
  }
  const ours = rows.get('importance') ?? []
  const others = ['defaults' as const, 'withTask' as const, ...BASELINES]
  return {
    commits: ours.length,
    files,
    budgets: BUDGETS,
    weights: weights ?? DEFAULT_WEIGHTS,
    recall: recordOf(['importance' as const, ...others], (ranking) => means(rows.get(ranking) ?? [])),
    gain: recordOf(others, (ranking) => gains(ours, rows.get(ranking) ?? [])),
    gainOfTask: gains(rows.get('withTask') ?? [], rows.get('message') ?? []),
    ...(history.gap === undefined ? {} : { gap: history.gap }),
  }
}

function judge(before: Before, weights: Weights): readonly (readonly [Ranking, readonly number[]])[] {
  const { tree, past, commit, bags } = before
  const edited = new Set(commit.files.flatMap(({ path, change }) => (change === 'created' ? [] : [path])))
  const judged = tree.files.map((file) => JUDGED.has(file.nature))
  const wanted = tree.files.flatMap((file, i) => (judged[i] && edited.has(file.key ?? file.path) ? [i] : []))
  if (wanted.length === 0) return []
  const tokens = tree.files.map((file) => file.tokens)
  const matrix = featureMatrix(tree, past)
  const words = bm25(bagOf(commit.message), bags())
  const recallOf = (order: Uint32Array): readonly number[] =>
    recallAt(
      keptWithin(
        order.filter((i) => judged[i]),
        tokens,
      ),
      wanted,
    )
  const weighted = (rows: Float32Array, vector: Float64Array): readonly number[] =>
    recallOf(orderBy(logOddsOf(rows, vector), tokens, weights.perToken))
  return [
    ['importance', weighted(matrix, weightVector(weights.values))],
    ['defaults', weighted(matrix, weightVector(DEFAULT_WEIGHTS.values))],
    ['withTask', weighted(featureMatrix(tree, past, { words }), taskVector(weights.values))],
    ...BASELINES.map((name) => [name, recallOf(baselineOrder(name, tree, past, commit, words))] as const),
  ]
}

function means(rows: readonly (readonly number[])[]): readonly number[] {
  return rows.length === 0 ? [] : BUDGETS.map((_, b) => mean(rows.map((row) => row[b]!)))
}

/** Over pairs: both rankings were asked of the same commits. */
function gains(
  ours: readonly (readonly number[])[],
  theirs: readonly (readonly number[])[],
): readonly Interval[] {
  return ours.length === 0
    ? []
    : BUDGETS.map((_, b) =>
        bootstrap(
          ours.map((row, i) => row[b]! - theirs[i]![b]!),
          [0],
          mean,
        ),
      )
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function recordOf<K extends string, V>(keys: readonly K[], value: (key: K) => V): Record<K, V> {
  return Object.fromEntries(keys.map((key) => [key, value(key)])) as Record<K, V>
}
