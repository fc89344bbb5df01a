import type { OxcResolve } from '../graph/oxc.ts'
import type { History } from '../history/history.ts'
import { FEATURES, featureMatrix, type Seeds } from './features.ts'
import { fitWeights } from './fit.ts'
import { sigmoid } from './logistic.ts'
import { newPast } from './past.ts'
import { logOddsOf } from './train.ts'
import { type TreeFile, treeSignals } from './tree-signals.ts'
import { SEED_LOG_ODDS, taskVector, type Weights, weightVector } from './weights.ts'

/** What a ranking is made from. */
export interface RankRequest {
  readonly files: readonly TreeFile[]
  readonly history: History
  /** Weights from an earlier ranking of this repository; fitted anew without. */
  readonly weights?: Weights
  /** What the task is about, each 0 … 1 by path. */
  readonly seeds?: {
    /** Named by the user: `--focus`. */
    readonly focus?: Seeds
    /** Changed in the work tree; see changedInWorkTree. */
    readonly changed?: Seeds
    /** Read by agents of late. */
    readonly read?: Seeds
  }
  /** BM25 of a text of the task for each file, in their order; see core/bm25.ts. */
  readonly words?: ArrayLike<number>
  /** Text of a manifest, or undefined. */
  readonly read?: (path: string) => string | undefined
  readonly oxc?: OxcResolve | undefined
}

/** One file's place in a ranking. */
export interface Importance {
  /** Below the repository's root, with `/`. */
  readonly path: string
  /**
   * 0 … 1: how likely it is, beside the other files of the repository, to be needed next; one that is better than nine of ten others has 0.5.
   * Odds, p / (1 − p), tell how many times likelier one file is than another.
   */
  readonly importance: number
  /** What the importance was made of, each 0 … 1: features that are not 0, and `focus`, `changed` and `read`. */
  readonly because: Readonly<Record<string, number>>
  /** Files that import it. */
  readonly importedBy: number
  /** Its types are imported by visible files. */
  readonly typesImported: boolean
  /** Seconds since 1970 of its last commit; 0 when it has none. */
  readonly lastCommitAt: number
  /** How many commits ago it was last touched; Infinity when not within those that were read. */
  readonly commitsAgo: number
}

/** A ranking and the weights it used, to be stored for the next. */
export interface RankedTree {
  /** In the order of the request's files. */
  readonly files: readonly Importance[]
  readonly weights: Weights
}

/** The share of files below 0.5. */
const MIDDLE = 0.9

/** Ranks the files of a repository by how likely each is to be needed next. Pure: the same request gives the same ranking. */
export function rankTree(request: RankRequest): RankedTree {
  const { files, history, seeds = {} } = request
  const tree = treeSignals(files, { read: request.read ?? (() => undefined), oxc: request.oxc })
  const weights = request.weights ?? fitWeights(tree, history.commits)
  const past = newPast()
  for (const commit of history.commits) past.tell(commit)
  const matrix = featureMatrix(tree, past, {
    seeds: strongest([seeds.focus, seeds.changed, seeds.read]),
    ...(request.words === undefined ? {} : { words: request.words }),
  })
  const vector = request.words === undefined ? weightVector : taskVector
  const logOdds = logOddsOf(matrix, vector(weights.values))
  const given = [
    ['focus', seeds.focus],
    ['changed', seeds.changed],
    ['read', seeds.read],
  ] as const
  for (const [i, { path }] of files.entries())
    for (const [name, map] of given) logOdds[i]! += SEED_LOG_ODDS[name] * clamp(map?.get(path))

  const middle =
    logOdds.length === 0 ? 0 : Float64Array.from(logOdds).sort()[Math.floor(MIDDLE * (logOdds.length - 1))]!
  return {
    weights,
    files: files.map((file, i) => {
      const known = past.file(file.path)
      const features = FEATURES.map((name, c) => [name, matrix[i * FEATURES.length + c]!] as const)
      const seeded = given.map(([name, map]) => [name, clamp(map?.get(file.path))] as const)
      return {
        path: file.path,
        importance: sigmoid(logOdds[i]! - middle),
        because: Object.fromEntries(
          [...features, ...seeded]
            .filter(([, value]) => value > 0)
            .map(([name, value]) => [name, round(value)]),
        ),
        importedBy: tree.importedBy[i]!,
        typesImported: tree.typesImported[i]!,
        lastCommitAt: known?.lastAt ?? 0,
        commitsAgo: known === undefined ? Infinity : past.length - 1 - known.lastCommit,
      }
    }),
  }
}

function strongest(maps: readonly (Seeds | undefined)[]): Seeds {
  const seeds = new Map<string, number>()
  for (const map of maps)
    for (const [path, weight] of map ?? []) seeds.set(path, Math.max(clamp(weight), seeds.get(path) ?? 0))
  return seeds
}

function clamp(weight: number | undefined): number {
  return weight !== undefined && weight > 0 ? Math.min(1, weight) : 0
}

/** A thousandth is more than anyone reads. */
function round(value: number): number {
  return Math.round(value * 1000) / 1000
}
