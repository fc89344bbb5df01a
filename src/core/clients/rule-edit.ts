import { MyceliumError } from '../errors.ts'
import { append, type Container, removeAt } from './container-edit.ts'
import { applySplices, type ListValue, type MapValue, membersOf, type Value } from './document.ts'
import { readDocument } from './syntaxes.ts'

/** Where a client keeps rules about files: keys from the top of its settings, and whether they are a list or a map to a word. */
export interface RulePlace {
  readonly path: readonly [outer: string, inner: string]
  readonly kind: 'list' | 'map'
}

/** Claude Code's `permissions.deny`, opencode's `permission.read`. */
export const RULE_PLACES = {
  deny: { path: ['permissions', 'deny'], kind: 'list' },
  read: { path: ['permission', 'read'], kind: 'map' },
} as const satisfies Readonly<Record<string, RulePlace>>

/** A settings text with the rules that were not yet in it. */
export interface Ruled {
  readonly text: string
  /** Those that were put into it. */
  readonly added: readonly string[]
  /** Containers that were there before: undo leaves them. */
  readonly kept: readonly string[]
}

/** The word behind a path in a map of rules. */
const DENY = 'deny'

/** Adds rules behind those of the user, whose own stay as they are. Throws config_invalid where there is no place for them. */
export function putRules(before: string, place: RulePlace, rules: readonly string[], file: string): Ruled {
  const [outer, inner] = place.path
  const kept = containersIn(readDocument(before, 'json', file), place)
  let text = before.trim() === '' || before === '\uFEFF' ? `${before}{}\n` : before
  const put = (container: (root: MapValue) => Container, value: unknown, key?: string): void => {
    text = applySplices(text, append(text, container(readDocument(text, 'json', file)), value, key))
  }
  const outerOf = (root: MapValue) => mapUnder(root, outer, file)
  const innerOf = (root: MapValue) => containerUnder(outerOf(root)!, inner, place.kind, file)
  const known = new Set(namesIn(outerOf(readDocument(text, 'json', file)), place, file))
  const added = rules.filter((rule) => !known.has(rule))
  if (added.length === 0) return { text: before, added, kept }
  const whole = place.kind === 'list' ? added : Object.fromEntries(added.map((rule) => [rule, DENY]))
  const root = readDocument(text, 'json', file)
  if (outerOf(root) === undefined) put((now) => now, { [inner]: whole }, outer)
  else if (innerOf(root) === undefined) put((now) => outerOf(now)!, whole, inner)
  else
    for (const rule of added)
      if (place.kind === 'list') put((now) => innerOf(now)!, rule)
      else put((now) => innerOf(now)!, DENY, rule)
  return { text, added, kept }
}

/** Takes these rules out, and containers that only held them, unless they are to be kept. Throws config_invalid. */
export function takeRules(
  before: string,
  place: RulePlace,
  rules: readonly string[],
  kept: readonly string[],
  file: string,
): { readonly text: string; readonly taken: number } {
  const ours = new Set(rules)
  const [outer, inner] = place.path
  let [text, taken] = [before, 0]
  for (;;) {
    const root = readDocument(text, 'json', file)
    const at = root.members.findIndex(({ key }) => key === outer)
    const within = root.members[at]?.value
    if (within?.kind !== 'map') return { text, taken }
    const index = within.members.findIndex(({ key }) => key === inner)
    const container = within.members[index]?.value
    const found = container === undefined ? [] : ruleNames(container, place)
    const which = found.findIndex((rule) => rule !== undefined && ours.has(rule))
    if (which < 0) return { text, taken }
    const only = found.length === 1
    const splices =
      only && !kept.includes(inner)
        ? within.members.length === 1 && !kept.includes(outer)
          ? removeAt(text, root, at)
          : removeAt(text, within, index)
        : removeAt(text, container as Container, which)
    text = applySplices(text, splices)
    taken += 1
  }
}

/** The rules that a text has at a place. Throws config_invalid. */
export function rulesIn(text: string, place: RulePlace, file: string): readonly string[] {
  return namesIn(mapUnder(readDocument(text, 'json', file), place.path[0], file), place, file)
}

function namesIn(outer: MapValue | undefined, place: RulePlace, file: string): readonly string[] {
  const container = outer && containerUnder(outer, place.path[1], place.kind, file)
  return container === undefined ? [] : ruleNames(container, place).filter((rule) => rule !== undefined)
}

/** One per item or member, undefined for what is no rule of that place. */
function ruleNames(container: Value, { kind }: RulePlace): readonly (string | undefined)[] {
  if (kind === 'map') return container.kind === 'map' ? container.members.map(({ key }) => key) : []
  if (container.kind !== 'list') return []
  return container.items.map((item) => (item.kind === 'text' ? item.text : undefined))
}

function containersIn(root: MapValue, { path: [outer, inner] }: RulePlace): readonly string[] {
  const value = membersOf(root, outer).at(-1)?.value
  if (value?.kind !== 'map') return []
  return membersOf(value, inner).length > 0 ? [outer, inner] : [outer]
}

function mapUnder(map: MapValue, key: string, file: string): MapValue | undefined {
  const value = containerUnder(map, key, 'map', file)
  return value?.kind === 'map' ? value : undefined
}

function containerUnder(
  map: MapValue,
  key: string,
  kind: RulePlace['kind'],
  file: string,
): ListValue | MapValue | undefined {
  const [member, second] = membersOf(map, key)
  if (second !== undefined) throw new MyceliumError('config_invalid', `${file}: "${key}" appears twice`)
  const value = member?.value
  if (value === undefined) return undefined
  if (value.kind === kind) return value
  const what = kind === 'map' ? 'an object' : 'a list'
  throw new MyceliumError('config_invalid', `${file}: "${key}" is not ${what}`)
}
