import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { hasErrno, MyceliumError } from '../errors.ts'

/**
 * Replaces a file's bytes by write, fsync and rename, so that a reader sees the old or the new text and a full disk loses nothing.
 * Follows a symbolic link to its target; keeps the mode of an existing file (else `mode`).
 * Throws write_failed (disk full, quota) or config_read_only.
 */
export function writeFileAtomic(path: string, bytes: string | Uint8Array, mode = 0o600): void {
  const target = realPathOrSelf(path)
  const temporary = `${target}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`
  try {
    const fd = openSync(temporary, 'wx', modeOf(target) ?? mode)
    try {
      const buffer = typeof bytes === 'string' ? Buffer.from(bytes) : bytes
      for (let offset = 0; offset < buffer.length; ) offset += writeSync(fd, buffer, offset)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(temporary, target)
  } catch (cause) {
    rmSync(temporary, { force: true })
    if (hasErrno(cause, 'EACCES', 'EPERM', 'EROFS')) {
      throw new MyceliumError('config_read_only', `${path} cannot be written: ${cause.code}`, { cause })
    }
    if (hasErrno(cause, 'ENOSPC', 'EDQUOT', 'EFBIG', 'EIO')) {
      throw new MyceliumError('write_failed', `${path} was not written: ${cause.code}`, { cause })
    }
    throw cause
  }
}

function realPathOrSelf(path: string): string {
  try {
    return realpathSync(path)
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return path
    throw error
  }
}

function modeOf(path: string): number | undefined {
  try {
    return statSync(path).mode & 0o777
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined
    throw error
  }
}
