/** The three languages that agents write their configs in; JSON means JSONC too. */
export type Format = 'json' | 'toml' | 'yaml'

/** A stretch of a text. */
export interface Located {
  /** Offsets of the value's own text, quotes and brackets included (UTF-16 units, as in String.slice). */
  readonly start: number
  readonly end: number
}

/** A string. `fixed` when its text cannot be replaced in place (a YAML block scalar). */
export interface TextValue extends Located {
  readonly kind: 'text'
  readonly text: string
  readonly fixed?: boolean
}

/** A list, in brackets or as YAML dashes. */
export interface ListValue extends Located {
  readonly kind: 'list'
  readonly items: readonly Value[]
  /** Where each item begins, its YAML dash included. */
  readonly itemStarts: readonly number[]
  readonly block: boolean
}

/** An object or table. Members keep the file's order, and a key that is written twice is in here twice. */
export interface MapValue extends Located {
  readonly kind: 'map'
  readonly members: readonly Member[]
}

/** A number, boolean or null; or something that is not read further, and `why` says what. */
export interface OtherValue extends Located {
  readonly kind: 'other'
  readonly value: unknown
  readonly why?: string
}

/** A value and where it stands in the text. */
export type Value = TextValue | ListValue | MapValue | OtherValue

/** One key and its value. */
export interface Member {
  readonly key: string
  readonly keyStart: number
  readonly keyEnd: number
  /** What a dotted TOML key says before its last part: `a.b.` of `a.b.command`. */
  readonly keyPrefix: string
  /** True where siblings are separated by commas, false where by line ends. */
  readonly inline: boolean
  readonly value: Value
}

/** Replaces text[start, end). */
export interface Splice {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** What reading and editing one language takes. Every edit is a splice, so all other bytes stay. */
export interface Syntax {
  /** Throws SyntaxProblem. */
  read(text: string): MapValue
  /** Where comments stand, in the text's order, line ends not included. */
  comments(text: string): readonly Located[]
  quote(text: string): string
  /** Puts texts before the first item, in the list's own style. */
  prepend(text: string, list: ListValue, items: readonly string[]): Splice
  /** Pairs with prepend. */
  dropFirst(text: string, list: ListValue, count: number): Splice
  /** Puts a new list-valued key behind a member. */
  insertList(text: string, after: Member, key: string, items: readonly string[]): Splice
  /** Pairs with insertList; undefined when the surroundings are not what insertList leaves. */
  removeMember(text: string, map: MapValue, member: Member): Splice | undefined
}

/** The text is not valid in its language; discover.ts turns this into config_invalid with line and column. */
export class SyntaxProblem extends Error {
  readonly offset: number

  constructor(message: string, offset: number) {
    super(message)
    this.name = 'SyntaxProblem'
    this.offset = offset
  }
}

/** The text with all splices made. They must not overlap. */
export function applySplices(text: string, splices: readonly Splice[]): string {
  let result = ''
  let position = 0
  for (const splice of [...splices].sort((a, b) => a.start - b.start)) {
    if (splice.start < position) throw new Error(`overlapping edits at ${splice.start}`)
    result += text.slice(position, splice.start) + splice.text
    position = splice.end
  }
  return result + text.slice(position)
}

/** The members with this key. */
export function membersOf(map: MapValue, key: string): readonly Member[] {
  return map.members.filter((member) => member.key === key)
}

/** The value of the last member with this key: what every parser that tolerates doubles takes. */
export function valueAt(map: MapValue, key: string): Value | undefined {
  return membersOf(map, key).at(-1)?.value
}

/** The string under a key, if it is one. */
export function textOf(map: MapValue, key: string): string | undefined {
  const value = valueAt(map, key)
  return value?.kind === 'text' ? value.text : undefined
}

/** The items of a list of strings; undefined for anything else. */
export function textsOf(value: Value | undefined): readonly string[] | undefined {
  if (value?.kind !== 'list') return undefined
  const texts: string[] = []
  for (const item of value.items) {
    if (item.kind !== 'text') return undefined
    texts.push(item.text)
  }
  return texts
}
