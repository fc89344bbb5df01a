import type { FunctionScore } from './analysis.ts'
import type { Importance } from './importance/rank.ts'

/** What a file is to the people who work on the repository; decided by name, place and content in score/nature.ts. */
export type Nature =
  | 'source'
  | 'test'
  /** Declares types for others: .d.ts, .pyi, headers, .proto, GraphQL schemas. */
  | 'types'
  /** package.json, pyproject.toml, go.mod, Cargo.toml, pom.xml, CMakeLists.txt, … */
  | 'manifest'
  /** Compiler, linter, CI and editor settings, dotfiles at the top. */
  | 'config'
  | 'lock'
  | 'document'
  | 'data'
  | 'generated'
  | 'minified'
  | 'vendored'
  | 'binary'

/** One file of a repository and all that is known of its worth. */
export interface RankedFile extends Importance {
  readonly nature: Nature
  /** `typescript`, `python`, …; `text` or `binary` where no parser reads it. */
  readonly language: string
  readonly bytes: number
  readonly lines: number
  /** Estimate for the whole file; 0 for binaries. */
  readonly tokens: number
  readonly cyclomatic: number
  readonly cognitive: number
  readonly functions: readonly FunctionScore[]
  /** Why it is scored by its lines and tokens alone, where it is. */
  readonly fallback?: string
}
