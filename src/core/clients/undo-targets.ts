import { join, resolve } from 'node:path'
import { readConfig } from '../config/config-text.ts'
import type { Paths } from '../config/paths.ts'
import { MyceliumError } from '../errors.ts'
import { quietPath } from '../launch/quiet.ts'
import { shellQuote } from '../launch/render.ts'
import type { Preview } from './apply.ts'
import { isGone, isKeptFor } from './called.ts'
import type { Client } from './client.ts'
import { clientById } from './client-lookup.ts'
import { entryRules, type Problem, readConfigFiles } from './discover.ts'
import type { Format } from './document.ts'
import { hookedEvents, takeHooks } from './hook-edit.ts'
import { hookHosts } from './hook-hosts.ts'
import { takeIgnore } from './ignore-edit.ts'
import { hashOf, type JournalFile, readBackup, readJournal } from './journal.ts'
import { knownServers } from './known-servers.ts'
import { takeMcp } from './mcp-edit.ts'
import { configFiles, formatOf, realPath, type Where } from './places.ts'
import { CLIENTS } from './table.ts'
import { takeBack } from './take-back.ts'

/** From a project's config to the directory of the project; the table has none that is deeper. */
const PROJECT_DEPTHS = ['..', '../..', '../../..']

/** A config file that holds edits of ours, by the journal or by its own words. */
export interface UndoTarget {
  readonly file: string
  readonly realFile: string
  readonly format: Format
  readonly clients: readonly Client[]
  readonly record?: JournalFile
}

/** Whether a file holds patterns, and is in none of the languages of configs. */
export function isPatternFile({ record }: UndoTarget): boolean {
  return record?.ignore?.shape === 'block'
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
  /** A file of patterns: no config, and no secret in it. */
  readonly isPatterns?: boolean
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
    const ids = new Set(
      [
        ...record.edits,
        ...(record.hooks ? [record.hooks] : []),
        ...(record.ignore ? [record.ignore] : []),
      ].map(({ client }) => client),
    )
    const clients = [...ids].flatMap((id) => clientById(id) ?? [])
    targets.set(record.realFile, {
      file: record.file,
      realFile: record.realFile,
      format: formatOf(record.file),
      clients,
      record,
    })
  }
  const unreadable: Problem[] = []
  const noted = readJournal(paths).files
  for (const { config, text, entries } of readConfigFiles(where, CLIENTS, unreadable)) {
    if (targets.has(config.realFile) || !entries.some((entry) => entry.launcher !== undefined)) continue
    const { file, realFile, format, client } = config
    // Moved or copied: its way back is the one of the file it was.
    const record = noted.find((one) => one.written === hashOf(text))
    if (record !== undefined && isGone(record.file)) targets.delete(record.realFile)
    targets.set(realFile, { file, realFile, format, clients: [client], ...(record && { record }) })
  }
  for (const target of hookTargets(where, paths))
    if (!targets.has(target.realFile)) targets.set(target.realFile, target)
  // A file that is in the journal reports its own problem when it is undone; one that never was ours is none of undo's business.
  const known = new Set(
    knownServers(paths).servers.flatMap((server) => server.sources.map((source) => source.file)),
  )
  const inJournal = new Set([...targets.values()].map((target) => target.file))
  problems.push(...unreadable.filter(({ file }) => known.has(file) && !inJournal.has(file)))
  return [...targets.values()].filter(
    (target) =>
      only.length === 0 ||
      target.clients.some((client) => only.includes(client.id)) ||
      only.some((id) => isReadBy(clientById(id)!, target, where)),
  )
}

/** Settings that hold hooks of ours by their own words. One that cannot be read is none of undo's business, unless the journal names it. */
function hookTargets(where: Where, paths: Paths): readonly UndoTarget[] {
  return hookHosts(where).flatMap(({ id, file }) => {
    try {
      const text = readConfig(file)?.text
      if (text === undefined || hookedEvents(text, quietPath(paths), file).length === 0) return []
      return [{ file, realFile: realPath(file) ?? file, format: 'json' as const, clients: [clientById(id)!] }]
    } catch (error) {
      if (error instanceof MyceliumError) return []
      throw error
    }
  })
}

/** Whether a client reads this file, from here or from the project that the file lies in. */
function isReadBy(client: Client, { file, realFile }: UndoTarget, where: Where): boolean {
  return [where.cwd, ...PROJECT_DEPTHS.map((depth) => resolve(file, depth))].some((cwd) =>
    configFiles([client], { ...where, cwd }).some((config) => config.realFile === realFile),
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
  const ignored = record?.ignore
  const shown = ignored === undefined ? { text, taken: 0 } : takeIgnore(text, ignored, target.file)
  // A file of patterns is in none of the languages that configs are in.
  if (ignored?.shape === 'block') {
    const outcome = shown.taken === 0 ? 'clean' : shown.text === base ? 'restored' : 'merged'
    return { text: shown.text, outcome, servers: [] }
  }
  const hooks = { quiet: quietPath(paths), kept: record?.hooks?.kept ?? [] }
  const unhooked =
    target.format === 'json' ? takeHooks(shown.text, hooks, target.file) : { text: shown.text, taken: 0 }
  const mcp = record?.mcp
  const served =
    mcp === undefined
      ? { text: unhooked.text, taken: 0 }
      : takeMcp(unhooked.text, mcp, target.format, target.file)
  const back = takeBack(
    { ...target, text: served.text },
    target.clients,
    record?.edits ?? [],
    entryRules(where)(),
  )
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
  if (servers.length === 0 && unhooked.taken + shown.taken + served.taken === 0)
    return { text, outcome: 'clean', servers }
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
      if (before === undefined) {
        if (target.record !== undefined && isKeptFor(target.record, paths))
          problems.push(goneProblem(target.record, paths))
        return { file, format, clients, outcome: 'missing', servers: [], before: '', after: '' }
      }
      const { text: after, outcome, servers } = undoText(target, before, where, paths)
      const isPatterns = isPatternFile(target)
      return { file, format, clients, outcome, servers, before, after, isPatterns }
    } catch (error) {
      if (!(error instanceof MyceliumError)) throw error
      problems.push({ client: clients[0] ?? '', file, error })
      return []
    }
  })
}

/** What the user must know of a file that is gone. */
export function goneProblem({ file, base, edits }: JournalFile, paths: Paths): Problem {
  const backup = join(paths.backups, base)
  const ids = [...new Set(edits.map((edit) => edit.id))].join(', ')
  const error = new MyceliumError(
    'config_gone',
    `${file} is gone, and if it was moved or copied it still calls launchers (${ids}): they stay, and so does its backup ${backup}`,
    {
      hint: `mycelium undo, in the directory it was moved to; if there is none: rm ${shellQuote(backup)} && mycelium undo`,
    },
  )
  return { client: edits[0]?.client ?? 'mycelium', file, error }
}
