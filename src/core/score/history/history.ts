/** One file that a commit touched. */
export interface FileChange {
  /** What the file is called at the end of the history, below the directory that was asked about, with `/`. */
  readonly path: string
  /** What the commit left it as. */
  readonly pathThen: string
  readonly change: 'created' | 'edited' | 'renamed' | 'deleted'
  /** Git's name of the content that the commit left; undefined for what is no regular file after it. */
  readonly blob?: string
}

/** One commit on the way of first parents: of a merge, all that it brought in, once. */
export interface Commit {
  readonly id: string
  /** Seconds since 1970 that the author gave. */
  readonly at: number
  /** Of the author's address: enough to count people, not to name them. */
  readonly author: string
  readonly message: string
  /** Without submodules. Empty for a commit that touched nothing below the directory. */
  readonly files: readonly FileChange[]
}

/** Why there is no history, or less than asked for. */
export interface HistoryGap {
  readonly why: 'git_absent' | 'no_repository' | 'not_trusted' | 'no_commits' | 'failed' | 'time'
  /** One sentence for the user. */
  readonly message: string
}

/** What git remembers of a directory. */
export interface History {
  /** Oldest first. */
  readonly commits: readonly Commit[]
  /** Renames, oldest first: before commits[commit] the file `to` was called `from`. */
  readonly renames: readonly Rename[]
  readonly gap?: HistoryGap
}

/** A file that a commit moved, by its names then. */
export interface Rename {
  readonly commit: number
  readonly from: string
  readonly to: string
}

/** A history of nothing. */
export const NO_HISTORY: History = { commits: [], renames: [] }

/**
 * For the names that files had before commits[index], what they are called at the end of the history; a name that is not in the map has stayed.
 * With index = commits.length the map is empty.
 */
export function laterNames(history: History, index: number): ReadonlyMap<string, string> {
  const later = new Map<string, string>()
  for (let i = history.renames.length - 1; i >= 0 && history.renames[i]!.commit >= index; i--) {
    const { from, to } = history.renames[i]!
    const now = later.get(to) ?? to
    later.delete(to)
    later.set(from, now)
  }
  return later
}
