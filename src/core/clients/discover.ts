import { statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type ConfigText, readConfig, requireWritable } from '../config/config-text.ts'
import { rootFrom } from '../config/paths.ts'
import { MyceliumError } from '../errors.ts'
import { readRegular } from '../regular-file.ts'
import type { Client, KeyPath } from './client.ts'
import type { MapValue } from './document.ts'
import { type Entry, entriesIn } from './entries.ts'
import type { EntryRules } from './entry.ts'
import { type ConfigFile, configFiles, type Where } from './places.ts'
import { readDocument } from './syntaxes.ts'
import { CLIENTS } from './table.ts'

/** Where an entry counts: `local` is Claude Code's list for one directory inside the user's file. */
export type Scope = 'user' | 'project' | 'local' | 'managed'

/** One server entry of one client, and whether init may take it over. Holds names of variables, never values. */
export interface Found {
  readonly client: string
  readonly scope: Scope
  readonly file: string
  readonly realFile: string
  readonly name: string
  /** Keys from the top of the file to the list that holds the entry. */
  readonly place: KeyPath
  readonly argv: readonly string[]
  readonly envNames: readonly string[]
  readonly verdict: 'take' | 'leave'
  /** Why it is left; empty for `take`. */
  readonly reason: string
  /** Set when the entry calls one of our launchers already. */
  readonly launcher?: string
}

/** A config that could not be used, as a named error: never fatal for the other clients. */
export interface Problem {
  readonly client: string
  readonly file: string
  readonly error: MyceliumError
}

/** What was thrown, as a problem of one file. An error of the system is one; anything else is a bug and thrown on. */
export function problemOf(client: string, file: string, error: unknown): Problem {
  if (error instanceof MyceliumError) return { client, file, error }
  if (!(error instanceof Error && 'syscall' in error)) throw error
  return { client, file, error: new MyceliumError('write_failed', error.message, { cause: error }) }
}

/** Everything found, in the table's order. */
export interface Discovery {
  readonly found: readonly Found[]
  readonly problems: readonly Problem[]
  /** Every config file that could be read, whether or not it names a server. */
  readonly files: readonly string[]
}

/** One config file read. */
export interface ReadConfigFile {
  readonly config: ConfigFile
  readonly text: string
  readonly root: MapValue
  readonly entries: readonly Entry[]
}

/** Every server entry in the configs of these clients, with a verdict each. Changes nothing. */
export function discover(where: Where, clients: readonly Client[] = CLIENTS): Discovery {
  const found: Found[] = []
  const problems: Problem[] = []
  const read = readConfigFiles(where, clients, problems)
  for (const { config, entries } of read) {
    const refusal = entries.some((entry) => entry.leave === undefined) ? refusalOf(config) : undefined
    if (refusal !== undefined) problems.push({ client: config.client.id, file: config.file, error: refusal })
    for (const entry of entries) found.push(foundOf(config, entry, refusal))
  }
  return { found, problems, files: read.map(({ config }) => config.file) }
}

/** Reads every config file there is; those that cannot be read become problems. */
export function readConfigFiles(
  where: Where,
  clients: readonly Client[],
  problems: Problem[],
): readonly ReadConfigFile[] {
  const rules = entryRules(where)
  return configFiles(clients, where).flatMap((config) => {
    try {
      const read = readSettled(config)
      if (read === undefined) return []
      const { text, root } = read
      return [{ config, text, root, entries: entriesIn(root, config.client, config.at, rules(config)) }]
    } catch (error) {
      if (!(error instanceof MyceliumError)) throw error
      problems.push({ client: config.client.id, file: config.file, error })
      return []
    }
  })
}

/** An invalid text may be one that another program is just writing: it counts only when a second look finds the same. */
function readSettled(config: ConfigFile): { text: string; root: MapValue } | undefined {
  let before: ConfigText | undefined
  for (;;) {
    const now = readConfig(config.file)
    if (now === undefined) return undefined
    try {
      return { text: now.text, root: readDocument(now.text, config.format, config.file) }
    } catch (error) {
      if (before?.bytes.equals(now.bytes)) throw error
      before = now
    }
  }
}

function refusalOf(config: ConfigFile): MyceliumError | undefined {
  if (config.scope === 'managed') return undefined
  try {
    requireWritable(config.realFile)
    return undefined
  } catch (error) {
    if (error instanceof MyceliumError) return error
    throw error
  }
}

function foundOf(config: ConfigFile, entry: Entry, refusal: MyceliumError | undefined): Found {
  const managed = config.scope === 'managed' ? 'managed by a plugin or extension of the client' : undefined
  const readOnly = refusal === undefined ? undefined : 'its file is read-only'
  const reason = entry.leave ?? managed ?? readOnly ?? ''
  return {
    client: config.client.id,
    scope: entry.place[0] === 'projects' ? 'local' : config.scope,
    file: config.file,
    realFile: config.realFile,
    name: entry.name,
    place: entry.place,
    argv: entry.argv,
    envNames: entry.envNames,
    verdict: reason === '' ? 'take' : 'leave',
    reason,
    ...(entry.launcher === undefined ? {} : { launcher: entry.launcher }),
  }
}

/** The machine's part in judging entries of one config file. */
export function entryRules(where: Where): (config?: ConfigFile) => EntryRules {
  const launchers = join(rootFrom(where.env), 'launchers')
  return (config) => ({
    launchers,
    isFile: (path) => statSync(resolve(where.cwd, path), { throwIfNoEntry: false })?.isFile() === true,
    envFileNames: (path) => {
      const base = config?.project ?? where.cwd
      const full = path
        .replace(/\$\{workspaceFolder\}/g, () => base)
        .replace(/\$\{userHome\}/g, () => where.home)
        .replace(/^~(?=\/)/, () => where.home)
      return full.includes('${')
        ? undefined
        : namesInEnvFile(resolve(config ? projectOf(config) : base, full))
    },
  })
}

function projectOf(config: ConfigFile): string {
  return config.project ?? dirname(config.file)
}

function namesInEnvFile(file: string): readonly string[] | undefined {
  try {
    const text = readRegular(file).toString('utf8')
    return [...text.matchAll(/^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*=/gm)].map((match) => match[1]!)
  } catch {
    // Any failure means the same here: the names are not known, and the entry is left.
    return undefined
  }
}
