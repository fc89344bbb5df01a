import { constants, rmSync } from 'node:fs'
import { copyFile, mkdtemp, open, rm, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packageRoot } from '../../config/package-root.ts'
import { hasErrno, MyceliumError } from '../../errors.ts'
import { namesIn } from '../../names-in.ts'
import { identityOf } from '../../process.ts'

const PREFIX = 'mycelium-sqlite-'
const COPY_NAME = /^mycelium-sqlite-(\d+)-/

const TRIES = 5
const WAL_HEADER_BYTES = 32

/** Rows of one query. */
export type Query = (
  sql: string,
  values?: readonly (string | number)[],
) => Readonly<Record<string, unknown>>[]

interface Sqlite {
  readonly Database: new (
    path: string,
  ) => {
    all(sql: string, values?: unknown): Record<string, unknown>[]
    exec(sql: string): void
    close(): void
  }
}

/**
 * Opens a copy of an SQLite database that another program may be writing, and gives `use` a way to ask it. What was committed but is still
 * in the write-ahead log is there. Nothing is written beside the original, not even a lock. Throws transcript_busy when the original did
 * not keep still while it was copied.
 */
export async function withCopyOf<T>(path: string, use: (query: Query) => T): Promise<T> {
  removeCopies((pid) => pid !== process.pid && identityOf(pid) === undefined)
  const directory = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`))
  try {
    const copy = join(directory, 'copy.db')
    await copyStill(path, copy)
    // Kept out of the bundle: it finds its WebAssembly beside itself.
    const { Database } = createRequire(import.meta.url)(join(packageRoot(), 'dist/sqlite3.cjs')) as Sqlite
    const database = new Database(copy)
    try {
      // Without it a write-ahead log needs shared memory, which WebAssembly has not.
      database.exec('PRAGMA locking_mode = EXCLUSIVE')
      return use((sql, values = []) => database.all(sql, [...values]))
    } finally {
      database.close()
    }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** Removes what reads that were cut short have left: it is what somebody said. Of whose processes, `which` says. */
export function removeCopies(which: (pid: number) => boolean): void {
  for (const name of namesIn(tmpdir())) {
    const pid = COPY_NAME.exec(name)?.[1]
    if (pid !== undefined && which(Number(pid)))
      rmSync(join(tmpdir(), name), { recursive: true, force: true })
  }
}

/** What a checkpoint of the original changes; a plain commit only adds to the log. */
async function stateOf(path: string): Promise<string> {
  const { size, mtimeMs, ino } = await stat(path)
  return `${ino}:${size}:${mtimeMs}:${await walHeader(`${path}-wal`)}`
}

async function copyStill(path: string, copy: string): Promise<void> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const before = await stateOf(path)
    await copyFile(path, copy, constants.COPYFILE_FICLONE)
    await copyIfThere(`${path}-wal`, `${copy}-wal`)
    if ((await stateOf(path)) === before) return
  }
  throw new MyceliumError('transcript_busy', `${path} was written each of ${TRIES} times it was copied`)
}

async function copyIfThere(path: string, copy: string): Promise<void> {
  try {
    await copyFile(path, copy, constants.COPYFILE_FICLONE)
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error
    await rm(copy, { force: true })
  }
}

async function walHeader(path: string): Promise<string> {
  try {
    const handle = await open(path, 'r')
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(WAL_HEADER_BYTES), 0, WAL_HEADER_BYTES, 0)
      return buffer.subarray(0, bytesRead).toString('hex')
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return ''
    throw error
  }
}
