/**
 * When a change counts: `live` for what begins from then on, `next-session` and `next-process` for sessions and server processes that start
 * later, `restart` after `mycelium daemon restart`.
 */
export type Reload = 'live' | 'next-session' | 'next-process' | 'restart'

/**
 * Which layers may set it. `daemon`: the user's file only, because one daemon serves all directories and whoever started it lent it an
 * environment by accident. `user`: also flags and environment. `project`: also a file that came with a repository.
 */
export type Reach = 'daemon' | 'user' | 'project'

interface RowBase {
  /** What it does, as one sentence. */
  readonly sentence: string
  readonly reload: Reload
  readonly reach: Reach
  /** Stored and shown, but read by nothing in this version; a test knows which keys the sources read. */
  readonly inert?: true
  /** A bound that few touch: `config list` leaves it out while it has its default. */
  readonly fine?: true
}

/** A number and what it counts: a duration is milliseconds, a size bytes, both whole. */
export interface NumberRow extends RowBase {
  readonly type: 'integer' | 'number' | 'duration' | 'bytes'
  readonly default: number
  readonly min: number
  readonly max: number
  /** Where the default depends on the machine, what it is. */
  readonly defaultText?: string
}

/** True or false. */
export interface BooleanRow extends RowBase {
  readonly type: 'boolean'
  readonly default: boolean
}

/** One of a few words. */
export interface ChoiceRow extends RowBase {
  readonly type: 'choice'
  readonly choices: readonly string[]
  readonly default: string
}

/** Any text of one line. */
export interface TextRow extends RowBase {
  readonly type: 'text'
  readonly default: string
}

/** Several texts. */
export interface ListRow extends RowBase {
  readonly type: 'list'
  readonly default: readonly string[]
}

/** One setting, but for its key. */
export type SettingRow = NumberRow | BooleanRow | ChoiceRow | TextRow | ListRow

/** What a setting can be. */
export type SettingValue = boolean | number | string | readonly string[]

/** Longest text of a setting, in characters: a path fits. */
export const MAX_TEXT_CHARS = 4_096
