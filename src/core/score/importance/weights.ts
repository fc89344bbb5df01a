import { FEATURES, type Feature } from './features.ts'

/** How features are put together for one repository; may be stored as it is. */
export interface Weights {
  /** Log odds for each feature; one that is missing weighs nothing. */
  readonly values: Readonly<Partial<Record<Feature, number>>>
  /** Under a budget files are taken by log odds − perToken · log(tokens + 1). */
  readonly perToken: number
  readonly source: 'default' | 'fitted'
  /** One sentence for the user. */
  readonly because: string
  /** Of the history, learned from; 0 for the default. */
  readonly commits: number
}

/**
 * What is used without a fit: fitted as in fit.ts on the newest commits of seven repositories of as many languages (docs/scores.md names them), by
 * bench/importance.mjs's rough analysis. Given its size and history, what a file's complexity and PageRank add is small.
 */
export const DEFAULT_WEIGHTS: Weights = {
  values: {
    recency: 0.51,
    churnFast: 0.45,
    churnMid: 0.72,
    churnSlow: 1.05,
    churnAll: 0.9,
    rate: 0.94,
    authors: 0.09,
    newness: 0.24,
    cochange: 0.11,
    near: 0.81,
    directory: 0.58,
    sibling: 0.48,
    kind: 0.33,
    size: 1.16,
    cyclomatic: -0.28,
    cognitive: -0.16,
    pageRank: -0.1,
    importedBy: -0.1,
    test: -0.18,
    manifest: 0.28,
    config: 0.51,
    lock: -0.06,
    untouchable: -0.37,
  },
  perToken: 0.75,
  source: 'default',
  because: 'not fitted',
  commits: 0,
}

/**
 * What is used without any history: the same fit with what the tree alone tells, and `near` of the default for seeds that are given. Guessing this
 * way is little better than taking the smallest files first.
 */
export const TREE_WEIGHTS: Weights = {
  values: {
    size: 3.89,
    cyclomatic: -0.45,
    cognitive: -0.16,
    pageRank: -0.21,
    importedBy: 0.25,
    near: 0.81,
    test: -0.63,
    document: -0.26,
    manifest: 1.6,
    config: 1.38,
    lock: 0.6,
    untouchable: -1.36,
  },
  perToken: 0.75,
  source: 'default',
  because: 'no history to learn from',
  commits: 0,
}

/**
 * How a text of the task changes the ranking: the log odds without it times `base`, and these features. The same for every repository: a history
 * has messages to learn from, but the words that files had then would have to be read again.
 */
export const TASK_WEIGHTS = { base: 0.68, words: 4.8, wordsCochange: 0.92, wordsNear: 0.34 } as const

/** The weights in the order of FEATURES. */
export function weightVector(values: Weights['values']): Float64Array {
  return Float64Array.from(FEATURES, (feature) => values[feature] ?? 0)
}

/** The weights in the order of FEATURES when there is a text of the task. */
export function taskVector(values: Weights['values']): Float64Array {
  const { base, ...words } = TASK_WEIGHTS
  return Float64Array.from(FEATURES, (feature) =>
    feature in words ? words[feature as keyof typeof words] : base * (values[feature] ?? 0),
  )
}

/**
 * What a seed adds to its own file's log odds. Not fitted: history does not tell what was in the work tree or read before a commit. A file that is
 * open for change comes before what the history guesses; one that was read counts like one that was changed a few commits ago.
 */
export const SEED_LOG_ODDS = { focus: 6, changed: 4, read: 2 } as const
