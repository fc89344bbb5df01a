import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Paths } from '../config/paths.ts'
import {
  hashOf,
  type JournalFile,
  readBackup,
  readJournal,
  storeBackup,
  withFile,
  writeJournal,
} from './journal.ts'
import { takeMcp } from './mcp-edit.ts'
import { formatOf, realPath } from './places.ts'

/** A change of a file that is about to happen. */
export interface Change {
  /** As the client opens it, and with links followed. */
  readonly file: string
  readonly realFile: string
  readonly before: string
  readonly after: string
}

/** Makes the directory of a file that is not there yet. Gives the file with links followed, and what undo is to take away again. */
export function makeRoomFor(
  file: string,
  mode?: number,
): { readonly realFile: string; readonly created: 'file' | 'directory' } {
  const directory = dirname(file)
  const created = existsSync(directory) ? 'file' : 'directory'
  mkdirSync(directory, { recursive: true, mode })
  return { realFile: `${realPath(directory) ?? directory}${file.slice(directory.length)}`, created }
}

/** What is ours in a file. */
type Ours = Partial<Pick<JournalFile, 'edits' | 'hooks' | 'ignore' | 'mcp'>>

/**
 * Writes backup and journal for a change. What undo restores is the text as it would be without us: at the first change the text itself; later the
 * same backup while nobody else wrote, or what they wrote with all of ours taken out, which `withoutUs` gives. `ours` is what the change sets of
 * the record; the rest of it stays. Both are given what is recorded of the file so far.
 */
export function noteChange(
  paths: Paths,
  { file, realFile, before, after }: Change,
  ours: (record: JournalFile | undefined) => Ours,
  withoutUs: (record: JournalFile | undefined) => string,
): void {
  const journal = readJournal(paths)
  const record = journal.files.find((one) => one.realFile === realFile)
  const untouched = record?.written === hashOf(before) ? readBackup(paths, record.base) : undefined
  const name = storeBackup(paths, file, untouched ?? withoutMcp(withoutUs(record), record))
  const next: JournalFile = {
    file,
    realFile,
    first: record?.first ?? name,
    base: name,
    before: hashOf(before),
    written: hashOf(after),
    edits: record?.edits ?? [],
    ...(record?.hooks && { hooks: record.hooks }),
    ...(record?.ignore && { ignore: record.ignore }),
    ...(record?.mcp && { mcp: record.mcp }),
    ...ours(record),
  }
  writeJournal(paths, withFile(journal, realFile, next))
}

function withoutMcp(text: string, record: JournalFile | undefined): string {
  if (record?.mcp === undefined || text === '') return text
  return takeMcp(text, record.mcp, formatOf(record.file), record.file).text
}
