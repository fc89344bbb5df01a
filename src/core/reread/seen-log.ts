import { closeSync, fstatSync, mkdirSync, openSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type Happening, happened, nothingSeen, type Seen } from '../diff/seen.ts'
import { hasErrno } from '../errors.ts'
import { fingerprint } from '../hash.ts'
import { APPEND, textIfRegular } from '../regular-file.ts'

/** Some 15,000 reads. A session with more is answered as if nothing were known. */
const MAX_LOG_BYTES = 2 * 1024 * 1024
const KINDS: readonly string[] = ['given', 'lost', 'size', 'unsure'] satisfies readonly Happening['kind'][]

/** The file of one session: a JSON line for each thing that happened, hashes and numbers only. */
export function seenLog(dir: string, session: string): string {
  return join(dir, `${fingerprint([session], 32)}.jsonl`)
}

/** What the session holds, and its turn: how many things happened. Of a log that is full, nothing: what came later is not in it. */
export function readSeen(file: string): { readonly seen: Seen; readonly turn: number } {
  const text = textIfRegular(file) ?? ''
  const entries = text.split('\n').flatMap((line) => entryOf(line) ?? [])
  const isFull = Buffer.byteLength(text) > MAX_LOG_BYTES
  const seen = isFull
    ? nothingSeen()
    : entries.reduce((before, entry) => happened(before, entry), nothingSeen())
  return { seen, turn: entries.length }
}

/** Adds what happened by one write, which the system appends whole, however many hooks write at once; false where the log is full. Throws the system's error. */
export function note(file: string, happening: Happening): boolean {
  const fd = openIn(file)
  try {
    if (fstatSync(fd).size > MAX_LOG_BYTES) return false
    writeSync(fd, `${JSON.stringify(happening)}\n`)
    return true
  } finally {
    closeSync(fd)
  }
}

/** The same where anything was noted before: else there is nothing that it could change. */
export function noteIfKnown(file: string, happening: Happening): void {
  if (statSync(file, { throwIfNoEntry: false }) !== undefined) note(file, happening)
}

/** The directory of the root is never made: a hook that outlives an undo leaves no trace. */
function openIn(file: string): number {
  try {
    return openSync(file, APPEND, 0o600)
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error
  }
  const dir = join(file, '..')
  for (const one of [join(dir, '..'), dir])
    try {
      mkdirSync(one, { mode: 0o700 })
    } catch (error) {
      if (!hasErrno(error, 'EEXIST')) throw error
    }
  return openSync(file, APPEND, 0o600)
}

/** A line that a full disk cut short is taken for the word that nothing is known any more: it may have been that. */
function entryOf(line: string): Happening | undefined {
  if (line === '') return undefined
  try {
    const entry = JSON.parse(line)
    if (KINDS.includes(entry?.kind)) return entry
  } catch {
    // As one of a later version.
  }
  return { kind: 'lost' }
}
