import { createHash, randomBytes } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  utimesSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { writeFailure } from '../config/write-file.ts'
import { hasErrno, MyceliumError } from '../errors.ts'
import { bytesIfRegular } from '../regular-file.ts'
import { noteAdded } from './bounds.ts'

/** How much of originals is kept: bytes on disk, and ms since one was last kept or read. */
export interface Bounds {
  readonly maxBytes: number
  readonly maxAgeMs: number
}

/** Originals by handle. Any number of processes may use one directory at once. */
export interface Originals {
  /** Stores a text and gives its handle, which resolves from then on, also after a crash. Throws write_failed, config_read_only, original_too_large, text_expected. */
  keep(text: string): string
  /** The bytes of a handle, or of the lines `from` to `to` of them; undefined for a handle of nothing. */
  read(handle: string, range?: { readonly from: number; readonly to: number }): Buffer | undefined
  /** Puts down what became of an original; nothing where that cannot be written, as it only explains. */
  note(handle: string, note: object): void
  /** What was put down last; undefined for none. */
  noteOf(handle: string): unknown
}

/** Names bytes by hex digits that no two of them share. */
type HashOf = (bytes: Buffer) => string

/** What every handle begins with. */
const PREFIX = 'my:'
/** A trillion texts are told apart; where two begin alike, the later one's handle is longer. */
const MIN_DIGITS = 10
const HANDLE = /^my:([0-9a-f]{10,64})$/
/** One text may take this share of the room: it must not drive out all others. */
const MAX_SHARE = 0.25

/** Whether it is spelled like a handle. */
export function isHandle(text: string): boolean {
  return HANDLE.test(text)
}

/**
 * The store in a directory below the root; it and its parent are made when something is kept. A file is named by the first digits of its
 * SHA-256, two of them the directory it lies in, so that a handle is where to look.
 */
export function originalsIn(
  dir: string,
  bounds: Bounds,
  now: () => number,
  hashOf: HashOf = sha256,
): Originals {
  const placeOf = (digits: string) => join(dir, digits.slice(0, 2), digits)
  const digitsOf = (handle: string) => HANDLE.exec(handle)?.[1]
  return {
    keep: (text) => {
      // Half a surrogate pair has no bytes of its own to come back from.
      if (/\p{Surrogate}/u.test(text)) throw new MyceliumError('text_expected', 'the text is not Unicode')
      const bytes = Buffer.from(text)
      if (bytes.length > bounds.maxBytes * MAX_SHARE)
        throw new MyceliumError(
          'original_too_large',
          `${bytes.length} bytes are more than a quarter of originals.max_bytes (${bounds.maxBytes})`,
        )
      const hash = hashOf(bytes)
      for (let length = MIN_DIGITS; length <= hash.length; length++) {
        const digits = hash.slice(0, length)
        if (!put(placeOf(digits), bytes, hash, hashOf, now())) continue
        noteAdded(dir, bytes.length, bounds, now())
        return `${PREFIX}${digits}`
      }
      throw new MyceliumError('write_failed', `${dir} holds another text of the same SHA-256`)
    },
    read: (handle, range) => {
      const digits = digitsOf(handle)
      if (digits === undefined) return undefined
      const bytes = soundBytes(placeOf(digits), digits, hashOf)
      if (bytes === undefined) return undefined
      touch(placeOf(digits), now())
      return range === undefined ? bytes : linesOf(bytes, range)
    },
    note: (handle, note) => {
      const digits = digitsOf(handle)
      if (digits === undefined) return
      const bytes = Buffer.from(JSON.stringify(note))
      try {
        writeWhole(`${placeOf(digits)}.json`, bytes, renameSync)
        noteAdded(dir, bytes.length, bounds, now())
      } catch {
        // inspect says less then.
      }
    },
    noteOf: (handle) => {
      const digits = digitsOf(handle)
      const text = digits === undefined ? undefined : bytesIfRegular(`${placeOf(digits)}.json`)
      try {
        return text === undefined ? undefined : JSON.parse(text.toString('utf8'))
      } catch {
        return undefined
      }
    },
  }
}

/** Whether the bytes are at that place now; false where another text is. A damaged file is replaced. */
function put(place: string, bytes: Buffer, hash: string, hashOf: HashOf, now: number): boolean {
  for (let tries = 0; ; tries++) {
    const there = bytesIfRegular(place)
    if (there?.equals(bytes)) {
      touch(place, now)
      // Removed by somebody's tidying meanwhile: once more.
      if (bytesIfRegular(place)?.length === bytes.length || tries > 2) return true
      continue
    }
    if (there !== undefined && hashOf(there).startsWith(hash.slice(0, MIN_DIGITS))) return false
    try {
      writeWhole(place, bytes, there === undefined ? linkThenRemove : renameSync)
      touch(place, now)
      return true
    } catch (error) {
      // Another process was first; what it wrote is looked at.
      if (!hasErrno(error, 'EEXIST') || tries > 2) throw writeFailure(place, error)
    }
  }
}

/** A name appears with all of its bytes, or not at all; two that come at once find out. */
function writeWhole(place: string, bytes: Buffer, publish: (from: string, to: string) => void): void {
  const temporary = `${place}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`
  const fd = openIn(place, temporary)
  try {
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    publish(temporary, place)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

function openIn(place: string, temporary: string): number {
  try {
    return openSync(temporary, 'wx', 0o600)
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw writeFailure(place, error)
  }
  try {
    mkdirSync(join(place, '..'), { recursive: true, mode: 0o700 })
    return openSync(temporary, 'wx', 0o600)
  } catch (error) {
    throw writeFailure(place, error)
  }
}

function linkThenRemove(from: string, to: string): void {
  linkSync(from, to)
  rmSync(from, { force: true })
}

function soundBytes(place: string, digits: string, hashOf: HashOf): Buffer | undefined {
  const bytes = bytesIfRegular(place)
  return bytes !== undefined && hashOf(bytes).startsWith(digits) ? bytes : undefined
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** The time of a file is when it was last used. */
function touch(place: string, now: number): void {
  try {
    utimesSync(place, now / 1_000, now / 1_000)
  } catch (error) {
    if (!hasErrno(error, 'ENOENT', 'EROFS', 'EACCES', 'EPERM')) throw error
  }
}

/** Lines counted from 1, with the line ends that they have; what is beyond the end is not there. */
function linesOf(bytes: Buffer, { from, to }: { readonly from: number; readonly to: number }): Buffer {
  let start = 0
  for (let line = 1; line < from; line++) {
    const end = bytes.indexOf(0x0a, start)
    if (end < 0) return Buffer.alloc(0)
    start = end + 1
  }
  let stop = start
  for (let line = from; line <= to; line++) {
    const end = bytes.indexOf(0x0a, stop)
    if (end < 0) return bytes.subarray(start)
    stop = end + 1
  }
  return bytes.subarray(start, stop)
}
