import type { Client, KeyPath } from './client.ts'
import { type MapValue, membersOf, textOf, type Value, valueAt } from './document.ts'
import { bodyOf, type EntryBody, type EntryRules, REMOTE_KEYS } from './entry.ts'

/** One server entry of a config text, and where it is. */
export interface Entry extends EntryBody {
  /** Keys from the top of the file to the list that holds the entry. */
  readonly place: KeyPath
  readonly name: string
}

/** The entries under these key paths, in the file's order. */
export function entriesIn(
  root: MapValue,
  client: Client,
  at: readonly KeyPath[],
  rules: EntryRules,
): readonly Entry[] {
  const entries: Entry[] = []
  for (const path of at) {
    for (const holder of holdersAt(root, path, at)) {
      for (const row of holder.rows) {
        const entry = bodyOf(row.value, client, rules)
        const leave = holder.doubled
          ? `"${holder.doubled}" appears twice in the file`
          : row.doubled
            ? 'the name appears twice'
            : entry.leave
        entries.push({
          ...entry,
          place: holder.place,
          name: row.name,
          ...(leave === undefined ? {} : { leave }),
        })
      }
    }
  }
  return entries
}

interface Holder {
  readonly place: KeyPath
  readonly rows: readonly { readonly name: string; readonly value: Value; readonly doubled: boolean }[]
  /** A key on the way here that the file has twice. */
  readonly doubled?: string
}

function holdersAt(root: MapValue, path: KeyPath, all: readonly KeyPath[]): readonly Holder[] {
  let reached: { value: Value; place: KeyPath; doubled?: string }[] = [{ value: root, place: [] }]
  for (const step of path) {
    reached = reached.flatMap(({ value, place, doubled }) => {
      if (value.kind !== 'map') return []
      const members = step === '*' ? value.members : membersOf(value, step)
      return members.map((member) => {
        const twice = doubled ?? (membersOf(value, member.key).length > 1 ? member.key : undefined)
        const next = { value: member.value, place: [...place, member.key] }
        return twice === undefined ? next : { ...next, doubled: twice }
      })
    })
  }
  return reached.flatMap(({ value, place, doubled }) => {
    const nested = all.some((other) => other.length < path.length && other.every((key, i) => key === path[i]))
    if (nested && value.kind === 'map' && isEntry(value)) return []
    const names = value.kind === 'map' ? namedRows(value, place, all) : listedRows(value)
    const rows = names.map((row) => ({
      ...row,
      doubled: names.filter((other) => other.name === row.name).length > 1,
    }))
    return [doubled === undefined ? { place, rows } : { place, rows, doubled }]
  })
}

function namedRows(map: MapValue, place: KeyPath, all: readonly KeyPath[]): { name: string; value: Value }[] {
  return map.members
    .filter(({ key, value }) => {
      // opencode keeps servers in `mcp` or, newer, in `mcp.servers`: there "servers" is no server.
      const isList = all.some((path) => path.join('\0') === [...place, key].join('\0'))
      return !isList || (value.kind === 'map' && isEntry(value))
    })
    .map(({ key, value }) => ({ name: key, value }))
}

/** Continue lists its servers as items with a name. */
function listedRows(value: Value): { name: string; value: Value }[] {
  if (value.kind !== 'list') return []
  return value.items.map((item) => ({
    name: (item.kind === 'map' && textOf(item, 'name')) || '',
    value: item,
  }))
}

/** True for a map that describes one server, rather than holding several. */
function isEntry(map: MapValue): boolean {
  return ['command', 'cmd', 'type', ...REMOTE_KEYS].some((key) => {
    const value = valueAt(map, key)
    return value !== undefined && value.kind !== 'map'
  })
}
