import { seededRandom } from '../../bench/statistics.ts'
import type { Commit } from '../history/history.ts'
import type { Nature } from '../ranked.ts'
import { FEATURES, featureMatrix } from './features.ts'
import type { Examples } from './logistic.ts'
import { BULK_FILES, newPast } from './past.ts'
import type { TreeSignals } from './tree-signals.ts'

/** Files beside those edited that one commit is learned from, and about how many it is judged by: budgets are shares, so a part will do. */
const NEGATIVES = 40
const JUDGED_OTHERS = 1_000

/** One commit to learn from or to be judged by. */
export interface Moment {
  /** Places in the tree of the files that it is about, all there before the commit. */
  readonly places: readonly number[]
  /** Features by row, one for each of places. */
  readonly matrix: Float32Array
  /** Rows of the files that the commit edited; never empty. */
  readonly edited: readonly number[]
}

/** Natures that rankings are judged by: what people write and read. Of the rest it is known without a history that it is seldom needed. */
export const JUDGED: ReadonlySet<Nature> = new Set([
  'source',
  'test',
  'types',
  'manifest',
  'config',
  'document',
])

/** Whether a commit says anything of what is needed next: not nothing, not everything. */
export function isTelling(commit: Commit): boolean {
  return commit.files.length > 0 && commit.files.length <= BULK_FILES
}

/**
 * Moments of commits from the tree as it is at their end: files that a later commit of the range creates are left out before it. What the tree
 * says of a file (size, imports) is that of the end also for earlier commits, which makes a fit a little too fond of them. The oldest `sampled`
 * share has rows for the edited and for some of the other files, drawn at random; the rest has rows for all, or for
 * every second, third, … where there are thousands.
 */
export function momentsOf(
  tree: TreeSignals,
  commits: readonly Commit[],
  { from, most, sampled }: { readonly from: number; readonly most: number; readonly sampled: number },
): readonly Moment[] {
  const bornAt = new Map<string, number>()
  for (const [i, commit] of commits.entries())
    for (const { path, change } of commit.files) if (change === 'created') bornAt.set(path, i)
  const born = tree.files.map((file) => bornAt.get(file.key ?? file.path) ?? -1)
  const editedBy = (i: number): readonly number[] => {
    const places = commits[i]!.files.map(({ path }) => tree.placeOf.get(path))
    return [...new Set(places)].filter((place): place is number => place !== undefined && born[place]! < i)
  }
  const telling = [...commits.keys()].filter(
    (i) => i >= from && isTelling(commits[i]!) && editedBy(i).length > 0,
  )
  // Evenly spread: the newest alone would be one task's.
  const count = Math.min(most, telling.length)
  const chosen = new Set(
    Array.from({ length: count }, (_, k) => telling[Math.floor((k * telling.length) / count)]!),
  )
  const random = seededRandom(1)
  const past = newPast()
  const moments: Moment[] = []
  for (const [i, commit] of commits.entries()) {
    if (chosen.has(i)) {
      const edited = editedBy(i)
      const others = without(born, edited, i)
      const few = moments.length < Math.floor(sampled * count) ? drawn(others, random) : everyNth(others)
      const places = [...edited, ...few]
      moments.push({ places, matrix: featureMatrix(tree, past, { places }), edited: [...edited.keys()] })
    }
    past.tell(commit)
  }
  return moments
}

/** Places of files that were there before a commit and were not edited by it. */
function without(born: readonly number[], edited: readonly number[], commit: number): readonly number[] {
  const isEdited = new Set(edited)
  return [...born.keys()].filter((place) => born[place]! < commit && !isEdited.has(place))
}

function everyNth(places: readonly number[]): readonly number[] {
  const step = Math.ceil(places.length / JUDGED_OTHERS)
  return step <= 1 ? places : places.filter((_, i) => i % step === 0)
}

function drawn(places: readonly number[], random: () => number): readonly number[] {
  if (places.length <= NEGATIVES) return places
  return Array.from({ length: NEGATIVES }, () => places[Math.floor(random() * places.length)]!)
}

/** Edited files against some of the others; both sides of a commit weigh 1, so that large commits do not outvote small ones. */
export function examplesOf(moments: readonly Moment[]): Examples {
  const random = seededRandom(2)
  const width = FEATURES.length
  const rows: Float32Array[] = []
  const y: number[] = []
  const weight: number[] = []
  for (const { matrix, places, edited } of moments) {
    const isEdited = new Set(edited)
    const others = drawn(
      [...places.keys()].filter((row) => !isEdited.has(row)),
      random,
    )
    for (const [label, side] of [
      [1, edited],
      [0, others],
    ] as const)
      for (const row of side) {
        rows.push(matrix.subarray(row * width, (row + 1) * width))
        y.push(label)
        weight.push(1 / side.length)
      }
  }
  const x = new Float32Array(rows.length * width)
  for (const [r, row] of rows.entries()) x.set(row, r * width)
  return { width, x, y: Uint8Array.from(y), weight: Float64Array.from(weight) }
}

/** The log odds of every row of a matrix, up to a constant. */
export function logOddsOf(matrix: Float32Array, weights: ArrayLike<number>): Float64Array {
  const width = FEATURES.length
  return Float64Array.from({ length: matrix.length / width }, (_, i) => {
    let z = 0
    for (let c = 0; c < width; c += 1) z += matrix[i * width + c]! * weights[c]!
    return z
  })
}
