import { resolve } from 'node:path'
import { systemClock } from './clock.ts'
import { hasErrno, MyceliumError } from './errors.ts'
import { openStdin, readInput } from './input.ts'
import { readRegular } from './regular-file.ts'

const MAX_INPUT_BYTES = 64 * 1024 * 1024
/** What is piped in may be the output of a build. */
const INPUT_LIMIT_MS = 60 * 60_000

/** The text of a file below `cwd`, or of standard input for `-`. Throws path_missing, text_expected. */
export async function readTextInput(cwd: string, file: string): Promise<string> {
  const bytes = file === '-' ? await inputOf() : fileOf(resolve(cwd, file), file)
  try {
    // With its byte order mark, if it has one: an original is byte for byte.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new MyceliumError('text_expected', `${named(file)} is not UTF-8 text`, { cause })
  }
}

async function inputOf(): Promise<Buffer> {
  const { bytes, whole } = await readInput(openStdin(), {
    maxBytes: MAX_INPUT_BYTES,
    limitMs: INPUT_LIMIT_MS,
    clock: systemClock,
  })
  if (!whole)
    throw new MyceliumError('text_expected', `standard input has more than ${MAX_INPUT_BYTES} bytes`)
  return bytes
}

function fileOf(path: string, file: string): Buffer {
  try {
    return readRegular(path, MAX_INPUT_BYTES)
  } catch (cause) {
    if (hasErrno(cause, 'ENOENT', 'ENOTDIR', 'ELOOP'))
      throw new MyceliumError('path_missing', `${file} does not exist`, { cause })
    if (cause instanceof MyceliumError || hasErrno(cause, 'EACCES', 'EPERM', 'EISDIR', 'ENXIO'))
      throw new MyceliumError('text_expected', `${file} cannot be read: ${cause.message}`, { cause })
    throw cause
  }
}

function named(file: string): string {
  return file === '-' ? 'standard input' : file
}
