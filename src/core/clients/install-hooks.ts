import { existsSync, mkdirSync } from 'node:fs'
import { readConfig } from '../config/config-text.ts'
import type { Paths } from '../config/paths.ts'
import { writeFileAtomic } from '../config/write-file.ts'
import { MyceliumError } from '../errors.ts'
import { quietPath } from '../launch/quiet.ts'
import { textIfRegular } from '../regular-file.ts'
import type { Preview } from './apply.ts'
import { changeFile } from './change-file.ts'
import { type Problem, problemOf } from './discover.ts'
import { type HookEdit, type Hooked, type HookWish, putHooks, takeHooks } from './hook-edit.ts'
import { type HookHost, hookHosts } from './hook-hosts.ts'
import { hashOf, readBackup, readJournal, withFile, writeJournal } from './journal.ts'
import { type Change, makeRoomFor, noteChange } from './note-change.ts'
import { removeCreated } from './our-files.ts'
import { realPath, type Where } from './places.ts'
import { textWithoutUs } from './without-us.ts'

/** What the user asked for. */
export interface HookOptions {
  readonly hooks: boolean
  readonly statusline: boolean
  /** Ids of clients; all when empty. */
  readonly only: readonly string[]
  /** Hooks that ask for leave, also where the client left no mark yet: its files here were written to. */
  readonly guards?: boolean
}

/** What would be put into one client's settings. */
export interface HookPlan extends Preview, Pick<Hooked, 'added' | 'statuslineTaken'> {
  readonly wish: HookWish
}

/** Hooks that were added to one client's settings. */
export interface HookRow {
  readonly client: string
  readonly file: string
  readonly added: readonly string[]
  /** What the user has to do before they run. */
  readonly needs?: string
}

/** What came of it. */
export interface HooksDone {
  readonly changed: readonly HookRow[]
  readonly problems: readonly Problem[]
}

/** The row of one client. */
export function hookRow({ id, needs }: HookHost, file: string, added: readonly string[]): HookRow {
  return { client: id, file, added, ...(needs !== undefined && { needs }) }
}

/** What installing hooks would change; nothing is changed yet. Clients that are not in use here are left out. */
export function planHooks(
  where: Where,
  paths: Paths,
  { hooks, statusline, only, guards = false }: HookOptions,
  problems: Problem[],
  /** Texts as they will be when something else was written to them. */
  later: (file: string) => string | undefined = () => undefined,
): readonly HookPlan[] {
  if (!hooks && !statusline && !guards) return []
  return hookHosts(where).flatMap((host): HookPlan[] => {
    if (only.length > 0 && !only.includes(host.id)) return []
    if (!guards && !host.marks.some(existsSync)) return []
    if (!guards && !hooks && !host.hasStatusline) return []
    try {
      const before = later(host.file) ?? readConfig(host.file)?.text ?? ''
      const wish = { host, quiet: quietPath(paths), hooks, statusline, guards }
      const { text: after, added, statuslineTaken } = putHooks(before, wish)
      return [{ file: host.file, format: 'json', before, after, added, statuslineTaken, wish }]
    } catch (error) {
      problems.push(problemOf(host.id, host.file, error))
      return []
    }
  })
}

/** Carries it out: the program that hooks call first, then backup and journal, then the settings. */
export async function applyHooks(
  plans: readonly HookPlan[],
  where: Where,
  paths: Paths,
  quietText: string,
): Promise<HooksDone> {
  const changed: HooksDone['changed'][number][] = []
  const problems: Problem[] = []
  for (const { wish, file } of plans) {
    try {
      writeQuiet(paths, quietText)
      const added = await editSettings(wish, file, where, paths)
      if (added.length > 0) changed.push(hookRow(wish.host, file, added))
    } catch (error) {
      problems.push(problemOf(wish.host.id, file, error))
    }
  }
  return { changed, problems }
}

/** Whether the program that hooks call would be written, or written anew. */
export function isQuietStale(paths: Paths, quietText: string): boolean {
  return textIfRegular(quietPath(paths)) !== quietText
}

