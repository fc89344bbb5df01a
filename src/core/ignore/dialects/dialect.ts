import type { Patterns } from '../patterns.ts'

/** What one way of hiding files does with a plan. */
export interface Rendering {
  /** Lines of a marked block, or rules; none where the plan hides nothing. */
  readonly lines: readonly string[]
  /** What of this plan it cannot say, or does not enforce; a sentence each. */
  readonly lossy: readonly string[]
}

/** One place in a project by which a client is told what to leave alone. Membership in the table is the whole feature. */
export interface Dialect {
  /** What `--target` calls it. Several may have one target. */
  readonly target: string
  /** Who reads it. */
  readonly title: string
  /** Its id in the journal and in reports. */
  readonly id: string
  /** Below the project. */
  readonly file: string
  readonly shape: 'block' | 'deny' | 'read'
  /** `asked`: only when `--target` names it; `always`; `used`: where its client is in use. */
  readonly when: 'always' | 'used' | 'asked'
  /** Signs that its client is in use: `~/…` in the home directory, `{config}/…` XDG_CONFIG_HOME, `{app}/…` desktop programs' settings, else below the project. */
  readonly marks: readonly string[]
  render(patterns: Patterns, tokensOf: (path: string) => number): Rendering
}

/** What stands at the top of each block, before the patterns. */
export const WHAT_THIS_IS =
  '# Written by `mycelium ignore write`, taken out by `mycelium ignore undo`. Lines above win: `!path` keeps a file.'
