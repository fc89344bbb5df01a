import { closeSync, constants, fstatSync, mkdirSync, openSync, readSync, writeFileSync } from 'node:fs'
import { hasErrno, MyceliumError } from './errors.ts'

/** Nothing of ours that is read whole is near it; the largest config seen (a long-used ~/.claude.json) has some tens of MB. */
const MAX_BYTES = 256 * 1024 * 1024

/** Opening a FIFO that nobody writes to would wait for ever. On a regular file it changes nothing. */
const AT_ONCE = constants.O_NONBLOCK

/** Flags to add to a file at its end, made when it is not there; a FIFO in its place is refused or written to, never waited for. */
export const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | AT_ONCE

/**
 * The bytes of a file. What is in its place and no regular file, or too large, is a config_unreadable; what the system refuses is its own
 * error. The open file is looked at, not the name: in between it may have become another.
 */
export function readRegular(path: string, maxBytes = MAX_BYTES): Buffer {
  const fd = openRegular(path)
  try {
    const { size } = fstatSync(fd)
    if (size > maxBytes) throw new MyceliumError('config_unreadable', `${path} has ${size} bytes`)
    const bytes = Buffer.alloc(size)
    let length = 0
    while (length < size) {
      const read = readSync(fd, bytes, length, size - length, length)
      // It was cut off meanwhile.
      if (read === 0) break
      length += read
    }
    return bytes.subarray(0, length)
  } finally {
    closeSync(fd)
  }
}

/** Opens a regular file for reading; whoever calls closes it. Throws as readRegular. */
export function openRegular(path: string): number {
  const fd = openSync(path, constants.O_RDONLY | AT_ONCE)
  if (fstatSync(fd).isFile()) return fd
  closeSync(fd)
  throw new MyceliumError('config_unreadable', `${path} is not a regular file`)
}

/**
 * Opens a file of ours to add to, made with these directories, the outermost first, where it is not there; their parent is never made. Others may be
 * making them at the same moment. Throws the system's error.
 */
export function openToAdd(path: string, directories: readonly string[]): number {
  try {
    return openSync(path, APPEND, 0o600)
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error
  }
  for (const directory of directories)
    try {
      mkdirSync(directory, { mode: 0o700 })
    } catch (error) {
      if (!hasErrno(error, 'EEXIST')) throw error
    }
  return openSync(path, APPEND, 0o600)
}

/** Adds to a file of ours, made when it is not there. Throws the system's error. */
export function appendText(path: string, text: string): void {
  const fd = openSync(path, APPEND, 0o600)
  try {
    writeFileSync(fd, text)
  } finally {
    closeSync(fd)
  }
}

/** The text of a regular file; undefined where there is none: nothing, something else, or no way to it. What may not be read is thrown. */
export function textIfRegular(path: string): string | undefined {
  return bytesIfRegular(path)?.toString('utf8')
}

/** The JSON value in a file of ours; undefined where there is none, or none to be had. */
export function jsonIfRegular(path: string): unknown {
  try {
    return JSON.parse(textIfRegular(path) ?? '')
  } catch {
    return undefined
  }
}

/** As textIfRegular, of bytes. */
export function bytesIfRegular(path: string): Buffer | undefined {
  try {
    return readRegular(path)
  } catch (error) {
    if (error instanceof MyceliumError || hasErrno(error, ...NOT_THERE)) return undefined
    throw error
  }
}

/** What a system says where there is no such file; of a socket, which cannot be opened, ENXIO. */
const NOT_THERE = ['ENOENT', 'ENOTDIR', 'ELOOP', 'EISDIR', 'ENXIO'] as const
