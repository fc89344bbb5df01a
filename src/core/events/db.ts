import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { type Clock, pause, systemClock } from '../clock.ts'
import { packageRoot } from '../config/package-root.ts'
import { MyceliumError } from '../errors.ts'
import { fingerprint } from '../hash.ts'

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
}

const WAIT_MS = 5_000
const POLL_MS = 15
const MEMORY_LIMIT = '512MB'

/**
 * Opens usage.duckdb, made and brought up to date when opened for writing. Throws duckdb_missing, database_locked, database_newer,
 * database_broken, database_none (nothing was recorded yet, reading).
 */
export async function openDatabase(options: OpenOptions): Promise<Database> {
  const { file, write } = options
  if (!write && !existsSync(file)) throw new MyceliumError('database_none', `${file} does not exist yet`)
  if (write) mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const { DuckDBInstance } = await duckdb()
  const settings = {
    access_mode: write ? 'READ_WRITE' : 'READ_ONLY',
    memory_limit: MEMORY_LIMIT,
    preserve_insertion_order: 'false',
  }
  const instance = await patiently(options, () => DuckDBInstance.create(file, settings))
  const connection = await instance.connect()
  const close = () => {
    connection.closeSync()
    instance.closeSync()
  }
  try {
    if (write) await migrate(connection, file)
    else if (isOlder(await refuseOther(connection, file))) {
      // The version that wrote it had other views: they are made before anybody asks them.
      close()
      ;(await openDatabase({ ...options, write: true })).close()
      return await openDatabase(options)
    }
    return { connection, close }
  } catch (error) {
    close()
    throw error
  }
}

async function duckdb(): Promise<typeof import('@duckdb/node-api')> {
  try {
    return await import('@duckdb/node-api')
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
  for (;;) {
    try {
      return await open()
    } catch (cause) {
      // DuckDB has no codes for these: the texts are pinned by test/process/event-database.test.ts.
      const text = (cause as Error).message
      if (!/Could not set lock|Conflicting lock/.test(text))
        throw new MyceliumError('database_broken', `${file} cannot be opened: ${firstLine(text)}`, { cause })
      if (clock.now() >= deadline) {
        const holder = /Conflicting lock is held in (.+? \(PID \d+\))/.exec(text)?.[1] ?? 'another program'
        throw new MyceliumError('database_locked', `${file} is held open by ${holder}`, { cause })
      }
      await pause(clock, POLL_MS * (0.5 + Math.random()))
    }
  }
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!
}

function sqlFiles(kind: 'schema' | 'views'): readonly { readonly name: string; readonly text: string }[] {
  const dir = join(packageRoot(), 'templates', 'sql', kind)
  const names = readdirSync(dir).filter((name) => name.endsWith('.sql'))
  return names.sort().map((name) => ({ name, text: readFileSync(join(dir, name), 'utf8') }))
}

/** Brings the schema up to date, and the views to what this version ships. One transaction: a killed migration is none. */
async function migrate(connection: DuckDBConnection, file: string): Promise<void> {
  await connection.run('CREATE TABLE IF NOT EXISTS meta (key VARCHAR PRIMARY KEY, value VARCHAR NOT NULL)')
  const have = await refuseOther(connection, file)
  if (!isOlder(have)) return
  const schema = sqlFiles('schema')
  const views = sqlFiles('views')
  await connection.run('BEGIN')
  for (const { text } of schema.slice(have.version)) await connection.run(text)
  for (const { text } of views) await connection.run(text)
  await connection.run(
    `INSERT OR REPLACE INTO meta VALUES ('schema_version', '${schema.length}'), ('views', '${viewsPrint(views)}')`,
  )
  await connection.run('COMMIT')
}

/** What a database was made with: versions applied of the schema, and a fingerprint of the views. */
interface Made {
  readonly version: number
  readonly views: string
}

function isOlder({ version, views }: Made): boolean {
  return version !== sqlFiles('schema').length || views !== viewsPrint(sqlFiles('views'))
}

function viewsPrint(views: readonly { readonly text: string }[]): string {
  return fingerprint(views.map(({ text }) => text))
}

async function refuseOther(connection: DuckDBConnection, file: string): Promise<Made> {
  const reader = await connection.runAndReadAll('SELECT key, value FROM meta').catch((cause: unknown) => {
    throw new MyceliumError('database_broken', `${file} was not made by mycelium`, { cause })
  })
  const meta = new Map(reader.getRowsJS() as [string, string][])
  const version = Number(meta.get('schema_version') ?? 0)
  const known = sqlFiles('schema').length
  if (version > known)
    throw new MyceliumError(
      'database_newer',
      `${file} has schema version ${version}, this is made for ${known}`,
    )
  return { version, views: meta.get('views') ?? '' }
}
