import type { ParsedFile } from './analysis.ts'
import type { Nature } from './ranked.ts'

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
  /** Absent where no syntax tree was made; `fallback` says why. The outline is made when it is asked for. */
  readonly parsed?: Omit<ParsedFile, 'outline'>
  /** Why the file is scored by its lines and tokens alone. */
  readonly fallback?: string
  /** Its parser could not be had: it may be the next time, so this is not remembered. */
  readonly unloaded?: true
}

/** What the ranking needs of a file's content. */
export function treeFactsOf({ language, nature, tokens, parsed }: FileFacts) {
  return {
    language,
    nature,
    tokens,
    cyclomatic: parsed?.cyclomatic ?? 0,
    cognitive: parsed?.cognitive ?? 0,
    imports: parsed?.imports ?? [],
    exports: parsed?.exports ?? [],
  }
}

/** Facts of a file that could not be looked at. */
export function factsWithout(why: string, language: string, bytes: number): FileFacts {
  return { hash: '', language, nature: 'binary', bytes, lines: 0, tokens: 0, fallback: why }
}
