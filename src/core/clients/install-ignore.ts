import { readConfig } from '../config/config-text.ts'
import type { Paths } from '../config/paths.ts'
import { writeFileAtomic } from '../config/write-file.ts'
import { MyceliumError } from '../errors.ts'
import { changeFile } from './change-file.ts'
import { type Problem, problemOf } from './discover.ts'
import { type IgnoreEdit, type IgnoreWish, putIgnore } from './ignore-edit.ts'
import { type JournalFile, readJournal } from './journal.ts'
import { type Change, makeRoomFor, noteChange } from './note-change.ts'
import { realPath, type Where } from './places.ts'
import { textWithoutUs } from './without-us.ts'

/** One file as it is and as it would be. */
export interface IgnorePreview extends IgnoreWish {
  readonly before: string
  readonly after: string
  /** It is not there yet. */
  readonly isNew: boolean
}

/** What writing would change; nothing is changed yet. What cannot be read becomes a problem. */
export function previewIgnore(
  wishes: readonly IgnoreWish[],
  paths: Paths,
  problems: Problem[],
): readonly IgnorePreview[] {
  return wishes.flatMap((wish): IgnorePreview[] => {
    try {
      const text = readConfig(wish.file)?.text
      const before = text ?? ''
      if (text === undefined && wish.lines.length === 0) return []
      const after = putIgnore(before, wish, recordOf(wish.file, paths)?.ignore).text
      return [{ ...wish, before, after, isNew: text === undefined }]
    } catch (error) {
      problems.push(problemOf(wish.client, wish.file, error))
      return []
    }
  })
}

/** Carries it out, the journal before each file. A file that another program writes meanwhile is read anew. */
export async function applyIgnore(
  wishes: readonly IgnoreWish[],
  where: Where,
  paths: Paths,
): Promise<{ readonly changed: readonly string[]; readonly problems: readonly Problem[] }> {
  const changed: string[] = []
  const problems: Problem[] = []
  for (const wish of wishes) {
    try {
      if (await editFile(wish, where, paths)) changed.push(wish.file)
    } catch (error) {
      problems.push(problemOf(wish.client, wish.file, error))
    }
  }
  return { changed, problems }
}

async function editFile(wish: IgnoreWish, where: Where, paths: Paths): Promise<boolean> {
  const { file } = wish
  if (readConfig(file) === undefined) {
    if (wish.lines.length === 0) return false
    const { realFile, created } = makeRoomFor(file)
    const { text, edit } = putIgnore('', wish, undefined)
    note(paths, where, { file, realFile, before: '', after: text }, { ...edit, created })
    writeFileAtomic(file, text, 0o644)
    return true
  }
  const realFile = realPath(file) ?? file
  const outcome = await changeFile(realFile, (before) => {
    const { text, edit } = putIgnore(before, wish, recordOf(file, paths)?.ignore)
    if (text !== before) note(paths, where, { file, realFile, before, after: text }, edit)
    return text
  })
  if (outcome === 'missing') throw new MyceliumError('config_changed', `${file} was removed meanwhile`)
  return outcome === 'changed'
}

/** The journal's record of a file. */
export function recordOf(file: string, paths: Paths): JournalFile | undefined {
  const real = realPath(file) ?? file
  return readJournal(paths).files.find((record) => record.realFile === real)
}

function note(paths: Paths, where: Where, change: Change, ignore: IgnoreEdit): void {
  noteChange(
    paths,
    change,
    () => ({ ignore }),
    (record) => textWithoutUs(change.before, record, change.file, where, paths),
  )
}
