import { type Dirent, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { hasErrno } from '../../errors.ts'
import type { FoundFile } from './reader.ts'

/** The files below a directory whose names are wanted; links are not followed. Nothing when it is not there. */
export function below(directory: string, depth: number, wanted: (name: string) => boolean): string[] {
  return list(directory).flatMap((entry) => {
    const path = join(directory, entry.name)
    if (entry.isDirectory())
      return depth > 0 && entry.name !== 'tool-results' ? below(path, depth - 1, wanted) : []
    return entry.isFile() && wanted(entry.name) ? [path] : []
  })
}

/** The file as it is now; nothing when it has gone or may not be read. */
export function foundFile(
  client: string,
  path: string,
  hints: Readonly<Record<string, string>> = {},
): FoundFile[] {
  try {
    const { size, mtimeMs, birthtimeMs } = statSync(path)
    // A file restored from a backup was born when it was restored.
    const bornMs = birthtimeMs > 0 ? Math.min(birthtimeMs, mtimeMs) : mtimeMs
    return [{ client, path, bytes: size, mtimeMs, bornMs, hints }]
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'EACCES', 'EPERM')) return []
    throw error
  }
}

/** The entries of a directory; none when it is not there or may not be read. */
export function list(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'EPERM')) return []
    throw error
  }
}
