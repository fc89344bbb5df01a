import { basename, dirname, join } from 'node:path'
import { MCP_NAME } from '../config/mcp-place.ts'
import type { Client } from './client.ts'
import {
  type ListValue,
  type MapValue,
  type Member,
  membersOf,
  textOf,
  textsOf,
  type Value,
  valueAt,
} from './document.ts'
import { launchedArgv } from './launcher-args.ts'

/** What one server entry says, with the places that taking it over would change. */
export interface EntryBody {
  /** The original command and arguments, also when the entry is taken over; empty when they cannot be told. */
  readonly argv: readonly string[]
  /** Names of the variables the entry sets or passes on. */
  readonly envNames: readonly string[]
  /** The launcher that the entry calls, when it is taken over. */
  readonly launcher?: string
  /** Why the entry cannot be taken over, in words. */
  readonly leave?: string
  readonly slots?: Slots
}

/** Where command and arguments stand: apart, or together in one list (opencode). */
export type Slots =
  | {
      readonly kind: 'apart'
      readonly entry: MapValue
      /** The entry itself, or the map inside it that holds command and args. */
      readonly map: MapValue
      readonly command: Member
      readonly args?: Member
    }
  | { readonly kind: 'together'; readonly entry: MapValue; readonly list: ListValue }

/** What of the machine decides whether an entry can be taken over. */
export interface EntryRules {
  /** Directory of our launchers. */
  readonly launchers: string
  isFile(path: string): boolean
  /** Variable names in an envFile; undefined when it cannot be read. */
  envFileNames(path: string): readonly string[] | undefined
}

const REMOTE_TYPES = [
  'http',
  'sse',
  'ws',
  'websocket',
  'remote',
  'streamable-http',
  'streamable_http',
  'streamableHttp',
  'streamablehttp',
]
const LOCAL_TYPES = ['stdio', 'local']
/** Why an entry is left that calls a launcher already and is otherwise fine. */
export const TAKEN_OVER = 'taken over already'
/** Why our own server is left. */
export const OUR_OWN = "mycelium's own server"
/** Keys under which clients write the address of a remote server. */
export const REMOTE_KEYS = ['url', 'serverUrl', 'httpUrl', 'uri']

const EMPTY = { argv: [], envNames: [] } as const

/** Reads one entry and judges whether it can be taken over. */
export function bodyOf(value: Value, client: Client, rules: EntryRules): EntryBody {
  if (value.kind !== 'map') {
    const why = value.kind === 'other' ? value.why : undefined
    return {
      ...EMPTY,
      leave: why === undefined ? 'broken: not an object' : `written with ${why}, which is left alone`,
    }
  }
  const { map, command, argsKey } = commandOf(value, client)
  const files = envFiles(value, rules)
  const envNames = [
    ...new Set([...envOf(value, client).keys(), ...passedNames(value), ...(files ?? [])]),
  ].sort()
  const args = membersOf(map, argsKey).at(-1)
  const leave = reasonToLeave(value, map, command, args)
  if (command === undefined) return { ...EMPTY, envNames, leave: leave ?? 'broken: no command' }
  const slots: Slots =
    command.value.kind === 'list'
      ? { kind: 'together', entry: value, list: command.value }
      : { kind: 'apart', entry: value, map, command, ...(args === undefined ? {} : { args }) }
  const words = wordsOf(slots)
  const first = slots.kind === 'together' ? textsOfFirst(slots.list) : textOf(map, command.key)
  if (first !== undefined && dirname(first) === rules.launchers) {
    const argv = launchedArgv(words?.slice(1) ?? []) ?? []
    return { argv, envNames, launcher: first, slots, leave: leave ?? TAKEN_OVER }
  }
  if (first !== undefined && first === join(dirname(rules.launchers), 'bin', MCP_NAME))
    return { argv: words ?? [], envNames, slots, leave: OUR_OWN }
  const why =
    leave ??
    reasonInWords(slots, words, rules) ??
    (files === undefined ? 'its envFile cannot be read' : undefined)
  return { argv: words ?? [], envNames, slots, ...(why === undefined ? {} : { leave: why }) }
}

/** Zed once wrote `command: {path, args}`; everyone else has command and args side by side. */
function commandOf(entry: MapValue, client: Client): { map: MapValue; command?: Member; argsKey: string } {
  const command = membersOf(entry, client.keys?.command ?? 'command').at(-1)
  if (command?.value.kind === 'map') {
    const path = membersOf(command.value, 'path').at(-1)
    return { map: command.value, ...(path === undefined ? {} : { command: path }), argsKey: 'args' }
  }
  return { map: entry, ...(command === undefined ? {} : { command }), argsKey: 'args' }
}

