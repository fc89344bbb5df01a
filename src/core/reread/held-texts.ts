import { existsSync, mkdirSync, rmSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomic } from '../config/write-file.ts'
import { textHash } from '../diff/text.ts'
import { hasErrno } from '../errors.ts'
import { namesIn } from '../names-in.ts'
import { textIfRegular } from '../regular-file.ts'

/** All texts together; the oldest go first. */
const MAX_BYTES = 64 * 1024 * 1024
const MAX_AGE_MS = 14 * 24 * 60 * 60_000

/** Keeps a text that a session holds, for a patch against it, below a directory for its user alone. Its parent is never made. Throws write_failed. */
export function keepText(dir: string, version: string, text: string, nowMs: number): void {
  const file = join(dir, version)
  if (existsSync(file)) {
    utimesSync(file, nowMs / 1000, nowMs / 1000)
    return
  }
  makeOnce(dir)
  writeFileAtomic(file, text)
}

/** A text that was kept; undefined where it was not, or is not what its name says. */
export function keptText(dir: string, version: string): string | undefined {
  const text = textIfRegular(join(dir, version))
  return text !== undefined && textHash(text) === version ? text : undefined
}

/** Removes what is too old, and the oldest of what is too much. */
export function tidyTexts(dir: string, nowMs: number): void {
  const files = namesIn(dir).flatMap((name) => {
    const path = join(dir, name)
    const stat = statSync(path, { throwIfNoEntry: false })
    return stat?.isFile() ? [{ path, bytes: stat.size, atMs: stat.mtimeMs }] : []
  })
  let bytes = 0
  for (const file of files.sort((a, b) => b.atMs - a.atMs)) {
    bytes += file.bytes
    if (bytes > MAX_BYTES || nowMs - file.atMs > MAX_AGE_MS) rmSync(file.path, { force: true })
  }
}

function makeOnce(dir: string): void {
  try {
    mkdirSync(dir, { mode: 0o700 })
  } catch (error) {
    if (!hasErrno(error, 'EEXIST')) throw error
  }
}
