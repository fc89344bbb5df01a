import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs'
import { hasErrno, MyceliumError } from '../errors.ts'
import { bytesIfRegular } from '../regular-file.ts'

/** Ends the names of the files that writeFileAtomic leaves when it is killed. */
export const TEMPORARY = /\.\d+\.[0-9a-f]{8}\.tmp$/

/**
 * Replaces a file's bytes by write, fsync and rename, so that a reader sees the old or the new text and a full disk loses nothing.
 * Follows a symbolic link to its target; keeps mode and owner of an existing file (else `mode`).
 * With `expected`, looks once more right before the rename and throws config_changed when the file no longer holds those bytes.
 * Throws write_failed (disk full, quota) or config_read_only.
 */
export function writeFileAtomic(
  path: string,
  bytes: string | Uint8Array,
  mode = 0o600,
  expected?: Uint8Array,
): void {
  const target = realPathOrSelf(path)
  const temporary = `${target}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`
  try {
    const existing = statOf(target)
    const fd = openSync(temporary, 'wx', 0o600)
    try {
      const buffer = typeof bytes === 'string' ? Buffer.from(bytes) : bytes
      for (let offset = 0; offset < buffer.length; ) offset += writeSync(fd, buffer, offset)
      keepOwner(fd, existing)
      // Set apart from open, which would apply the umask.
      fchmodSync(fd, existing === undefined ? mode : existing.mode & 0o7777)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    if (expected !== undefined && !holds(target, expected)) {
      throw new MyceliumError('config_changed', `${path} was written by another program meanwhile`)
    }
    renameSync(temporary, target)
  } catch (cause) {
    rmSync(temporary, { force: true })
    throw writeFailure(path, cause)
  }
}

/** What a system error of a write means; anything else as it is. */
export function writeFailure(path: string, cause: unknown): unknown {
  if (hasErrno(cause, 'EACCES', 'EPERM', 'EROFS'))
    return new MyceliumError('config_read_only', `${path} cannot be written: ${cause.code}`, { cause })
  if (hasErrno(cause, 'ENOSPC', 'EDQUOT', 'EFBIG', 'EIO'))
    return new MyceliumError('write_failed', `${path} was not written: ${cause.code}`, { cause })
  if (hasErrno(cause, 'EISDIR', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST', 'ELOOP'))
    return new MyceliumError('write_failed', `${path} was not written: something else is in its place`, {
      cause,
      hint: `see what is at ${path} and move it away, then run it again`,
    })
  return cause
}

/** Where a link leads, or the path itself when nothing is there yet. */
export function realPathOrSelf(path: string): string {
  try {
    return realpathSync(path)
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ELOOP')) return path
    throw error
  }
}

function holds(path: string, expected: Uint8Array): boolean {
  return bytesIfRegular(path)?.equals(expected) === true
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ELOOP')) return undefined
    throw error
  }
}

/** A file of another user or group stays theirs where the system allows it (root editing a user's config). */
function keepOwner(fd: number, existing: Stats | undefined): void {
  if (existing === undefined) return
  try {
    fchownSync(fd, existing.uid, existing.gid)
  } catch (error) {
    if (!hasErrno(error, 'EPERM', 'EINVAL', 'ENOSYS')) throw error
  }
}
