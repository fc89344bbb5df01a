import { directoryOf, nameOf } from '../graph/source-file.ts'
import type { Commit } from '../history/history.ts'

/** Half-lives of the memory of touches, in commits: the task at hand, the weeks around it, the long run. */
export const HALF_LIVES = [8, 40, 250] as const
/** A commit of more files than this (a formatter, a licence year) counts for less, in proportion, and says nothing of what belongs together. */
export const BULK_FILES = 30
/** Half-life for directories, names and kinds, which are touched more often than files. */
const GROUP_HALF_LIFE = 30
/** How many commits back still are "just now", and how much each counts beside the one after it. */
const RECENT_COMMITS = 6
const RECENT_DECAY = 0.75
/** Pairs are kept for so many files at most of each file, the ones changed together most. */
const MAX_PARTNERS = 400

/** Sum of touches in which one made n commits ago counts 2^(−n / half-life). */
interface Decayed {
  value: number
  at: number
}

/** What is remembered of a file. */
export interface FilePast {
  /** Decayed touches, one for each of HALF_LIVES. */
  readonly touches: readonly Decayed[]
  total: number
  lastCommit: number
  lastAt: number
  /** Commit that created it; −1 when that was before the first one known. */
  created: number
  readonly authors: Set<string>
  readonly partners: Map<string, number>
  /** Commits that count in partners. */
  together: number
}

/** Memory of commits as they come, oldest first. It holds nothing of any commit that it was not told: no feature can see the future. */
export interface Past {
  /** How many commits it was told. */
  readonly length: number
  tell(commit: Commit): void
  /** By its name at the end of the history. */
  file(path: string): FilePast | undefined
  /** Decayed touches of a group of files as of now; see groupsOf. */
  group(key: string): number
  /** The largest `total` and number of authors of any file. */
  readonly most: { readonly total: number; readonly authors: number }
  /** Files of the last commits with their weights, 1 for the newest. */
  recent(): ReadonlyMap<string, number>
}

/** Starts to remember. */
export function newPast(): Past {
  const files = new Map<string, FilePast>()
  const groups = new Map<string, Decayed>()
  const recent: (readonly string[])[] = []
  const most = { total: 0, authors: 0 }
  let length = 0

  const tell = (commit: Commit): void => {
    const weight = Math.min(1, BULK_FILES / Math.max(1, commit.files.length))
    const touched = commit.files.filter(({ change }) => change !== 'deleted')
    for (const { path, pathThen, change } of touched) {
      const file = files.get(path) ?? newFile()
      files.set(path, file)
      for (const [i, decayed] of file.touches.entries()) add(decayed, weight, length, HALF_LIVES[i]!)
      file.total += weight
      file.lastCommit = length
      file.lastAt = Math.max(file.lastAt, commit.at)
      if (change === 'created') file.created = length
      file.authors.add(commit.author)
      most.total = Math.max(most.total, file.total)
      most.authors = Math.max(most.authors, file.authors.size)
      for (const key of groupsOf(pathThen)) {
        const group = groups.get(key) ?? { value: 0, at: length }
        groups.set(key, group)
        add(group, weight, length, GROUP_HALF_LIFE)
      }
    }
    if (touched.length <= BULK_FILES) pair(touched.map(({ path }) => path))
    if (touched.length > 0 && touched.length <= BULK_FILES) recent.unshift(touched.map(({ path }) => path))
    if (recent.length > RECENT_COMMITS) recent.pop()
    length += 1
  }

  const pair = (paths: readonly string[]): void => {
    for (const path of paths) {
      const file = files.get(path)!
      file.together += 1
      for (const other of paths) {
        const known = file.partners.get(other)
        if (other !== path && (known !== undefined || file.partners.size < MAX_PARTNERS))
          file.partners.set(other, (known ?? 0) + 1)
      }
    }
  }

  return {
    get length() {
      return length
    },
    tell,
    most,
    file: (path) => files.get(path),
    group: (key) => valueAt(groups.get(key), length, GROUP_HALF_LIFE),
    recent() {
      const weights = new Map<string, number>()
      for (const [age, paths] of recent.entries())
        for (const path of paths) if (!weights.has(path)) weights.set(path, RECENT_DECAY ** age)
      return weights
    },
  }
}

/** Groups that a file belongs to: its directory, its name without endings (a file and its test), its extension. */
export function groupsOf(path: string): readonly string[] {
  return [`d:${directoryOf(path)}`, `s:${stemOf(path)}`, `x:${extensionOf(path)}`]
}

/** `a/test_session.py`, `b/session.test.ts` and `session_test.go` are all `session`. */
function stemOf(path: string): string {
  const [stem] = nameOf(path).toLowerCase().replace(/^\.+/, '').split('.')
  return stem!.replace(/^tests?[_-]|[_-]?(tests?|spec|impl)$/g, '') || stem!
}

function extensionOf(path: string): string {
  const name = nameOf(path)
  return /\.(?:test|spec|d)\.\w+$|\.\w+$|_test\.\w+$/.exec(name)?.[0] ?? name
}

/** Its sum at a commit. */
export function touchesAt(file: FilePast | undefined, i: number, commit: number): number {
  return valueAt(file?.touches[i], commit, HALF_LIVES[i]!)
}

function newFile(): FilePast {
  return {
    touches: HALF_LIVES.map(() => ({ value: 0, at: 0 })),
    total: 0,
    lastCommit: -1,
    lastAt: 0,
    created: -1,
    authors: new Set(),
    partners: new Map(),
    together: 0,
  }
}

function add(decayed: Decayed, weight: number, commit: number, halfLife: number): void {
  decayed.value = valueAt(decayed, commit, halfLife) + weight
  decayed.at = commit
}

function valueAt(decayed: Decayed | undefined, commit: number, halfLife: number): number {
  return decayed === undefined ? 0 : decayed.value * 2 ** ((decayed.at - commit) / halfLife)
}
