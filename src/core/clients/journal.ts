import { createHash } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Paths } from '../config/paths.ts'
import { writeFileAtomic } from '../config/write-file.ts'
import { bytesIfRegular, textIfRegular } from '../regular-file.ts'
import type { HookEdit } from './hook-edit.ts'
import { type IgnoreEdit, isIgnoreEdit } from './ignore-edit.ts'
import type { McpEdit } from './mcp-edit.ts'
import type { Edit } from './rewrite.ts'

/** What was done to one config file. */
export interface JournalFile {
  /** As the client opens it, and with links followed. */
  readonly file: string
  readonly realFile: string
  /** Backup of the bytes before the first change of all: kept for the user. */
  readonly first: string
  /** Backup of the bytes that the file would have had without us when it was last written: what undo restores. */
  readonly base: string
  /** SHA-256 of the bytes before and after that writing. */
  readonly before: string
  readonly written: string
  readonly edits: readonly Edit[]
  /** The hooks that were put into it. */
  readonly hooks?: HookEdit
  /** What was put into it to hide files of its project. */
  readonly ignore?: IgnoreEdit
  /** Our own server, as one of its entries. */
  readonly mcp?: McpEdit
}

/** backups/journal.json: every config file that holds edits of ours. */
export interface Journal {
  readonly version: 1
  readonly files: readonly JournalFile[]
}

/** Name of the journal in the directory of backups. */
export const JOURNAL_NAME = 'journal.json'

/** SHA-256 of a text's bytes, in hex. */
export function hashOf(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

/** The journal on disk. What of it cannot be understood is left out: undo then goes by what the configs themselves say. */
export function readJournal(paths: Paths): Journal {
  let value: unknown
  try {
    value = JSON.parse(textIfRegular(join(paths.backups, JOURNAL_NAME)) ?? 'null')
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  const { version, files } = Object(value)
  return { version: 1, files: version === 1 && Array.isArray(files) ? files.filter(isRecord) : [] }
}

function isRecord(value: unknown): value is JournalFile {
  const { file, realFile, first, base, before, written, edits, hooks, ignore, mcp } = Object(value)
  const sound = [file, realFile, first, base, before, written].every(isText)
  return (
    sound &&
    [first, base].every(isBackupName) &&
    Array.isArray(edits) &&
    edits.every(isEdit) &&
    (hooks === undefined || isHookEdit(hooks)) &&
    (ignore === undefined || isIgnoreEdit(ignore)) &&
    (mcp === undefined || isMcpEdit(mcp))
  )
}

function isHookEdit(value: unknown): value is HookEdit {
  const { client, quiet, kept } = Object(value)
  return isText(client) && isText(quiet) && Array.isArray(kept) && kept.every(isText)
}

function isMcpEdit(value: unknown): value is McpEdit {
  const { client, path, made } = Object(value)
  return isText(client) && isText(path) && Number.isInteger(made)
}

function isEdit(value: unknown): value is Edit {
  const { client, place, name, id, argv, commandText, argsText, newCommandText, newArgsText } = Object(value)
  const spelled = [commandText, argsText, newCommandText].every((text) => text === null || isText(text))
  const words = [place, argv].every((list) => Array.isArray(list) && list.every(isText))
  return spelled && words && [client, name, id, newArgsText].every(isText)
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isBackupName(name: string): boolean {
  return /^[0-9a-f]{16}-/.test(name) && !name.includes('/')
}

/** Writes the journal, then removes backups that it no longer names. */
export function writeJournal(paths: Paths, files: readonly JournalFile[]): void {
  prepare(paths)
  const before = readJournal(paths).files
  const sorted = [...files].sort((a, b) => (a.realFile < b.realFile ? -1 : 1))
  const text = `${JSON.stringify({ version: 1, files: sorted }, null, 2)}\n`
  writeFileAtomic(join(paths.backups, JOURNAL_NAME), text)
  const kept = new Set(files.flatMap((file) => [file.first, file.base]))
  for (const name of before.flatMap((file) => [file.first, file.base])) {
    if (!kept.has(name)) rmSync(join(paths.backups, name), { force: true })
  }
}

/** The journal with one file's record set, or removed. */
export function withFile(
  journal: Journal,
  realFile: string,
  record: JournalFile | undefined,
): readonly JournalFile[] {
  const others = journal.files.filter((file) => file.realFile !== realFile)
  return record === undefined ? others : [...others, record]
}

/** Keeps bytes, readable by the user alone, under a name made of their hash. */
export function storeBackup(paths: Paths, file: string, text: string): string {
  prepare(paths)
  const name = `${hashOf(text).slice(0, 16)}-${basename(file)}`
  writeFileAtomic(join(paths.backups, name), text, 0o600)
  return name
}

/** The text of a backup; undefined when it is gone or no longer what its name says. */
export function readBackup(paths: Paths, name: string): string | undefined {
  const bytes = bytesIfRegular(join(paths.backups, name))
  if (bytes === undefined || !name.startsWith(hashOf(bytes).slice(0, 16))) return undefined
  return bytes.toString('utf8')
}

/** Whether a file in the directory of backups holds what its name says. */
export function isSoundBackup(paths: Paths, name: string): boolean {
  return isBackupName(name) && readBackup(paths, name) !== undefined
}

function prepare(paths: Paths): void {
  mkdirSync(paths.backups, { recursive: true, mode: 0o700 })
}
