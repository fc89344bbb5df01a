import { closeSync, readdirSync, readSync, rmSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { openRegular } from '../regular-file.ts'

const DAY_MS = 24 * 60 * 60_000
/** A repository that nobody looked at for this long is looked at anew. */
const UNUSED_MS = 90 * DAY_MS
/** The root stands before the files; pairs with memory.ts. */
const HEAD_BYTES = 16 * 1024

/** Removes what is kept of directories that are gone, or that were not looked at for 90 days. Throws the system's error. */
export function forgetUnused(scores: string, nowMs: number): void {
  for (const name of readdirSync(scores)) {
    const id = /^(\w+)-facts\.json$/.exec(name)?.[1]
    if (id === undefined || isUsed(join(scores, name), nowMs)) continue
    for (const what of ['facts', 'ranking']) rmSync(join(scores, `${id}-${what}.json`), { force: true })
  }
}

/** Notes that what is kept was used, once a day: where nothing changes it is not written anew. */
export function markUsed(file: string, nowMs: number): void {
  try {
    if (nowMs - statSync(file).mtimeMs > DAY_MS) utimesSync(file, nowMs / 1000, nowMs / 1000)
  } catch {
    // It goes, and the next look takes longer.
  }
}

function isUsed(file: string, nowMs: number): boolean {
  const stat = statSync(file, { throwIfNoEntry: false })
  if (stat === undefined || nowMs - stat.mtimeMs > UNUSED_MS) return false
  const root = rootIn(file)
  return root === undefined || statSync(root, { throwIfNoEntry: false }) !== undefined
}

/** Undefined where it does not say: one of an earlier version, which goes by its age. */
function rootIn(file: string): string | undefined {
  const fd = openRegular(file)
  try {
    const bytes = Buffer.alloc(HEAD_BYTES)
    const head = bytes.toString('utf8', 0, readSync(fd, bytes))
    const root = /^[^{]*\{[^{[]*?"root":("(?:[^"\\]|\\.)*")/.exec(head)?.[1]
    return root === undefined ? undefined : JSON.parse(root)
  } finally {
    closeSync(fd)
  }
}
