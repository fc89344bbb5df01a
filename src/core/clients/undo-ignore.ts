import type { Paths } from '../config/paths.ts'
import { changeFile } from './change-file.ts'
import { type Problem, problemOf } from './discover.ts'
import { takeIgnore } from './ignore-edit.ts'
import { hashOf, type JournalFile, readBackup, readJournal, withFile, writeJournal } from './journal.ts'
import { removeCreated } from './our-files.ts'
import type { Where } from './places.ts'
import { textWithoutUs } from './without-us.ts'

/** How one file came out; the words are those of undo. */
export interface UnignoredFile {
  readonly file: string
  readonly outcome: 'restored' | 'merged' | 'clean' | 'missing'
}

/** Takes what hides files out of these files of the journal, and leaves launchers and hooks of ours that are in them too. */
export async function undoIgnored(
  files: readonly string[],
  where: Where,
  paths: Paths,
): Promise<{ readonly files: readonly UnignoredFile[]; readonly problems: readonly Problem[] }> {
  const done: UnignoredFile[] = []
  const problems: Problem[] = []
  for (const record of readJournal(paths).files) {
    if (record.ignore === undefined || !files.includes(record.file)) continue
    try {
      done.push({ file: record.file, outcome: await undoOne(record, where, paths) })
    } catch (error) {
      problems.push(problemOf(record.ignore.client, record.file, error))
    }
  }
  return { files: done, problems }
}

async function undoOne(record: JournalFile, where: Where, paths: Paths): Promise<UnignoredFile['outcome']> {
  const { realFile, file } = record
  const edit = record.ignore!
  const isOnlyThis = record.edits.length === 0 && record.hooks === undefined
  const { ignore: _, ...others } = record
  let outcome: UnignoredFile['outcome'] = 'missing'
  await changeFile(realFile, (text) => {
    const base = readBackup(paths, record.base)
    if (isOnlyThis && base !== undefined && hashOf(text) === record.written) {
      outcome = 'restored'
      return base
    }
    const { text: after, taken } = takeIgnore(text, edit, file)
    outcome = taken === 0 ? 'clean' : after === base ? 'restored' : 'merged'
    if (!isOnlyThis) {
      // The way back of what stays goes on from here.
      const rest = { ...others, written: hashOf(after) }
      textWithoutUs(after, rest, file, where, paths)
      writeJournal(paths, withFile(readJournal(paths), realFile, rest))
    }
    return after
  })
  if (isOnlyThis) {
    if (edit.created !== undefined && outcome !== 'missing') removeCreated(realFile, edit.created)
    writeJournal(paths, withFile(readJournal(paths), realFile, undefined))
  }
  return outcome
}
