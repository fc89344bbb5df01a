import { MyceliumError } from '../errors.ts'
import { shellQuote } from '../launch/render.ts'
import { append, type Container, removeAt } from './container-edit.ts'
import {
  applySplices,
  type ListValue,
  type MapValue,
  type Member,
  membersOf,
  type Splice,
  textOf,
  type Value,
} from './document.ts'
import type { HookHost } from './hook-hosts.ts'
import { readDocument } from './syntaxes.ts'

/** What is wanted in a client's settings. */
export interface HookWish {
  readonly host: HookHost
  /** The program that hooks and status line call (templates/quiet.sh). */
  readonly quiet: string
  readonly hooks: boolean
  readonly statusline: boolean
  /** Those that ask for leave before a tool is used. */
  readonly guards?: boolean
}

/** What was put into a file that holds hooks; kept in the journal. */
export interface HookEdit {
  readonly client: string
  readonly quiet: string
  /** Containers that were there before, and so stay when they are empty again: `hooks`, and names of events. */
  readonly kept: readonly string[]
  /** The file was not there before, nor perhaps its directory: undo removes them when nothing else is in them. */
  readonly created?: 'file' | 'directory'
}

/** A settings text with the hooks that are wanted and not yet in it. */
export interface Hooked {
  readonly text: string
  readonly kept: readonly string[]
  /** Events added; `statusLine` for the status line. */
  readonly added: readonly string[]
  /** A status line of somebody else is set. */
  readonly statuslineTaken: boolean
}

/** What a client runs: nothing, where the program is gone. */
export function quietCommand(quiet: string, words: string): string {
  return `[ ! -x ${shellQuote(quiet)} ] || ${shellQuote(quiet)} ${words}`
}

/** Adds hooks behind those of the user, and the status line where none is set. Throws config_invalid where there is no place for them. */
export function putHooks(before: string, wish: HookWish): Hooked {
  const { host, quiet } = wish
  let text = before.trim() === '' ? '{}\n' : before
  const added: string[] = []
  const kept = containersIn(readRoot(text, host.file))
  const put = (container: (root: MapValue) => Container, value: unknown, key?: string): void => {
    text = applySplices(text, append(text, container(readRoot(text, host.file)), value, key))
  }
  const hooksIn = (root: MapValue) => mapUnder(root, 'hooks', host.file)
  const events = [...(wish.hooks ? host.events : []), ...(wish.guards ? host.guards : [])]
  if (events.length > 0) {
    if (hooksIn(readRoot(text, host.file)) === undefined) put((root) => root, {}, 'hooks')
    for (const { event, matcher, timeout = host.timeout } of events) {
      const list = listUnder(hooksIn(readRoot(text, host.file))!, event, host.file)
      if (list?.items.some((group) => ourHandlers(group, quiet).length > 0)) continue
      const command = quietCommand(quiet, `hook ${host.id}`)
      const run = { ...(host.name && { name: host.name }), type: 'command', command, timeout }
      const group = { ...(matcher && { matcher: '*' }), hooks: [run] }
      if (list === undefined) put((root) => hooksIn(root)!, [group], event)
      else put((root) => listUnder(hooksIn(root)!, event, host.file)!, group)
      added.push(event)
    }
  }
  const isLineWanted = wish.statusline && host.hasStatusline
  const line = isLineWanted ? onlyMember(readRoot(text, host.file), 'statusLine', host.file) : undefined
  const isOurs = line !== undefined && calls(line.value, quiet)
  if (isLineWanted && line === undefined) {
    const command = quietCommand(quiet, 'statusline')
    put((root) => root, { type: 'command', command }, 'statusLine')
    added.push('statusLine')
  }
  const statuslineTaken = line !== undefined && !isOurs
  return { text: added.length === 0 ? before : text, kept, added, statuslineTaken }
}

/** Takes everything out that calls the program, and containers that only held that, unless they are to be kept. */
export function takeHooks(
  before: string,
  { quiet, kept }: Pick<HookEdit, 'quiet' | 'kept'>,
  file: string,
  /** Only these events; all when undefined. */
  only?: readonly string[],
): { readonly text: string; readonly taken: number } {
  let [text, taken] = [before, 0]
  for (;;) {
    const splices = nextRemoval(readRoot(text, file), text, quiet, kept, only)
    if (splices === undefined) return { text, taken }
    text = applySplices(text, splices)
    taken += 1
  }
}

