import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { type Clock, pause, stayAlive, systemClock } from '../clock.ts'
import { packageRoot } from '../config/package-root.ts'
import { hasErrno, MyceliumError } from '../errors.ts'
import { fingerprint } from '../hash.ts'
import { draftOf, sweepDrafts } from './draft.ts'

/** An open database. close() as soon as the question is answered: whoever writes keeps all others out. */
export interface Database {
  readonly connection: DuckDBConnection
  close(): void
}

/** How to open. */
export interface OpenOptions {
  readonly file: string
  readonly write: boolean
  /** Longest wait for another process to let go of the file. */
  readonly waitMs?: number
  readonly clock?: Clock
  /** Where schema/ and views/ are; those of the package by default. */
  readonly sqlDir?: string
}

const MODE = 0o600
const WAIT_MS = 5_000
const POLL_MS = 15
const MEMORY_LIMIT = '512MB'
/** DuckDB has no codes for these: the texts are pinned by test/process/event-database.test.ts. */
const OURS = /different configuration than existing connections|Unique file handle conflict/
const DENIED = /Permission denied|Operation not permitted|Read-only file system|EACCES|EROFS/
const LOCKED = new RegExp(`Could not set lock|Conflicting lock|${OURS.source}`)

/**
 * Opens usage.duckdb, made when opened for writing, and brought up to date in any case. Throws duckdb_missing, database_locked,
 * database_newer, database_broken, database_unreadable, database_none (nothing was recorded yet, reading).
 */
export async function openDatabase(options: OpenOptions): Promise<Database> {
  const { file, write } = options
  const shipped = shippedSql(options.sqlDir)
  if (!existsSync(file)) {
    if (!write) throw new MyceliumError('database_none', `${file} does not exist yet`)
    await create(options, shipped)
  }
  refuseOther(file)
  if (write) closeToOthers(file)
  const opened = await connect(options)
  try {
    const have = await versionOf(opened.connection, file, shipped)
    if (isCurrent(have, shipped)) return opened
    if (write) {
      await migrate(opened.connection, have, shipped)
      // A changed schema is in the file before rows of it are left in the log.
      await opened.connection.run('CHECKPOINT')
      return opened
    }
  } catch (error) {
    opened.close()
    throw error
  }
  opened.close()
  const updated = await openDatabase({ ...options, write: true })
  updated.close()
  return openDatabase(options)
}

/** DuckDB would wait for a FIFO for ever, and says of a directory that it is locked. */
function refuseOther(file: string): void {
  const kind = kindOf(file)
  if (kind === 'file') return
  throw new MyceliumError('database_broken', `${file} is ${kind}, not a database`)
}

function kindOf(file: string): string {
  try {
    const stat = statSync(file, { throwIfNoEntry: false })
    if (stat === undefined || stat.isFile()) return 'file'
    return stat.isDirectory() ? 'a directory' : 'no regular file'
  } catch (error) {
    if (hasErrno(error, 'ELOOP')) return 'a link to itself'
    // DuckDB says why.
    return 'file'
  }
}

/** A database in memory that holds nothing: what is asked of it has the shape that it always has. Throws duckdb_missing. */
export async function openEmpty(sqlDir?: string): Promise<Database> {
  const instance = await duckdb().DuckDBInstance.create(':memory:', { memory_limit: MEMORY_LIMIT })
  const connection = await instance.connect()
  await migrate(connection, { version: 0, views: '' }, shippedSql(sqlDir))
  return closing(instance, connection)
}

async function connect(options: OpenOptions): Promise<Database> {
  const { file, write } = options
  const { DuckDBInstance } = duckdb()
  const settings = {
    access_mode: write ? 'READ_WRITE' : 'READ_ONLY',
    memory_limit: MEMORY_LIMIT,
    preserve_insertion_order: 'false',
    // The lock on the file keeps other processes out, not this one: DuckDB's cache does, when no two openings are alike.
    custom_user_agent: write ? `mycelium ${randomBytes(8).toString('hex')}` : 'mycelium',
  }
  const instance = await patiently(options, () => DuckDBInstance.fromCache(file, settings))
  return closing(instance, await instance.connect())
}

function closing(instance: DuckDBInstance, connection: DuckDBConnection): Database {
  return {
    connection,
    close: () => {
      connection.closeSync()
      instance.closeSync()
    },
  }
}

/**
 * Makes the file under another name and gives it its own when it is whole: killed halfway, DuckDB leaves one that it cannot open again.
 * Of two that make it at once, one gets the name.
 */
async function create({ file, ...options }: OpenOptions, shipped: ShippedSql): Promise<void> {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  sweepDrafts(file)
  const draft = draftOf(file)
  try {
    const made = await connect({ ...options, file: draft, write: true })
    try {
      await migrate(made.connection, { version: 0, views: '' }, shipped)
    } finally {
      made.close()
    }
    chmodSync(draft, MODE)
    // The log of one that was moved away or removed: DuckDB would put its rows into the new one. Whoever makes one at the same time has linked it long before it has a log.
    if (!existsSync(file)) rmSync(`${file}.wal`, { force: true })
    linkSync(draft, file)
  } catch (error) {
    if (isDenied(error))
      throw new MyceliumError('database_unreadable', `${file} cannot be made: ${firstLine(error.message)}`, {
        cause: error,
        hint: `chmod u+rwx '${dirname(file)}'`,
      })
    if (!hasErrno(error, 'EEXIST')) throw error
  } finally {
    for (const path of [draft, `${draft}.wal`]) rmSync(path, { force: true })
  }
}

