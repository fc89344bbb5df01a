import type { RankedFile } from '../score/ranked.ts'

/** The files that one commit touched, below the repository's root, with `/`. */
export interface TouchedFiles {
  readonly files: readonly string[]
}

/** What is known of a repository: every file with its worth, and its commits, newest first. */
export interface Ranking {
  readonly files: readonly RankedFile[]
  readonly commits: readonly TouchedFiles[]
  /** Files that the last sessions of all clients used, newest first, where they are recorded. */
  readonly recent?: { readonly sessions: readonly (readonly string[])[] }
}

/** Ranks the files of a repository. A parameter of everything here, so that planning is pure and tests rank by hand. */
export type RankRepository = (path: string, options: RankOptions) => Promise<Ranking>

/** What a ranking may be asked for. */
export interface RankOptions {
  /** How many commits of history to give, at most. */
  readonly commits: number
  readonly signal?: AbortSignal | undefined
}
