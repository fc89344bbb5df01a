import { type Edge, importEdges } from '../graph/edges.ts'
import type { OxcResolve } from '../graph/oxc.ts'
import { type Graph, graphOf, pageRank } from '../graph/pagerank.ts'
import type { SourceFile } from '../graph/source-file.ts'
import type { Nature } from '../ranked.ts'
import { groupsOf } from './past.ts'

/** One file of a tree as the ranking needs it. */
export interface TreeFile extends SourceFile {
  /** Its name at the end of the history, when the tree is of an earlier commit; else its path. */
  readonly key?: string
  readonly nature: Nature
  readonly tokens: number
  readonly cyclomatic: number
  readonly cognitive: number
}

/** What a tree says of its files without their history; arrays are by the place of the file in `files`. */
export interface TreeSignals {
  readonly files: readonly TreeFile[]
  /** By key. */
  readonly placeOf: ReadonlyMap<string, number>
  readonly sizeRank: Float64Array
  readonly cyclomaticRank: Float64Array
  readonly cognitiveRank: Float64Array
  /** Percentile of the global PageRank. */
  readonly pageRank: Float64Array
  /** Files that import it. */
  readonly importedBy: Int32Array
  readonly typesImported: readonly boolean[]
  /** Imports in both directions, for walks from seeds. */
  readonly around: Graph
  /** What groupsOf says, each group once, with the number of its files. */
  readonly groups: readonly { readonly key: string; readonly size: number }[]
  /** Places of a file's groups in `groups`, GROUPS_EACH by file. */
  readonly groupsOfFile: Int32Array
}

/** Who imports is near to what is imported, and a change spreads both ways, though more often to what is imported. */
const BACKWARDS = 0.7

/** Signals of a tree. Edges may be handed in when an earlier tree's will do; ends that are not in this tree are left out. */
export function treeSignals(
  files: readonly TreeFile[],
  given: {
    edges?: readonly Edge[]
    read?: (path: string) => string | undefined
    oxc?: OxcResolve | undefined
  } = {},
): TreeSignals {
  const edges = given.edges ?? importEdges(files, { read: given.read ?? (() => undefined), oxc: given.oxc })
  const placeOf = new Map(files.map(({ path }, i) => [path, i]))
  const importedBy = new Int32Array(files.length)
  const typesImported = files.map(() => false)
  const placed = edges.flatMap(({ from: a, to: b, weight, typeOnly }) => {
    const from = placeOf.get(a)
    const to = placeOf.get(b)
    if (from === undefined || to === undefined) return []
    importedBy[to]! += 1
    if (typeOnly || files[to]!.nature === 'types') typesImported[to] = true
    return [{ from, to, weight }]
  })
  const back = placed.map(({ from, to, weight }) => ({ from: to, to: from, weight: weight * BACKWARDS }))
  return {
    files,
    placeOf: new Map(files.map(({ key, path }, i) => [key ?? path, i])),
    sizeRank: percentiles(files.map((file) => file.tokens)),
    cyclomaticRank: percentiles(files.map((file) => file.cyclomatic)),
    cognitiveRank: percentiles(files.map((file) => file.cognitive)),
    pageRank: percentiles(pageRank(graphOf(files.length, placed))),
    importedBy,
    typesImported,
    around: graphOf(files.length, [...placed, ...back]),
    ...groupsIn(files),
  }
}

/** How many groups groupsOf names. */
export const GROUPS_EACH = 3

function groupsIn(files: readonly TreeFile[]): Pick<TreeSignals, 'groups' | 'groupsOfFile'> {
  const places = new Map<string, number>()
  const groups: { key: string; size: number }[] = []
  const groupsOfFile = new Int32Array(files.length * GROUPS_EACH)
  for (const [i, file] of files.entries())
    for (const [g, key] of groupsOf(file.path).entries()) {
      const place = places.get(key) ?? groups.push({ key, size: 0 }) - 1
      places.set(key, place)
      groups[place]!.size += 1
      groupsOfFile[i * GROUPS_EACH + g] = place
    }
  return { groups, groupsOfFile }
}

/** For each value the share of the others that is smaller, equal ones counting half; 0.5 when all are the same. */
export function percentiles(values: ArrayLike<number>): Float64Array {
  const n = values.length
  const order = Uint32Array.from({ length: n }, (_, i) => i).sort((a, b) => values[a]! - values[b]!)
  const ranks = new Float64Array(n)
  for (let start = 0; start < n; ) {
    let end = start + 1
    while (end < n && values[order[end]!] === values[order[start]!]) end += 1
    const rank = n === 1 ? 0.5 : (start + end - 1) / 2 / (n - 1)
    for (let i = start; i < end; i += 1) ranks[order[i]!] = rank
    start = end
  }
  return ranks
}
