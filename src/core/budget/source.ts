import type { Analyzer, ParsedFile } from '../score/analysis.ts'
import type { RankedFile } from '../score/ranked.ts'

/** How a repository is ranked; an option that is left out has the ranking's own default. */
export interface RankOptions {
  /** Paths that stand for the task at hand. */
  readonly focus?: readonly string[]
  readonly signal?: AbortSignal
}

/** The files of a repository, each with its worth. */
export interface Ranking {
  readonly files: readonly RankedFile[]
  /** Directory that the paths are below; the one that was asked about where it is not said. */
  readonly root?: string
  /** How tokens were counted, and how far that may be off. */
  readonly tokensBy?: string
}

/** Ranks the files of the repository that a path lies in; what budgets are made of. */
export type RankRepository = (path: string, options: RankOptions) => Promise<Ranking>

/** The parser for a path; undefined where none reads it. Loads it on the first call, which may take a tenth of a second. */
export type AnalyzerFor = (path: string) => Promise<Analyzer | undefined>

/** Reads a text by the module `parsers`, which exports an AnalyzerFor; undefined where that fails, whatever the reason. Never rejects. */
export type Parse = (parsers: string, path: string, text: string) => Promise<ParsedFile | undefined>