/** Writes it unless it is so already. */
export function writeQuiet(paths: Paths, quietText: string): void {
  if (!isQuietStale(paths, quietText)) return
  for (const directory of [paths.root, paths.bin]) mkdirSync(directory, { recursive: true, mode: 0o700 })
  writeFileAtomic(quietPath(paths), quietText, 0o700)
}

async function editSettings(
  wish: HookWish,
  file: string,
  where: Where,
  paths: Paths,
): Promise<readonly string[]> {
  const before = readConfig(file)
  if (before === undefined) {
    const { text, added } = putHooks('', wish)
    if (added.length === 0) return []
    note(paths, where, { wish, file, ...makeRoomFor(file, 0o700), before: '', after: text, kept: [] })
    writeFileAtomic(file, text, 0o600)
    return added
  }
  let added: readonly string[] = []
  const realFile = realPath(file) ?? file
  const outcome = await changeFile(realFile, (text) => {
    const done = putHooks(text, wish)
    added = done.added
    if (done.text !== text)
      note(paths, where, { wish, file, realFile, before: text, after: done.text, kept: done.kept })
    return done.text
  })
  if (outcome === 'missing') throw new MyceliumError('config_changed', `${file} was removed meanwhile`)
  return added
}

interface Note extends Change {
  readonly wish: HookWish
  readonly kept: readonly string[]
  readonly created?: 'file' | 'directory'
}

function note(paths: Paths, where: Where, { wish, kept, created, ...change }: Note): void {
  const editOf = (was: HookEdit | undefined): HookEdit => ({
    client: wish.host.id,
    quiet: wish.quiet,
    // A container that we made ourselves in an earlier run is not one of the user's.
    kept: was?.kept ?? kept,
    ...(was?.created !== undefined ? { created: was.created } : created !== undefined ? { created } : {}),
  })
  const { file, before } = change
  noteChange(
    paths,
    change,
    (record) => ({ hooks: editOf(record?.hooks) }),
    (record) => {
      if (before === '') return ''
      // Ours may be in it without the journal's knowing.
      return takeHooks(textWithoutUs(before, record, file, where, paths), editOf(record?.hooks), file).text
    },
  )
}

/** Takes the hooks that ask for leave out again, and leaves the others. What the file becomes without any of us stays in the journal. */
export async function removeGuards(
  where: Where,
  paths: Paths,
): Promise<{ readonly changed: readonly string[]; readonly problems: readonly Problem[] }> {
  const changed: string[] = []
  const problems: Problem[] = []
  for (const host of hookHosts(where)) {
    try {
      const realFile = realPath(host.file)
      const record = readJournal(paths).files.find((one) => one.realFile === realFile)
      if (realFile === undefined || record?.hooks === undefined) continue
      const events = host.guards.map(({ event }) => event)
      const edit = { quiet: quietPath(paths), kept: record.hooks.kept }
      let isEmpty = false
      const outcome = await changeFile(realFile, (text) => {
        const all = takeHooks(text, edit, host.file)
        const some = takeHooks(text, edit, host.file, events)
        if (some.taken === 0) return text
        isEmpty = some.taken === all.taken
        const isAlone = record.edits.length === 0 && record.mcp === undefined && record.ignore === undefined
        const base = hashOf(text) === record.written ? readBackup(paths, record.base) : undefined
        const after = isEmpty && isAlone && base !== undefined ? base : some.text
        const rest = isEmpty && isAlone ? undefined : { ...record, written: hashOf(after) }
        writeJournal(paths, withFile(readJournal(paths), realFile, rest))
        return after
      })
      if (outcome !== 'changed') continue
      changed.push(host.file)
      const { created } = record.hooks
      if (isEmpty && created !== undefined) removeCreated(realFile, created)
    } catch (error) {
      problems.push(problemOf(host.id, host.file, error))
    }
  }
  return { changed, problems }
}
