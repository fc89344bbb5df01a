import { basename } from 'node:path'
import { readConfig } from '../config/config-text.ts'
import type { Paths } from '../config/paths.ts'
import type { Registry, ServerDef } from '../config/registry.ts'
import { MyceliumError } from '../errors.ts'
import { clientById, keyPathsOf } from './client-lookup.ts'
import { entryRules, readConfigFiles } from './discover.ts'
import { entriesIn } from './entries.ts'
import { type JournalFile, readBackup, readJournal } from './journal.ts'
import { formatOf, type Where } from './places.ts'
import { readDocument } from './syntaxes.ts'
import { CLIENTS } from './table.ts'

/** The launchers that one config calls, by id; `gone` when there is no such file, `unknown` when it cannot be understood now. */
type Calls = ReadonlySet<string> | 'gone' | 'unknown'

/** The registry without sources whose file is gone or calls that launcher no more. Files in `examined` are left to who examined them. */
export function stillCalled(registry: Registry, examined: readonly string[], where: Where): Registry {
  const read = reader(where)
  const servers = registry.servers.map((server) => ({
    ...server,
    sources: server.sources.filter(({ file, client }) => {
      if (examined.includes(file)) return true
      const calls = read(file, [client])
      return calls === 'unknown' || (calls !== 'gone' && calls.has(server.id))
    }),
  }))
  return { version: 1, servers }
}

/**
 * Ids of the launchers that must stay: of these servers, of every entry that can be found, and of files in the journal that are gone or
 * cannot be read, because the file may have been moved and still be in use.
 */
export function neededLaunchers(
  servers: readonly ServerDef[],
  where: Where,
  paths: Paths,
): ReadonlySet<string> {
  const read = reader(where)
  const found = readConfigFiles(where, CLIENTS, []).flatMap(({ entries }) =>
    entries.flatMap(({ launcher }) => (launcher === undefined ? [] : [basename(launcher)])),
  )
  const noted = readJournal(paths).files.flatMap((record) => {
    const calls = read(
      record.file,
      record.edits.map((edit) => edit.client),
    )
    if (calls === 'unknown') return record.edits.map((edit) => edit.id)
    if (calls === 'gone') return isKeptFor(record, paths) ? record.edits.map((edit) => edit.id) : []
    return [...calls]
  })
  return new Set([...servers.map((server) => server.id), ...found, ...noted])
}

/** The journal's records of files that are gone, and whose way back is kept: until the user removes its backup. */
export function goneFiles(paths: Paths): readonly JournalFile[] {
  return readJournal(paths).files.filter((record) => isKeptFor(record, paths) && isGone(record.file))
}

/** Whether the way back of a file that is gone is still wanted. Hooks alone call nothing that must stay. */
export function isKeptFor(record: JournalFile, paths: Paths): boolean {
  return record.edits.length > 0 && readBackup(paths, record.base) !== undefined
}

/** Whether there is no such file; one that cannot be read is there. */
export function isGone(file: string): boolean {
  try {
    return readConfig(file) === undefined
  } catch (error) {
    if (error instanceof MyceliumError) return false
    throw error
  }
}

/** Reads each file once. */
function reader(where: Where): (file: string, clients: readonly string[]) => Calls {
  const known = new Map<string, Calls>()
  return (file, clients) => {
    const key = JSON.stringify([file, ...new Set(clients)])
    const calls = known.get(key) ?? callsIn(file, clients, where)
    known.set(key, calls)
    return calls
  }
}

function callsIn(file: string, ids: readonly string[], where: Where): Calls {
  try {
    const config = readConfig(file)
    if (config === undefined) return 'gone'
    // Another version of mycelium may know further clients.
    const clients = ids.flatMap((id) => clientById(id) ?? CLIENTS)
    const root = readDocument(config.text, formatOf(file), file)
    const entries = clients.flatMap((client) =>
      entriesIn(root, client, keyPathsOf(client), entryRules(where)()),
    )
    return new Set(entries.flatMap(({ launcher }) => (launcher === undefined ? [] : [basename(launcher)])))
  } catch (error) {
    if (error instanceof MyceliumError) return 'unknown'
    throw error
  }
}
