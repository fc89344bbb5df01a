import type { Paths } from '../config/paths.ts'
import { quietPath } from '../launch/quiet.ts'
import { clientById } from './client-lookup.ts'
import { entryRules } from './discover.ts'
import { takeHooks } from './hook-edit.ts'
import { takeIgnore } from './ignore-edit.ts'
import type { JournalFile } from './journal.ts'
import { formatOf, type Where } from './places.ts'
import { takeBack } from './take-back.ts'

/** A text without anything that its journal record says of us: hidden files, hooks, launchers. Throws config_invalid. */
export function textWithoutUs(
  text: string,
  record: JournalFile | undefined,
  file: string,
  where: Where,
  paths: Paths,
): string {
  if (record === undefined) return text
  const shown = record.ignore === undefined ? text : takeIgnore(text, record.ignore, file).text
  const { hooks, edits } = record
  const unhooked =
    hooks === undefined ? shown : takeHooks(shown, { quiet: quietPath(paths), kept: hooks.kept }, file).text
  if (edits.length === 0) return unhooked
  const clients = [...new Set(edits.map(({ client }) => client))].flatMap((id) => clientById(id) ?? [])
  return takeBack({ text: unhooked, format: formatOf(file), file }, clients, edits, entryRules(where)()).text
}