function textsOfFirst(list: ListValue): string | undefined {
  const first = list.items[0]
  return first?.kind === 'text' ? first.text : undefined
}

function wordsOf(slots: Slots): readonly string[] | undefined {
  if (slots.kind === 'together') return textsOf(slots.list)
  if (slots.command.value.kind !== 'text') return undefined
  const args = slots.args === undefined ? [] : textsOf(slots.args.value)
  return args && [slots.command.value.text, ...args]
}

function reasonToLeave(entry: MapValue, map: MapValue, command?: Member, args?: Member): string | undefined {
  const type = textOf(entry, 'type') ?? textOf(entry, 'transport')
  const isRemote = type === undefined || LOCAL_TYPES.includes(type) ? false : REMOTE_TYPES.includes(type)
  if (isRemote || (command === undefined && REMOTE_KEYS.some((key) => valueAt(entry, key) !== undefined))) {
    return 'remote server: left as it is'
  }
  if (isTrue(valueAt(entry, 'disabled')) || isFalse(valueAt(entry, 'enabled'))) return 'disabled'
  if (textOf(entry, 'source') === 'extension') return 'managed by an extension of the client'
  if (type !== undefined && !LOCAL_TYPES.includes(type)) return `its type "${type}" is not a process on stdio`
  const twice = [...entry.members, ...map.members].find(
    (member) => membersOf(entry, member.key).length > 1 || membersOf(map, member.key).length > 1,
  )
  if (twice !== undefined) return `"${twice.key}" appears twice in the entry`
  if (membersOf(entry, '<<').length > 0) return 'written with a merge key, which is left alone'
  if (command?.value.kind === 'text' && command.value.fixed) return 'its command is a block of text'
  if (args !== undefined && textsOf(args.value) === undefined) return 'broken: "args" is not a list of texts'
  return undefined
}

function reasonInWords(
  slots: Slots,
  words: readonly string[] | undefined,
  rules: EntryRules,
): string | undefined {
  if (words === undefined) {
    return slots.kind === 'together'
      ? 'broken: "command" is not a list of texts'
      : 'broken: "command" is not a text'
  }
  const [command = '', first = ''] = words
  if (command.trim() === '') return 'broken: no command'
  if (words.some((word) => word.includes('\0') || /\p{Surrogate}/u.test(word))) {
    return 'broken: a character that no command can hold'
  }
  if (basename(dirname(command)) === 'launchers' && first.startsWith('--client=')) {
    return 'taken over by another mycelium home'
  }
  if (command.startsWith('~')) return 'its command starts with ~, which only the client expands'
  if (/\s/.test(command) && !rules.isFile(command))
    return 'its command holds spaces and names no file: the client may run it in a shell'
  return undefined
}

function isTrue(value: Value | undefined): boolean {
  return value?.kind === 'other' && value.value === true
}

function isFalse(value: Value | undefined): boolean {
  return value?.kind === 'other' && value.value === false
}

/** The variables an entry sets. Values are for declared.ts alone. */
export function envOf(entry: MapValue, client: Client): ReadonlyMap<string, string> {
  const env = new Map<string, string>()
  for (const key of client.keys?.env ?? ['env']) {
    const value = valueAt(entry, key)
    if (value?.kind !== 'map') continue
    for (const member of value.members) {
      if (member.value.kind === 'text') env.set(member.key, member.value.text)
      else if (member.value.kind === 'other' && member.value.value !== null)
        env.set(member.key, String(member.value.value))
    }
  }
  return env
}

/** Codex names variables to hand on in env_vars, as texts or as {name}; Goose in env_keys. */
function passedNames(entry: MapValue): readonly string[] {
  return ['env_vars', 'env_keys'].flatMap((key) => {
    const list = valueAt(entry, key)
    if (list?.kind !== 'list') return []
    return list.items.flatMap((item) => {
      const name = item.kind === 'text' ? item.text : item.kind === 'map' ? textOf(item, 'name') : undefined
      return name === undefined ? [] : [name]
    })
  })
}

function envFiles(entry: MapValue, rules: EntryRules): readonly string[] | undefined {
  const file = textOf(entry, 'envFile')
  return file === undefined ? [] : rules.envFileNames(file)
}
