import { mkdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { writeFailure, writeFileAtomic } from '../config/write-file.ts'
import { hasErrno, MyceliumError } from '../errors.ts'
import { textIfRegular } from '../regular-file.ts'
import type { Change } from './scheduler.ts'

/** A file as it is beside what it should be. */
export function fileChange(path: string, after: string | undefined, job?: string): Change {
  return { path, before: textIfRegular(path), after, ...(job !== undefined && { job }) }
}

/** Writes and removes what differs. Throws what writing a file throws, not_removed. */
export function carryOutFiles(changes: readonly Change[], mode = 0o644): void {
  for (const { path, before, after } of changes) {
    if (before === after) continue
    if (after === undefined) {
      removeFile(path)
      continue
    }
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
      writeFileAtomic(path, after, mode)
    } catch (cause) {
      throw writeFailure(path, cause)
    }
  }
}

function removeFile(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch (cause) {
    if (!hasErrno(cause, 'EACCES', 'EPERM', 'EROFS', 'EBUSY')) throw cause
    throw new MyceliumError('not_removed', `${path} could not be removed: ${cause.code}`, { cause })
  }
}
