import { accessSync, constants, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { hasErrno, MyceliumError } from '../errors.ts'
import { readRegular } from '../regular-file.ts'

/** A config's bytes and the text they spell. A byte order mark stays in the text, so that encoding it gives the same bytes. */
export interface ConfigText {
  readonly bytes: Buffer
  readonly text: string
}

/** Reads a config; undefined when there is none. Throws config_unreadable or config_invalid. */
export function readConfig(file: string): ConfigText | undefined {
  let bytes: Buffer
  try {
    bytes = readRegular(file)
  } catch (cause) {
    if (cause instanceof MyceliumError || hasErrno(cause, 'ENOENT', 'ENOTDIR')) {
      if (cause instanceof MyceliumError) throw cause
      return undefined
    }
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error'
    throw new MyceliumError('config_unreadable', `${file} cannot be read: ${code}`, { cause })
  }
  try {
    return { bytes, text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) }
  } catch (cause) {
    throw new MyceliumError('config_invalid', `${file} is not UTF-8 text`, { cause })
  }
}

/** Throws config_read_only when the file, or the directory that a rename needs, is not to be written. */
export function requireWritable(realFile: string): void {
  // For root every access succeeds; a file without any write bit was still meant to stay.
  const readOnly =
    (statSync(realFile).mode & 0o222) === 0 || !writable(realFile) || !writable(dirname(realFile))
  if (readOnly) throw new MyceliumError('config_read_only', `${realFile} is read-only`)
}

function writable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch (error) {
    if (hasErrno(error, 'EACCES', 'EPERM', 'EROFS')) return false
    throw error
  }
}