/** The events under which a text calls the program; `statusLine` too. Throws config_invalid. */
export function hookedEvents(text: string, quiet: string, file: string): readonly string[] {
  const root = readRoot(text, file)
  const hooks = membersOf(root, 'hooks').at(-1)?.value
  const events = hooks?.kind === 'map' ? hooks.members : []
  const called = events.filter(
    ({ value }) => value.kind === 'list' && value.items.some((group) => ourHandlers(group, quiet).length > 0),
  )
  const line = membersOf(root, 'statusLine').at(-1)
  const isOurs = line !== undefined && calls(line.value, quiet)
  return [...called.map(({ key }) => key), ...(isOurs ? ['statusLine'] : [])]
}

/** Where in a text the program is called: the event, the number of the group in it, and that of the handler in the group. Throws config_invalid. */
export function placesOfHooks(
  text: string,
  quiet: string,
  file: string,
): readonly { readonly event: string; readonly group: number; readonly handler: number }[] {
  const hooks = membersOf(readRoot(text, file), 'hooks').at(-1)?.value
  if (hooks?.kind !== 'map') return []
  return hooks.members.flatMap(({ key: event, value }) =>
    value.kind !== 'list'
      ? []
      : value.items.flatMap((one, group) =>
          ourHandlers(one, quiet).map((handler) => ({ event, group, handler })),
        ),
  )
}

/** The next place to cut: a handler, its group, its event, or the hooks as a whole, whichever holds nothing else. */
function nextRemoval(
  root: MapValue,
  text: string,
  quiet: string,
  kept: readonly string[],
  only: readonly string[] | undefined,
): readonly Splice[] | undefined {
  for (const [at, member] of root.members.entries()) {
    const { key, value } = member
    if (key === 'statusLine' && only === undefined && calls(value, quiet)) return removeAt(text, root, at)
    if (key !== 'hooks' || value.kind !== 'map') continue
    for (const [index, { key: event, value: list }] of value.members.entries()) {
      if (list.kind !== 'list' || only?.includes(event) === false) continue
      for (const [i, group] of list.items.entries()) {
        const ours = ourHandlers(group, quiet)
        if (ours.length === 0) continue
        const handlers = handlersOf(group)!
        if (ours.length < handlers.items.length) return removeAt(text, handlers, ours[0]!)
        if (list.items.length > 1 || kept.includes(event)) return removeAt(text, list, i)
        if (value.members.length > 1 || kept.includes('hooks')) return removeAt(text, value, index)
        return removeAt(text, root, at)
      }
    }
  }
  return undefined
}

function handlersOf(group: Value): ListValue | undefined {
  const handlers = group.kind === 'map' ? membersOf(group, 'hooks').at(-1)?.value : undefined
  return handlers?.kind === 'list' ? handlers : undefined
}

function ourHandlers(group: Value, quiet: string): readonly number[] {
  const items = handlersOf(group)?.items ?? []
  return items.flatMap((item, i) => (calls(item, quiet) ? [i] : []))
}

/** `hooks`, and the events that have a list in it. */
function containersIn(root: MapValue): readonly string[] {
  const hooks = membersOf(root, 'hooks').at(-1)?.value
  if (hooks?.kind !== 'map') return []
  return ['hooks', ...hooks.members.flatMap(({ key, value }) => (value.kind === 'list' ? [key] : []))]
}

/** Whether a handler or a status line runs the program, in whatever words. */
function calls(value: Value, quiet: string): boolean {
  const command = value.kind === 'map' ? textOf(value, 'command') : undefined
  return command !== undefined && (command.includes(quiet) || command.includes(shellQuote(quiet)))
}

function readRoot(text: string, file: string): MapValue {
  return readDocument(text, 'json', file)
}

function onlyMember(map: MapValue, key: string, file: string): Member | undefined {
  const [member, second] = membersOf(map, key)
  if (second !== undefined) throw new MyceliumError('config_invalid', `${file}: "${key}" appears twice`)
  return member
}

function mapUnder(map: MapValue, key: string, file: string): MapValue | undefined {
  const value = onlyMember(map, key, file)?.value
  if (value === undefined || value.kind === 'map') return value
  throw new MyceliumError('config_invalid', `${file}: "${key}" is not an object`)
}

function listUnder(map: MapValue, key: string, file: string): ListValue | undefined {
  const value = onlyMember(map, key, file)?.value
  if (value === undefined || value.kind === 'list') return value
  throw new MyceliumError('config_invalid', `${file}: "${key}" is not a list`)
}
