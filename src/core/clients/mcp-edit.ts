import { MCP_ENTRY } from '../config/mcp-place.ts'
import { MyceliumError } from '../errors.ts'
import { append, removeAt } from './container-edit.ts'
import type { Format } from './document.ts'
import { applySplices, type MapValue, membersOf, textOf, textsOf, type Value } from './document.ts'
import { lineEndOf } from './layout.ts'
import { readDocument } from './syntaxes.ts'

/** What is put into a config. */
export interface McpWish {
  readonly client: string
  /** Keys from the top of the file to the list of servers. */
  readonly place: readonly string[]
  /** The program that the client starts. */
  readonly path: string
}

/** What was put into a config; kept in the journal. */
export interface McpEdit {
  readonly client: string
  readonly path: string
  /** How many of the maps on the way to the list were not there before: undo takes those out again when nothing else is in them. */
  readonly made: number
}

/** What the entry says, as this client spells it. */
function entryOf({ client, path }: McpWish): Readonly<Record<string, unknown>> {
  const args = [`--client=${client}`]
  switch (client) {
    case 'claude-code':
      // Its tools are few, and what finds the others must itself be in sight.
      return { type: 'stdio', command: path, args, alwaysLoad: true }
    case 'opencode':
    case 'kilo':
      return { type: 'local', command: [path, ...args], enabled: true }
    case 'vscode':
    case 'vscode-insiders':
    case 'crush':
      return { type: 'stdio', command: path, args }
    case 'copilot-cli':
      return { type: 'local', command: path, args, tools: ['*'] }
    case 'zed':
      return { source: 'custom', command: path, args, env: {} }
    default:
      return { command: path, args }
  }
}

/** A config with the entry in it; the same text where it has it. Throws config_invalid where there is no place for it. */
export function putMcp(
  before: string,
  wish: McpWish,
  format: Format,
  file: string,
): { readonly text: string; readonly made: number } {
  if (format === 'yaml')
    throw new MyceliumError('config_invalid', `${file}: YAML is not written to yet`, {
      hint: `add a server "${MCP_ENTRY}" with the command ${wish.path}`,
    })
  const root = readDocument(before.trim() === '' && format === 'json' ? '{}' : before, format, file)
  if (holders(root, wish.path).length > 0) return { text: before, made: 0 }
  const text = format === 'toml' ? withTable(before, wish) : withMember(before, wish, file)
  const done = holders(readDocument(text.text, format, file), wish.path)
  if (done.length !== 1)
    throw new MyceliumError('config_invalid', `${file}: there is no place for another server`)
  return text
}

function withMember(before: string, wish: McpWish, file: string): { text: string; made: number } {
  let text = before.trim() === '' ? '{}\n' : before
  let made = 0
  const mapAt = (depth: number): MapValue | undefined => {
    let map: Value | undefined = readDocument(text, 'json', file)
    for (const key of wish.place.slice(0, depth)) {
      map = map?.kind === 'map' ? membersOf(map, key).at(-1)?.value : undefined
      if (map !== undefined && map.kind !== 'map')
        throw new MyceliumError('config_invalid', `${file}: "${key}" is not an object`)
    }
    return map as MapValue | undefined
  }
  for (let depth = 1; depth <= wish.place.length; depth++) {
    if (mapAt(depth) !== undefined) continue
    text = applySplices(text, append(text, mapAt(depth - 1)!, {}, wish.place[depth - 1]!))
    made += 1
  }
  const map = mapAt(wish.place.length)!
  if (membersOf(map, MCP_ENTRY).length > 0)
    throw new MyceliumError('config_invalid', `${file}: a server "${MCP_ENTRY}" is there already`, {
      hint: 'give it another name, then run it again',
    })
  text = applySplices(text, append(text, map, entryOf(wish), MCP_ENTRY))
  return { text, made }
}

/** A table of its own at the end: whatever stands before stays in the tables it is in. */
function withTable(before: string, wish: McpWish): { text: string; made: number } {
  const eol = before.includes('\n') ? lineEndOf(before) : '\n'
  const header = [...wish.place, MCP_ENTRY]
    .map((key) => (/^[\w-]+$/.test(key) ? key : JSON.stringify(key)))
    .join('.')
  const lines = [
    `[${header}]`,
    ...Object.entries(entryOf(wish)).map(([key, value]) => `${key} = ${JSON.stringify(value)}`),
  ]
  const gap = before === '' ? '' : before.endsWith('\n') ? eol : eol + eol
  return { text: `${before}${gap}${lines.join(eol)}${eol}`, made: 0 }
}

/** Takes every entry that starts our program out, and the maps that were only made for it. */
export function takeMcp(
  before: string,
  { path, made }: Pick<McpEdit, 'path' | 'made'>,
  format: Format,
  file: string,
): { readonly text: string; readonly taken: number } {
  let [text, taken, left] = [before, 0, made]
  if (format === 'yaml') return { text, taken }
  for (;;) {
    const [holder] = holders(readDocument(text, format, file), path)
    if (holder === undefined) return { text, taken }
    if (format === 'toml') {
      const cut = withoutTable(text, path)
      if (cut === undefined)
        throw new MyceliumError(
          'config_changed',
          `${file}: the server "${MCP_ENTRY}" is not spelled as it was`,
          { hint: `take it out of the file, then run it again` },
        )
      text = cut
    } else {
      let { parents, index } = holder
      while (left > 0 && parents.length > 1 && parents.at(-1)!.map.members.length === 1) {
        left -= 1
        index = parents.at(-1)!.index
        parents = parents.slice(0, -1)
      }
      text = applySplices(text, removeAt(text, parents.at(-1)!.map, index))
    }
    taken += 1
  }
}

interface Holder {
  /** From the root inwards; each with its place in the one before. */
  readonly parents: readonly { readonly map: MapValue; readonly index: number }[]
  /** Of the entry in the last of them. */
  readonly index: number
}

function holders(root: MapValue, path: string): readonly Holder[] {
  const walk = (map: MapValue, parents: Holder['parents']): readonly Holder[] =>
    map.members.flatMap(({ value }, index) => {
      if (value.kind !== 'map') return []
      if (calls(value, path)) return [{ parents, index }]
      return walk(value, [...parents, { map: value, index }])
    })
  return walk(root, [{ map: root, index: -1 }])
}

function calls(entry: MapValue, path: string): boolean {
  return textOf(entry, 'command') === path || textsOf(membersOf(entry, 'command').at(-1)?.value)?.[0] === path
}

/** Without the table that starts the program, and the one line that was put before it. */
function withoutTable(text: string, path: string): string | undefined {
  const starts = [...text.matchAll(/^\[/gm)].map(({ index }) => index)
  for (const [i, start] of starts.entries()) {
    const table = text.slice(start, starts[i + 1] ?? text.length)
    if (!table.includes(`command = ${JSON.stringify(path)}`)) continue
    // Comments behind it belong to what follows.
    const own = /^\[.*\r?\n(?:[\w-]+ *=.*(?:\r?\n|$))*/.exec(table)?.[0] ?? ''
    const lead = text.slice(0, start).replace(/\r?\n$/, '')
    const rest = text.slice(start + own.length)
    const kept =
      /\n$/.test(lead) || lead === ''
        ? lead
        : `${lead}${rest.trim() === '' && start > 0 && !/\n\r?\n$/.test(text.slice(0, start)) ? '' : '\n'}`
    return kept + rest
  }
  return undefined
}
