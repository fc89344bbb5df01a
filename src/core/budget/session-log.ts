import { randomBytes } from 'node:crypto'
import { closeSync, fstatSync, mkdirSync, openSync, readdirSync, rmSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { hasErrno } from '../errors.ts'
import { fingerprint } from '../hash.ts'
import { APPEND, textIfRegular } from '../regular-file.ts'
import { type Answer, type Ask, answerTo, type Happening } from './gate.ts'
import type { LineRange, Wanted } from './skeleton.ts'

/** About 15,000 reads; a session with more is answered as if there were no budgets. */
const MAX_LOG_BYTES = 2 * 1024 * 1024
/** Ranges that an outline begins with, at most, of each kind. */
const MAX_WANTED = 5
/** A session that was silent this long is over. */
const MAX_AGE_MS = 14 * 24 * 60 * 60_000

/**
 * What one session of an agent read: a file of one JSON line each, hashes and line numbers only. Hooks run side by side, so a line is added by
 * one write that the system appends whole, and what it is answered by follows from the lines before it.
 */
export class SessionLog {
  readonly #dir: string
  readonly #file: string

  constructor(dir: string, session: string) {
    this.#dir = dir
    this.#file = join(dir, `${fingerprint([session], 32)}.jsonl`)
  }

  /** Records a read and says what it is answered by; `whole` where nothing can be recorded any more. Throws the system's error. */
  ask(ask: Ask): Answer {
    const id = randomBytes(6).toString('hex')
    if (!this.#append({ ...ask, id })) return 'whole'
    const entries = this.#entries()
    const own = entries.findIndex((entry) => entry.id === id)
    return own < 0 ? 'whole' : answerTo(entries.slice(0, own), ask)
  }

  /** What a read would be answered by if it were recorded now. Throws the system's error. */
  foresee(ask: Ask): Answer {
    return answerTo(this.#entries(), ask)
  }

  /** Lines of the file that the session has edited, and those it asked for that are not in the context of this read; the newest first. */
  wanted({ context, file, content }: Ask): Required<Wanted> {
    const entries = this.#entries()
    const lastReset = entries.findLastIndex(({ kind }) => kind === 'reset')
    const asked: LineRange[] = []
    const edited: LineRange[] = []
    for (const [i, entry] of entries.entries()) {
      if (entry.kind === 'reset' || entry.file !== file) continue
      if (entry.kind === 'edit' && entry.lines) edited.unshift({ from: entry.lines[0], to: entry.lines[1] })
      const isElsewhere = i < lastReset || entry.context !== context
      if (entry.kind === 'ask' && !entry.whole && entry.content === content && isElsewhere)
        asked.unshift({ from: entry.from, to: entry.to })
    }
    return { asked: asked.slice(0, MAX_WANTED), edited: edited.slice(0, MAX_WANTED) }
  }

  #entries(): readonly Entry[] {
    const text = textIfRegular(this.#file) ?? ''
    return text.split('\n').flatMap((line) => entryOf(line) ?? [])
  }

  /** Records what happened, where anything was recorded before: else there is nothing that it could change. */
  note(happening: Exclude<Happening, Ask>): void {
    if (statSync(this.#file, { throwIfNoEntry: false }) !== undefined) this.#append(happening)
  }

  #append(entry: object): boolean {
    const fd = openIn(this.#dir, this.#file)
    try {
      if (fstatSync(fd).size > MAX_LOG_BYTES) return false
      writeSync(fd, `${JSON.stringify(entry)}\n`)
      return true
    } finally {
      closeSync(fd)
    }
  }
}

/** Removes what was not written to for two weeks; for a directory that others may be cleaning too. */
export function removeOld(dir: string, nowMs: number): void {
  let names: string[]
  try {
    names = readdirSync(dir)
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return
    throw error
  }
  for (const name of names) {
    const file = join(dir, name)
    const stat = statSync(file, { throwIfNoEntry: false })
    if (stat?.isFile() && nowMs - stat.mtimeMs > MAX_AGE_MS) rmSync(file, { force: true })
  }
}

/** Its parent is never made: a hook that outlives an undo leaves no trace. */
function openIn(dir: string, file: string): number {
  try {
    return openSync(file, APPEND, 0o600)
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error
  }
  try {
    mkdirSync(dir, { mode: 0o700 })
  } catch (error) {
    if (!hasErrno(error, 'EEXIST')) throw error
  }
  return openSync(file, APPEND, 0o600)
}

type Entry = Happening & { readonly id?: string }

/** A line that a full disk cut short is none. */
function entryOf(line: string): Entry | undefined {
  try {
    const entry = JSON.parse(line)
    return typeof entry?.kind === 'string' ? entry : undefined
  } catch {
    return undefined
  }
}
