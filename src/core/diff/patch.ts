/**
 * What leads from one text, the base, to another, the next. Lines are counted from 1 and keep their `\n`. What no hunk names is the same in both, so
 * a patch holds what is new and the places of what is gone.
 */
export interface Patch {
  readonly base: Version
  readonly next: Version
  /** In the order of the base's lines; no two touch the same line. */
  readonly hunks: readonly Hunk[]
}

/** Which text it is. */
export interface Version {
  /** textHash(), or the beginning of it where the patch was written and read. */
  readonly hash: string
  readonly lines: number
}

/** One place that changed. */
export interface Hunk {
  /** First line of the base that goes; with `count` 0 the parts stand before this line. */
  readonly from: number
  readonly count: number
  /** What stands there instead. */
  readonly parts: readonly Part[]
  /** Some of what goes, for whoever reads the patch; nothing is made of it. */
  readonly was: Glimpse
  /** The section, and what became of it, for whoever reads the patch. */
  readonly label: string
}

/** New lines; lines of the base from elsewhere, both included; or one of its lines with changes inside. */
export type Part =
  | { readonly kind: 'text'; readonly lines: readonly string[] }
  | { readonly kind: 'copy'; readonly from: number; readonly to: number }
  | { readonly kind: 'edit'; readonly line: number; readonly edits: readonly Edit[] }

/** A change inside a line. */
export interface Edit {
  /** Code units before it, in the base's line. */
  readonly at: number
  /** Code units that go. */
  readonly removed: number
  readonly text: string
  /** What stands before it, and what goes where that is short: for whoever reads the patch. */
  readonly before: string
  readonly was: string | undefined
}

/** The first and the last of some lines, shortened, and how many are left out between them. */
export interface Glimpse {
  readonly head: readonly string[]
  readonly hidden: number
  readonly tail: readonly string[]
}

/** Lines of the base that a hunk's edits start from: they are shown by the edits. */
export function editedIn({ from, count, parts }: Hunk): number {
  return parts.filter((part) => part.kind === 'edit' && part.line >= from && part.line < from + count).length
}
