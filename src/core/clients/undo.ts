import { readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Paths } from '../config/paths.ts'
import { type ServerDef, writeRegistry } from '../config/registry.ts'
import { hasErrno, MyceliumError } from '../errors.ts'
import type { Preview } from './apply.ts'
import { changeFile } from './change-file.ts'
import type { Client } from './client.ts'
import { clientById } from './client-lookup.ts'
import { readConfig } from './config-text.ts'
import { entryRules, type Problem, readConfigFiles } from './discover.ts'
import type { Format } from './document.ts'
import { hashOf, type JournalFile, readBackup, readJournal, withFile, writeJournal } from './journal.ts'
import { knownServers } from './known-servers.ts'
import { formatOf, type Where } from './places.ts'
import { CLIENTS } from './table.ts'
import { takeBack } from './take-back.ts'

/** A config file that holds edits of ours, by the journal or by its own words. */
export interface UndoTarget {
  readonly file: string
  readonly realFile: string
  readonly format: Format
  readonly clients: readonly Client[]
  readonly record?: JournalFile
}

/**
 * How a file came out: `restored` byte for byte; `merged` when it had changed meanwhile, so that only our edits went; `clean` when nothing of
 * ours was in it any more; `missing` when it is gone.
 */
export type UndoOutcome = 'restored' | 'merged' | 'clean' | 'missing'

/** One file of an undo, done or previewed. */
export interface UndoneFile {
  readonly file: string
  readonly clients: readonly string[]
  readonly outcome: UndoOutcome
  readonly servers: readonly string[]
}

/** What undo did. */
export interface Undone {
  readonly files: readonly UndoneFile[]
  readonly problems: readonly Problem[]
  /** Whether everything of ours is gone from the machine, but for the user's own settings. */
  readonly removed: boolean
  readonly daemonStopped: boolean
}

/** Every config file with edits of ours, of these clients only if some are named. */
export function undoTargets(
  where: Where,
  paths: Paths,
  only: readonly string[],
  problems: Problem[],
): readonly UndoTarget[] {
  const targets = new Map<string, UndoTarget>()
  for (const record of readJournal(paths).files) {
    const ids = [...new Set(record.edits.map((edit) => edit.client))]
    const clients = ids.flatMap((id) => clientById(id) ?? [])
    targets.set(record.realFile, {
      file: record.file,
      realFile: record.realFile,
      format: formatOf(record.file),
      clients,
      record,
    })
  }
  const unreadable: Problem[] = []
  for (const { config, entries } of readConfigFiles(where, CLIENTS, unreadable)) {
    if (targets.has(config.realFile) || !entries.some((entry) => entry.launcher !== undefined)) continue
    const { file, realFile, format, client } = config
    targets.set(realFile, { file, realFile, format, clients: [client] })
  }
  // A file that is in the journal reports its own problem when it is undone; one that never was ours is none of undo's business.
  const known = new Set(
    knownServers(paths).servers.flatMap((server) => server.sources.map((source) => source.file)),
  )
  const inJournal = new Set([...targets.values()].map((target) => target.file))
  problems.push(...unreadable.filter(({ file }) => known.has(file) && !inJournal.has(file)))
  return [...targets.values()].filter(
    (target) => only.length === 0 || target.clients.some((client) => only.includes(client.id)),
  )
}

/** What a text becomes without us. Throws config_changed when an entry no longer says what it stood for. */
export function undoText(
  target: UndoTarget,
  text: string,
  where: Where,
  paths: Paths,
): { readonly text: string; readonly outcome: UndoOutcome; readonly servers: readonly string[] } {
  const { record } = target
  const base = record && readBackup(paths, record.base)
  if (record !== undefined && base !== undefined && hashOf(text) === record.written) {
    return { text: base, outcome: 'restored', servers: record.edits.map((edit) => edit.name) }
  }
  const back = takeBack({ ...target, text }, target.clients, record?.edits ?? [], entryRules(where)())
  const [lost] = back.lost
  if (lost !== undefined) {
    throw new MyceliumError(
      'config_changed',
      `${target.file}: "${lost.name}" calls a launcher but no longer says for which command`,
      {
        hint: `write the command of "${lost.name}" into the file, then run it again`,
      },
    )
  }
  const servers = back.entries.map((entry) => entry.name)
  if (servers.length === 0) return { text, outcome: 'clean', servers }
  return { text: back.text, outcome: back.text === base ? 'restored' : 'merged', servers }
}

