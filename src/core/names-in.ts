import { readdirSync } from 'node:fs'
import { hasErrno } from './errors.ts'

/** The names in a directory; none where it is missing, no directory, a link that leads nowhere, or not to be looked into. */
export function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES')) return []
    throw error
  }
}
