import { putBlock, takeBlock } from './block-edit.ts'
import { putRules, RULE_PLACES, takeRules } from './rule-edit.ts'

/** How a file says what is hidden: in a block of patterns, or in one of the places for rules. */
export type IgnoreShape = 'block' | keyof typeof RULE_PLACES

/** What is wanted in one file of a project. */
export interface IgnoreWish {
  /** The client, or the dialect where its client has no other config here. */
  readonly client: string
  readonly project: string
  readonly file: string
  readonly shape: IgnoreShape
  /** Lines of a block, or rules; none takes ours out. */
  readonly lines: readonly string[]
}

/** What was put into a file to hide others; kept in the journal. */
export interface IgnoreEdit {
  readonly client: string
  readonly project: string
  readonly shape: IgnoreShape
  readonly lines: readonly string[]
  /** Containers that were there before us. */
  readonly kept: readonly string[]
  readonly joined: boolean
  /** The file was not there before, nor perhaps its directory. */
  readonly created?: 'file' | 'directory'
}

/** Whether a value of the journal is one. */
export function isIgnoreEdit(value: unknown): value is IgnoreEdit {
  const { client, project, shape, lines, kept, joined } = Object(value)
  const lists = [lines, kept].every(
    (list) => Array.isArray(list) && list.every((one) => typeof one === 'string'),
  )
  const known = shape === 'block' || Object.hasOwn(RULE_PLACES, String(shape))
  return (
    typeof client === 'string' && typeof project === 'string' && known && lists && typeof joined === 'boolean'
  )
}

/** A text with what is wanted in the place of what we put there before. Throws config_invalid. */
export function putIgnore(
  before: string,
  wish: IgnoreWish,
  former: IgnoreEdit | undefined,
): { readonly text: string; readonly edit: IgnoreEdit } {
  const { client, project, shape, lines, file } = wish
  const base = former === undefined ? before : takeIgnore(before, former, file).text
  // A block that no journal knows is ours too: its marks say so.
  const clean = former === undefined && shape === 'block' ? takeBlock(base, [], false).text : base
  const created = former?.created === undefined ? {} : { created: former.created }
  const none = { client, project, shape, lines: [], kept: former?.kept ?? [], joined: false, ...created }
  if (lines.length === 0) return { text: clean, edit: none }
  if (shape === 'block') {
    const { text, joined } = putBlock(clean, lines)
    return { text, edit: { ...none, lines, joined } }
  }
  const { text, added, kept } = putRules(clean, RULE_PLACES[shape], lines, file)
  return { text, edit: { ...none, lines: added, kept: former?.kept ?? kept } }
}

/** A text without what we put there. Pairs with putIgnore. */
export function takeIgnore(
  text: string,
  edit: IgnoreEdit,
  file: string,
): { readonly text: string; readonly taken: number } {
  if (edit.shape === 'block') return takeBlock(text, edit.lines, edit.joined)
  return takeRules(text, RULE_PLACES[edit.shape], edit.lines, edit.kept, file)
}
