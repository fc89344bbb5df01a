import { seededRandom } from '../../bench/statistics.ts'
import type { Commit } from '../history/history.ts'
import type { Past } from './past.ts'
import type { TreeSignals } from './tree-signals.ts'

/** Rankings to compare with, each by one signal. `message` alone knows of the commit that is to be guessed. */
export const BASELINES = [
  'smallFirst',
  'largeFirst',
  'complexity',
  'recency',
  'churn',
  'message',
  'random',
] as const

/** The name of a baseline. */
export type Baseline = (typeof BASELINES)[number]

/** Places of files, best first, by one signal; equal ones with the smaller first, which keeps more of them. `words` is BM25 of the commit's message. */
export function baselineOrder(
  baseline: Baseline,
  tree: TreeSignals,
  past: Past,
  commit: Commit,
  words: ArrayLike<number>,
): Uint32Array {
  const values = valuesOf(baseline, tree, past, commit, words)
  const tokens = tree.files.map((file) => file.tokens)
  return Uint32Array.from(tokens.keys()).sort(
    (a, b) => values[b]! - values[a]! || tokens[a]! - tokens[b]! || a - b,
  )
}

function valuesOf(
  baseline: Baseline,
  tree: TreeSignals,
  past: Past,
  commit: Commit,
  words: ArrayLike<number>,
): ArrayLike<number> {
  const { files } = tree
  const pasts = files.map((file) => past.file(file.key ?? file.path))
  switch (baseline) {
    case 'smallFirst':
      return files.map((file) => -file.tokens)
    case 'largeFirst':
      return files.map((file) => file.tokens)
    case 'complexity':
      return files.map((file) => file.cognitive)
    case 'recency':
      return pasts.map((file) => file?.lastCommit ?? -1)
    case 'churn':
      return pasts.map((file) => file?.total ?? 0)
    case 'message':
      return words
    case 'random': {
      const random = seededRandom(Number.parseInt(commit.id.slice(0, 8), 16) || 1)
      return files.map(() => random())
    }
  }
}
