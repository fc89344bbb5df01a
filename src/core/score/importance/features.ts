import { pageRank } from '../graph/pagerank.ts'
import type { Nature } from '../ranked.ts'
import { type Past, touchesAt } from './past.ts'
import { GROUPS_EACH, type TreeSignals } from './tree-signals.ts'

/** Names of the features in the order of their columns. */
export const FEATURES = [
  'recency',
  'churnFast',
  'churnMid',
  'churnSlow',
  'churnAll',
  'authors',
  'newness',
  'cochange',
  'near',
  'directory',
  'sibling',
  'kind',
  'size',
  'cyclomatic',
  'cognitive',
  'pageRank',
  'importedBy',
  'test',
  'document',
  'manifest',
  'config',
  'lock',
  'untouchable',
  'rate',
  'words',
  'wordsCochange',
  'wordsNear',
] as const

/** The name of a feature. */
export type Feature = (typeof FEATURES)[number]

/** What a person or an agent is at: weights by path, 0 … 1. */
export type Seeds = ReadonlyMap<string, number>

/** What features are to be made of besides tree and history. */
export interface FeatureOptions {
  /** Come before the files of the last commits. */
  readonly seeds?: Seeds
  /** BM25 of a text of the task for each file. */
  readonly words?: ArrayLike<number>
  /** The files to make rows for; all without. */
  readonly places?: ArrayLike<number>
}

/** Steps of the walk from the seeds: farther than that an import says nothing. */
const WALK_ROUNDS = 3

/**
 * The features of every file of a tree, rows by file, columns by FEATURES, each 0 … 1, from what `past` was told and no more:
 * - `recency` 1 − log(1 + n) / log(1 + commits known), n commits ago; `newness` the same of the commit that created it
 * - `churnFast`, `churnMid`, `churnSlow` x / (1 + x) of decayed touches, half-lives 8, 40, 250 commits; `churnAll` and `authors` logarithms beside
 *   the largest; `rate` touches per 20 commits of its life, x / (1 + x)
 * - `cochange` how often it was changed with the seeds: 1 − exp(−Σ weight · together / (commits of the seed + 2))
 * - `near` personalised PageRank from the seeds over imports both ways, n·r / (1 + n·r) for n files
 * - `directory`, `sibling` (same name without endings), `kind` (same extension): decayed touches per file of the group, x / (1 + x)
 * - `size`, `cyclomatic`, `cognitive`, `pageRank`: percentiles; `importedBy`: x / (2 + x)
 * - the natures: 1 when it is that; `untouchable` for generated, minified, vendored, binary and data
 * - `words`, `wordsCochange`, `wordsNear`: how well its words fit the task's beside the best file, and as above with the best files as seeds
 * Seeds are the files of the last commits and, before them, what is given.
 */
