import type { ParsedFile } from './analysis.ts'
import type { Nature } from './ranked.ts'

/** What a syntax tree says besides its sums; the outline is made when it is asked for. */
export type TreeFacts = Omit<ParsedFile, 'outline' | 'cyclomatic' | 'cognitive'>

/** What is known of a file from its content alone; the same bytes at the same path give the same facts. */
export interface FileFacts {
  /** SHA-256 of the bytes, first 32 hex digits. */
  readonly hash: string
  readonly language: string
  readonly nature: Nature
  readonly bytes: number
  readonly lines: number
  /** By the tokenizer's table, before calibration; 0 for binaries. */
  readonly tokens: number
  /** Sum over functions, and of the decisions outside of any; 0 without a tree. */
  readonly cyclomatic: number
  readonly cognitive: number
  /** Absent where no syntax tree was made; `fallback` says why. */
  readonly tree?: TreeFacts
  /** Why the file is scored by its lines and tokens alone. */
  readonly fallback?: string
  /** Its parser could not be had: it may be the next time, so this is not remembered. */
  readonly unloaded?: true
  /** It could not be looked at for now (too many files open, no permission): not remembered either. */
  readonly passing?: true
  /** When its parser crashed or hung, ms since the epoch: after a day it is tried again, it may have been the machine's memory. */
  readonly crashedAt?: number
}

/** What the ranking needs of a file's content. */
export function treeFactsOf({ language, nature, tokens, cyclomatic, cognitive, tree }: FileFacts) {
  const { imports = [], exports = [] } = tree ?? {}
  return { language, nature, tokens, cyclomatic, cognitive, imports, exports }
}

/** Facts of a file that could not be looked at. */
export function factsWithout(why: string, language: string, bytes: number): FileFacts {
  return {
    ...{ hash: '', language, nature: 'binary', bytes },
    ...{ lines: 0, tokens: 0, cyclomatic: 0, cognitive: 0 },
    fallback: why,
  }
}