/** The texts that undo would leave, for showing. */
export function previewUndo(
  targets: readonly UndoTarget[],
  where: Where,
  paths: Paths,
  problems: Problem[],
): readonly (UndoneFile & Preview)[] {
  return targets.flatMap((target) => {
    const { file, format } = target
    const clients = target.clients.map((client) => client.id)
    try {
      const before = readConfig(file)?.text
      if (before === undefined)
        return { file, format, clients, outcome: 'missing', servers: [], before: '', after: '' }
      const { text: after, outcome, servers } = undoText(target, before, where, paths)
      return { file, format, clients, outcome, servers, before, after }
    } catch (error) {
      if (!(error instanceof MyceliumError)) throw error
      problems.push({ client: clients[0] ?? '', file, error })
      return []
    }
  })
}

/** Takes our edits out of these files, and, when no file holds any more, removes everything else of ours. */
export async function undo(
  targets: readonly UndoTarget[],
  only: readonly string[],
  where: Where,
  paths: Paths,
  stopDaemon: (paths: Paths) => Promise<boolean>,
  signal?: AbortSignal,
): Promise<Undone> {
  const files: UndoneFile[] = []
  const problems: Problem[] = []
  for (const target of targets) {
    if (signal?.aborted) throw new MyceliumError('interrupted', `stopped before ${target.file}`)
    try {
      files.push(await undoFile(target, where, paths))
    } catch (error) {
      if (!(error instanceof MyceliumError)) throw error
      problems.push({ client: target.clients[0]?.id ?? '', file: target.file, error })
    }
  }
  const remaining = remainingServers(paths, only, files, problems)
  // Asked anew: entries of other clients, or copied meanwhile, may still call launchers.
  const left = undoTargets(where, paths, [], [])
  if (remaining.length > 0 || problems.length > 0 || left.length > 0) {
    keepOnly(remaining, paths, problems.length === 0)
    return { files, problems, removed: false, daemonStopped: false }
  }
  const daemonStopped = await stopDaemon(paths)
  removeAll(paths)
  return { files, problems, removed: true, daemonStopped }
}

async function undoFile(target: UndoTarget, where: Where, paths: Paths): Promise<UndoneFile> {
  let outcome: UndoOutcome = 'missing'
  let servers: readonly string[] = []
  await changeFile(target.realFile, (text) => {
    const result = undoText(target, text, where, paths)
    outcome = result.outcome
    servers = result.servers
    return result.text
  })
  const journal = readJournal(paths)
  if (target.record !== undefined) writeJournal(paths, withFile(journal, target.realFile, undefined))
  return { file: target.file, clients: target.clients.map((client) => client.id), outcome, servers }
}

/** The servers that some config still calls: in files that could not be undone, or of clients that were not to be. */
function remainingServers(
  paths: Paths,
  only: readonly string[],
  files: readonly UndoneFile[],
  problems: readonly Problem[],
): readonly ServerDef[] {
  const failed = new Set(problems.map((problem) => problem.file))
  const undone = new Set(files.map((file) => file.file))
  return knownServers(paths).servers.flatMap((server) => {
    const sources = server.sources.filter(
      ({ client, file }) =>
        failed.has(file) || (only.length > 0 && !only.includes(client) && !undone.has(file)),
    )
    return sources.length === 0 ? [] : [{ ...server, sources }]
  })
}

function keepOnly(remaining: readonly ServerDef[], paths: Paths, sure: boolean): void {
  // While a file could not be undone, it may call any launcher: none is removed.
  if (!sure) return
  const before = knownServers(paths).servers
  writeRegistry(paths, { version: 1, servers: remaining })
  for (const { id } of before) {
    if (!remaining.some((server) => server.id === id)) rmSync(join(paths.launchers, id), { force: true })
  }
}

function removeAll(paths: Paths): void {
  for (const path of [paths.launchers, paths.bin, paths.registry, paths.backups, paths.log]) {
    rmSync(path, { recursive: true, force: true })
  }
  // Last, and in one step: it holds the lock that an init may be waiting for, which then makes one of its own.
  const gone = `${paths.run}.${process.pid}.gone`
  try {
    renameSync(paths.run, gone)
    rmSync(gone, { recursive: true, force: true })
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error
  }
  try {
    // Settings are the user's own: they stay, and with them the directory.
    if (readdirSync(paths.root).length === 0) rmdirSync(paths.root)
  } catch (error) {
    if (!hasErrno(error, 'ENOENT', 'ENOTEMPTY')) throw error
  }
}
