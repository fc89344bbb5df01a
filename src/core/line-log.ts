import { closeSync, fstatSync, readdirSync, rmSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { hasErrno } from './errors.ts'
import { fingerprint } from './hash.ts'
import { openToAdd, textIfRegular } from './regular-file.ts'

/** Bytes; some 15,000 to 25,000 entries. What would come after that is not recorded. */
const MAX_BYTES = 2 * 1024 * 1024
/** A session that was silent this long is over. */
const MAX_AGE_MS = 14 * 24 * 60 * 60_000

/**
 * What happened in one session of an agent: a JSON line for each thing. Hooks run side by side, so a line is added by one write that the system appends whole,
 * and nothing is ever rewritten.
 */
export interface LineLog {
  /** Every line in its order, the last one perhaps cut short by a full disk; none where there is no log. Throws the system's error. */
  lines(): readonly string[]
  /** Whether lines are missing because there were too many. */
  isFull(): boolean
  /** Adds a line; false where the log is full. Throws the system's error. */
  add(entry: object): boolean
  /** The same where anything was added before: else there is nothing that it could change. */
  addIfKnown(entry: object): void
}

/** The log of a session in `dir`, which is made, with `above` directories over it, but never the root: a hook that outlives an undo leaves no trace. */
export function lineLog(dir: string, session: string, above = 0): LineLog {
  const file = join(dir, `${fingerprint([session], 32)}.jsonl`)
  const directories = Array.from({ length: above + 1 }, (_, i) =>
    join(dir, ...Array<string>(above - i).fill('..')),
  )
  const add = (entry: object): boolean => {
    const fd = openToAdd(file, directories)
    try {
      if (fstatSync(fd).size > MAX_BYTES) return false
      writeSync(fd, `${JSON.stringify(entry)}\n`)
      return true
    } finally {
      closeSync(fd)
    }
  }
  return {
    lines: () => (textIfRegular(file) ?? '').split('\n').filter((line) => line !== ''),
    isFull: () => (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > MAX_BYTES,
    add,
    addIfKnown: (entry) => {
      if (statSync(file, { throwIfNoEntry: false }) !== undefined) add(entry)
    },
  }
}

/** Removes logs, and what else is in a directory, that were not written to for two weeks; for one that others may be cleaning too. */
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