/** DuckDB makes files that everybody can read, and so did earlier versions. */
function closeToOthers(file: string): void {
  try {
    if ((statSync(file).mode & 0o077) !== 0) chmodSync(file, MODE)
  } catch (error) {
    // Whether it can be opened all the same, DuckDB says.
    if (!hasErrno(error, 'ENOENT', 'EACCES', 'EPERM', 'EROFS')) throw error
  }
}

/**
 * What was committed stays in the log beside the file when this database is closed (about 170 kB for a thousand calls), and whoever opens it next reads it from
 * there: moving it into the file takes 50 to 100 ms that somebody would wait for. The next to write without saying this does it, and DuckDB itself at 16 MB.
 */
export async function leaveInLog({ connection }: Database, file: string): Promise<void> {
  await connection.run('PRAGMA disable_checkpoint_on_shutdown')
  closeToOthers(`${file}.wal`)
}

function isDenied(error: unknown): error is Error {
  if (error instanceof MyceliumError) return error.code === 'database_unreadable'
  return hasErrno(error, 'EACCES', 'EPERM', 'EROFS')
}

function duckdb(): typeof import('@duckdb/node-api') {
  try {
    // Required, not imported: looking for the names that a hundred CommonJS files export takes an import 70 ms.
    return createRequire(import.meta.url)('@duckdb/node-api') as typeof import('@duckdb/node-api')
  } catch (cause) {
    throw new MyceliumError(
      'duckdb_missing',
      `DuckDB cannot be loaded on ${process.platform}-${process.arch}`,
      { cause },
    )
  }
}

async function patiently<T>(
  { file, waitMs = WAIT_MS, clock = systemClock }: OpenOptions,
  open: () => Promise<T>,
): Promise<T> {
  const deadline = clock.now() + waitMs
  // Whoever waits for an answer has nothing else that keeps its process alive.
  const release = stayAlive()
  try {
    for (;;) {
      try {
        return await open()
      } catch (cause) {
        const text = (cause as Error).message
        if (DENIED.test(text))
          throw new MyceliumError('database_unreadable', `${file} cannot be opened: ${firstLine(text)}`, {
            cause,
            hint: `chmod u+rw '${file}'`,
          })
        if (!LOCKED.test(text))
          throw new MyceliumError('database_broken', `${file} cannot be opened: ${firstLine(text)}`, {
            cause,
          })
        if (clock.now() >= deadline) {
          const holder =
            /Conflicting lock is held in (.+? \(PID \d+\))/.exec(text)?.[1] ??
            (OURS.test(text) ? 'this process' : 'another program')
          throw new MyceliumError('database_locked', `${file} is held open by ${holder}`, { cause })
        }
        await pause(clock, POLL_MS * (0.5 + Math.random()))
      }
    }
  } finally {
    release()
  }
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!
}

/** The schema's versions and the views, as this package ships them. */
interface ShippedSql {
  readonly schema: readonly string[]
  readonly views: readonly string[]
  readonly fingerprint: string
}

function shippedSql(dir = join(packageRoot(), 'templates', 'sql')): ShippedSql {
  const texts = (kind: string) => {
    const names = readdirSync(join(dir, kind)).filter((name) => name.endsWith('.sql'))
    return names.sort().map((name) => readFileSync(join(dir, kind, name), 'utf8'))
  }
  const views = texts('views')
  return { schema: texts('schema'), views, fingerprint: fingerprint(views) }
}

interface Version {
  readonly version: number
  readonly views: string
}

function isCurrent(have: Version, shipped: ShippedSql): boolean {
  return have.version === shipped.schema.length && have.views === shipped.fingerprint
}

/** Brings the schema up to date, and the views to what this version ships. One transaction: a killed migration is none. */
async function migrate(connection: DuckDBConnection, have: Version, shipped: ShippedSql): Promise<void> {
  await connection.run('BEGIN')
  await connection.run('CREATE TABLE IF NOT EXISTS meta (key VARCHAR PRIMARY KEY, value VARCHAR NOT NULL)')
  for (const text of shipped.schema.slice(have.version)) await connection.run(text)
  for (const text of shipped.views) await connection.run(text)
  await connection.run(
    `INSERT OR REPLACE INTO meta VALUES ('schema_version', '${shipped.schema.length}'), ('views', '${shipped.fingerprint}')`,
  )
  await connection.run('COMMIT')
}

async function versionOf(connection: DuckDBConnection, file: string, shipped: ShippedSql): Promise<Version> {
  const reader = await connection.runAndReadAll('SELECT key, value FROM meta').catch((cause: unknown) => {
    throw new MyceliumError('database_broken', `${file} was not made by mycelium`, { cause })
  })
  const meta = new Map(reader.getRowsJS() as [string, string][])
  const version = Number(meta.get('schema_version') ?? 0)
  const known = shipped.schema.length
  if (version > known)
    throw new MyceliumError(
      'database_newer',
      `${file} has schema version ${version}, this is made for ${known}`,
    )
  return { version, views: meta.get('views') ?? '' }
}
