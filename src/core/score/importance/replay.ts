import type { Bag } from '../../bm25.ts'
import { bagOf } from '../../bm25.ts'
import { type Edge, importEdges } from '../graph/edges.ts'
import type { GitPlace } from '../history/git.ts'
import { type Commit, type History, laterNames, type Rename } from '../history/history.ts'
import { advanceTree, readBlobs, treeAt } from '../history/tree.ts'
import { newPast, type Past } from './past.ts'
import { isTelling } from './train.ts'
import { type TreeFile, type TreeSignals, treeSignals } from './tree-signals.ts'

/** Says of a file all but its names; undefined for what is not ranked (binaries). Asked once for each path and content. */
export type Analyse = (
  path: string,
  content: Buffer,
) => Promise<Omit<TreeFile, 'path' | 'key'> | undefined> | Omit<TreeFile, 'path' | 'key'> | undefined

/** The repository just before a commit. */
export interface Before {
  readonly commit: Commit
  /** Of the commit in the history. */
  readonly index: number
  readonly tree: TreeSignals
  readonly past: Past
  /** Words of each file, its path included, by its place in the tree. */
  readonly bags: () => readonly Bag[]
}

/** The tree is looked at in steps of so many commits: contents are read for a step at once, and imports resolved at its start, as they change slowly. */
const STEP = 20
const MANIFEST = /(^|\/)(package\.json|go\.mod|Cargo\.toml)$/
/** Larger files are no source of anybody. */
const MAX_FILE_BYTES = 1 << 20

interface Known {
  readonly file: Omit<TreeFile, 'path' | 'key'> | undefined
  readonly bag: Bag
  /** Of manifests. */
  readonly text: string | undefined
}

/**
 * Goes through the commits from `from` on and shows the repository as it was before each that tells something: its tree from git, its history told
 * up to there. Nothing of the commit or of what came later is in it, but the commit itself, and names, by which files are told apart.
 */
export async function* replay(
  place: GitPlace,
  history: History,
  { from, analyse }: { readonly from: number; readonly analyse: Analyse },
): AsyncGenerator<Before> {
  const { commits } = history
  const first = Math.max(1, from)
  if (first >= commits.length) return
  const past = newPast()
  for (const commit of commits.slice(0, first)) past.tell(commit)
  const tree = await treeAt(place, commits[first - 1]!.id)
  const renames = renamesByCommit(history)
  let known: ReadonlyMap<string, Known> = new Map()
  let edges: readonly Edge[] = []

  for (let index = first; index < commits.length; index += 1) {
    const commit = commits[index]!
    const starts = (index - first) % STEP === 0
    if (starts)
      known = await knownOf(place, namedIn(tree, commits.slice(index, index + STEP)), known, analyse)
    if (starts || isTelling(commit)) {
      const later = laterNames(history, index)
      const files: TreeFile[] = []
      const bags: Bag[] = []
      for (const [path, blob] of tree) {
        const found = known.get(keyOf(path, blob))
        if (found?.file === undefined) continue
        files.push({ path, key: later.get(path) ?? path, ...found.file })
        bags.push(found.bag)
      }
      if (starts)
        edges = importEdges(files, { read: (path) => known.get(keyOf(path, tree.get(path) ?? ''))?.text })
      if (isTelling(commit))
        yield { commit, index, past, tree: treeSignals(files, { edges }), bags: () => bags }
    }
    past.tell(commit)
    advanceTree(tree, commit, renames.get(index) ?? [])
  }
}

function renamesByCommit(history: History): ReadonlyMap<number, readonly Rename[]> {
  const by = new Map<number, Rename[]>()
  for (const rename of history.renames) by.set(rename.commit, [...(by.get(rename.commit) ?? []), rename])
  return by
}

function keyOf(path: string, blob: string): string {
  return `${blob} ${path}`
}

/** Paths and contents of the tree and of what commits make of it. */
function namedIn(
  tree: ReadonlyMap<string, string>,
  commits: readonly Commit[],
): readonly (readonly [string, string])[] {
  const made = commits.flatMap(({ files }) =>
    files.flatMap(({ pathThen, blob }) => (blob === undefined ? [] : [[pathThen, blob] as const])),
  )
  return [...tree, ...made]
}

/** What is known of these files and of no others, so that memory is that of one tree. */
async function knownOf(
  place: GitPlace,
  named: readonly (readonly [string, string])[],
  before: ReadonlyMap<string, Known>,
  analyse: Analyse,
): Promise<ReadonlyMap<string, Known>> {
  const known = new Map<string, Known>()
  const wanted = new Map<string, Set<string>>()
  for (const [path, blob] of named) {
    const found = before.get(keyOf(path, blob))
    if (found !== undefined) known.set(keyOf(path, blob), found)
    else wanted.set(blob, (wanted.get(blob) ?? new Set()).add(path))
  }
  const read: (readonly [string, string, Buffer])[] = []
  await readBlobs(place, new Set(wanted.keys()), MAX_FILE_BYTES, (blob, content) => {
    for (const path of wanted.get(blob) ?? []) read.push([path, blob, content])
  })
  const files = await Promise.all(read.map(([path, , content]) => analyse(path, content)))
  for (const [i, [path, blob, content]] of read.entries()) {
    const file = files[i]
    const text = file === undefined ? '' : content.toString()
    known.set(keyOf(path, blob), {
      file,
      bag: bagOf(`${path}\n${text}`),
      text: MANIFEST.test(path) ? text : undefined,
    })
  }
  return known
}