export function featureMatrix(
  tree: TreeSignals,
  past: Past,
  { seeds = new Map(), words, places }: FeatureOptions = {},
): Float32Array {
  const { files } = tree
  const n = files.length
  const rows = places?.length ?? n
  const matrix = new Float32Array(rows * WIDTH)
  const weights = seedWeights(past, seeds)
  const together = cochange(past, weights)
  const near = walk(tree, weights)
  const task = taskSeeds(tree, words)
  const taskTogether = cochange(past, task)
  const taskNear = walk(tree, task)
  const mostWords = largest(words)
  const rates = tree.groups.map(({ key, size }) => squash(past.group(key) / size))
  const logKnown = Math.log1p(past.length)
  const logTotal = Math.log1p(past.most.total) || 1
  const logAuthors = Math.log1p(past.most.authors) || 1
  const since = (commit: number): number =>
    commit < 0 ? 0 : 1 - Math.log1p(past.length - 1 - commit) / logKnown

  for (let r = 0; r < rows; r += 1) {
    const i = places?.[r] ?? r
    const at = r * WIDTH
    const file = files[i]!
    const key = file.key ?? file.path
    const known = past.file(key)
    const put = (feature: Feature, value: number): void => {
      matrix[at + COLUMN[feature]] = value
    }
    if (known !== undefined) {
      put('recency', since(known.lastCommit))
      put('churnFast', squash(touchesAt(known, 0, past.length)))
      put('churnMid', squash(touchesAt(known, 1, past.length)))
      put('churnSlow', squash(touchesAt(known, 2, past.length)))
      put('churnAll', Math.log1p(known.total) / logTotal)
      put('rate', squash((20 * known.total) / (past.length - Math.max(0, known.created) + 10)))
      put('authors', Math.log1p(known.authors.size) / logAuthors)
      put('newness', since(known.created))
    }
    put('cochange', 1 - Math.exp(-(together.get(key) ?? 0)))
    put('near', squash(n * near[i]!))
    put('directory', rates[tree.groupsOfFile[GROUPS_EACH * i]!]!)
    put('sibling', rates[tree.groupsOfFile[GROUPS_EACH * i + 1]!]!)
    put('kind', rates[tree.groupsOfFile[GROUPS_EACH * i + 2]!]!)
    put('size', tree.sizeRank[i]!)
    put('cyclomatic', tree.cyclomaticRank[i]!)
    put('cognitive', tree.cognitiveRank[i]!)
    put('pageRank', tree.pageRank[i]!)
    put('importedBy', tree.importedBy[i]! / (2 + tree.importedBy[i]!))
    const nature = NATURE_FEATURES[file.nature]
    if (nature !== undefined) put(nature, 1)
    if (mostWords > 0) {
      put('words', words![i]! / mostWords)
      put('wordsCochange', 1 - Math.exp(-(taskTogether.get(key) ?? 0)))
      put('wordsNear', squash(n * taskNear[i]!))
    }
  }
  return matrix
}

const WIDTH = FEATURES.length
const COLUMN = Object.fromEntries(FEATURES.map((feature, c) => [feature, c])) as Readonly<
  Record<Feature, number>
>

/** Sources and types are what the others are measured against. */
const NATURE_FEATURES: Readonly<Partial<Record<Nature, Feature>>> = {
  test: 'test',
  document: 'document',
  manifest: 'manifest',
  config: 'config',
  lock: 'lock',
  data: 'untouchable',
  generated: 'untouchable',
  minified: 'untouchable',
  vendored: 'untouchable',
  binary: 'untouchable',
}

function squash(x: number): number {
  return x / (1 + x)
}

function largest(values: ArrayLike<number> | undefined): number {
  let most = 0
  for (let i = 0; i < (values?.length ?? 0); i += 1) most = Math.max(most, values![i]!)
  return most
}

/** What is given counts in full; where anything is, the commits before it are one step older. */
function seedWeights(past: Past, seeds: Seeds): ReadonlyMap<string, number> {
  const given = [...seeds].filter(([, weight]) => weight > 0)
  const weights = new Map(past.recent())
  if (given.length > 0) for (const [path, weight] of weights) weights.set(path, weight / 2)
  for (const [path, weight] of given) weights.set(path, Math.max(weight, weights.get(path) ?? 0))
  return weights
}

/** The files that a text speaks of most. */
const TASK_FILES = 8

function taskSeeds(tree: TreeSignals, words: ArrayLike<number> | undefined): ReadonlyMap<string, number> {
  if (words === undefined) return new Map()
  const best = [...tree.files.keys()].sort((a, b) => words[b]! - words[a]! || a - b).slice(0, TASK_FILES)
  const most = words[best[0]!]!
  return new Map(
    best
      .filter((i) => words[i]! > 0)
      .map((i) => [tree.files[i]!.key ?? tree.files[i]!.path, (words[i]! / most) ** 2]),
  )
}

function cochange(past: Past, weights: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const sums = new Map<string, number>()
  for (const [seed, weight] of weights) {
    const file = past.file(seed)
    if (file === undefined) continue
    for (const [other, times] of file.partners)
      sums.set(other, (sums.get(other) ?? 0) + (weight * times) / (file.together + 2))
  }
  return sums
}

function walk(tree: TreeSignals, weights: ReadonlyMap<string, number>): Float64Array {
  const start = new Float64Array(tree.files.length)
  let any = false
  for (const [key, weight] of weights) {
    const place = tree.placeOf.get(key)
    if (place === undefined) continue
    start[place] = weight
    any = true
  }
  return any ? pageRank(tree.around, start, WALK_ROUNDS) : start
}
