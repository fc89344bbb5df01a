import { accessSync, constants, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { DuckDBConnection, DuckDBResult } from '@duckdb/node-api'
import { systemClock } from '../core/clock.ts'
import { resolveSettings } from '../core/config/layers.ts'
import { pathsFrom } from '../core/config/paths.ts'
import { hasErrno, MyceliumError } from '../core/errors.ts'
import { openDatabase } from '../core/events/db.ts'
import { prune } from '../core/events/prune.ts'
import { askStore, isRecorded } from '../core/events/store.ts'
import type { Io } from '../core/report/io.ts'
import { jsonText } from '../core/report/json.ts'
import { printable } from '../core/report/printable.ts'
import { queryText, queryValue } from '../core/report/query-value.ts'
import { csvText, type Row } from '../core/report/report-table.ts'
import { type Column, table } from '../core/report/table.ts'
import { usageSource } from '../core/report/usage-source.ts'
import { askUsage, freshen } from '../core/usage/source.ts'
import { momentOf } from '../core/usage/window.ts'

/** `mycelium usage query`. */
export interface QueryOptions {
  readonly timeout: number
  readonly limit: number
  readonly config?: readonly string[]
  readonly json?: boolean
  readonly csv?: boolean
}

/** `mycelium usage export`. */
export interface ExportOptions {
  readonly parquet?: boolean
  readonly csv?: boolean
  readonly force?: boolean
  readonly config?: readonly string[]
  readonly json?: boolean
}

/** `mycelium usage prune`. */
export interface PruneOptions {
  readonly olderThan?: string
  readonly config?: readonly string[]
  readonly yes?: boolean
  readonly all?: boolean
  readonly json?: boolean
}

/** One statement, on a database that cannot be written to, within a limit of seconds. */
export async function runUsageQuery(io: Io, sql: string, options: QueryOptions): Promise<void> {
  if (sql.trim() === '')
    throw new MyceliumError('usage', 'the query is empty', { hint: 'mycelium usage query "SHOW ALL TABLES"' })
  const { source, done } = usageSource(io, options.config)
  await freshen(source).finally(done)
  let late = false
  const answer = await askUsage(source, async (connection, recorded) => {
    if (!recorded) throw new MyceliumError('database_none', 'there is no database to ask yet')
    const cancel = systemClock.after(options.timeout * 1000, () => {
      late = true
      connection.interrupt()
    })
    try {
      await connection.run('SET enable_external_access = false; SET lock_configuration = true')
      await refuseSeveral(connection, sql)
      return await firstRows(await connection.stream(sql), options.limit, () => late || io.signal.aborted)
    } catch (cause) {
      if (io.signal.aborted || cause instanceof MyceliumError) throw cause
      if (late)
        throw new MyceliumError('query_timeout', `the query took longer than ${options.timeout} s`, {
          hint: `mycelium usage query --timeout ${options.timeout * 4} "…"`,
        })
      const what = (cause as Error).message.replace(/^Failed to extract statements: /, '').trim()
      throw new MyceliumError('query_failed', what, { cause })
    } finally {
      cancel()
    }
  })
  tellRows(io, answer, options)
}

/** Of several only one could be answered, and which would be a guess. */
async function refuseSeveral(connection: DuckDBConnection, sql: string): Promise<void> {
  const { count } = await connection.extractStatements(sql).catch((cause: unknown) => {
    // What the binding says of a text without a statement, for which DuckDB has no words.
    if ((cause as Error).message === 'Error in native callback') return { count: 0 }
    throw cause
  })
  if (count === 1) return
  const what = count === 0 ? 'there is no statement in it' : `one statement at a time: these are ${count}`
  throw new MyceliumError('query_failed', what)
}

function tellRows(io: Io, { names, rows, more }: Answer, options: QueryOptions): void {
  if (options.json) io.write(jsonText({ columns: names, rows: rows.map((row) => row.map(queryValue)), more }))
  else if (options.csv)
    io.write(
      csvText(
        names,
        rows.map((row) => row.map(queryText)),
      ),
    )
  else {
    const numeric = (i: number) =>
      rows.some((row) => typeof row[i] === 'bigint' || typeof row[i] === 'number')
    const columns = names.map(
      (title, i): Column => ({ title, align: numeric(i) ? 'right' : 'left', shrinks: !numeric(i) }),
    )
    const cells = rows.map((row) => row.map((value) => printable(value === null ? '–' : queryText(value))))
    io.write(rows.length === 0 ? 'no rows\n' : table(columns, cells, io.width))
  }
  if (more) io.talk(`only the first ${options.limit} rows; --limit shows more, usage export writes all\n`)
}

interface Answer {
  readonly names: readonly string[]
  readonly rows: readonly Row[]
  readonly more: boolean
}

/** Row by row, so that a large answer neither fills the memory nor outlives its time. */
async function firstRows(result: DuckDBResult, limit: number, stopped: () => boolean): Promise<Answer> {
  const rows: Row[] = []
  for await (const some of result.yieldRows()) {
    if (stopped()) throw new Error('interrupted')
    for (const row of some)
      if (rows.push(row) > limit)
        return { names: result.columnNames(), rows: rows.slice(0, limit), more: true }
  }
  return { names: result.columnNames(), rows, more: false }
}

/** Tables and views that are worth taking along. */
const EXPORTED = [
  'calls',
  'sessions',
  'processes',
  'samples',
  'decisions',
  'hook_events',
  'tool_schemas',
  'response_costs',
  'tool_uses',
  'client_costs',
] as const

/** Each table as one file in a directory; all of them, or the directory is as it was. */
export async function runUsageExport(io: Io, directory: string, options: ExportOptions): Promise<void> {
  if (options.csv === options.parquet)
    throw new MyceliumError('usage', 'export needs one of --parquet and --csv', {
      hint: 'mycelium usage export --parquet DIR',
    })
  const format = options.csv ? 'csv' : 'parquet'
  const dir = resolve(io.cwd, directory)
  const files = EXPORTED.map((table) => ({ table, file: join(dir, `${table}.${format}`) }))
  const there = files.find(({ file }) => existsSync(file))
  if (there !== undefined && !options.force)
    throw new MyceliumError('usage', `${there.file} is there already`, {
      hint: 'another directory, or --force',
    })
  try {
    makeDirectory(dir)
    accessSync(dir, constants.W_OK | constants.X_OK)
    const blocked = files.find(({ file }) => statSync(file, { throwIfNoEntry: false })?.isFile() === false)
    if (blocked !== undefined) throw notWritten(`${blocked.file} is no file, and stays`)
  } catch (cause) {
    if (!hasErrno(cause, ...UNUSABLE)) throw cause
    throw notWritten(`${dir} cannot be written in: ${cause.code}`, cause)
  }
  const written: { table: string; file: string; rows: number }[] = []
  const draft = (file: string) => `${file}.${process.pid}.tmp`
  try {
    const { source, done } = usageSource(io, options.config)
    await freshen(source).finally(done)
    await askUsage(source, async (connection, recorded) => {
      if (!recorded) return
      for (const { table, file } of files) {
        if (io.signal.aborted) throw new MyceliumError('interrupted', 'the export was interrupted')
        const how = format === 'csv' ? 'FORMAT csv, HEADER' : 'FORMAT parquet, COMPRESSION zstd'
        const result = await connection
          .run(`COPY (FROM ${table}) TO '${draft(file).replaceAll("'", "''")}' (${how})`)
          .catch((cause: unknown) => {
            throw new MyceliumError('write_failed', `${file} was not written: ${(cause as Error).message}`, {
              cause,
            })
          })
        written.push({ table, file, rows: result.rowsChanged })
      }
    })
    for (const { file } of written) renameSync(draft(file), file)
  } catch (cause) {
    if (!hasErrno(cause, ...UNUSABLE)) throw cause
    throw notWritten(`${cause.path} was not written: ${cause.code}`, cause)
  } finally {
    for (const { file } of files) rmSync(draft(file), { force: true })
  }
  if (options.json) io.write(jsonText({ files: written }))
  else if (written.length === 0) io.write('nothing was recorded yet, so nothing was written\n')
  else for (const { file, rows } of written) io.write(`${file}: ${rows} rows\n`)
}

/** What a system says of a place where nothing can be written. */
const UNUSABLE = [
  ...['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'EIO'],
  ...['ENOENT', 'ENOTDIR', 'EISDIR', 'EEXIST', 'ELOOP', 'ENAMETOOLONG', 'EINVAL'],
]

/** Step by step: where a parent says that it is not there, Node's own way of making all of them tries for ever (/proc). */
function makeDirectory(dir: string): void {
  if (statSync(dir, { throwIfNoEntry: false })?.isDirectory()) return
  if (dirname(dir) !== dir) makeDirectory(dirname(dir))
  try {
    mkdirSync(dir)
  } catch (error) {
    // Another process may have made it meanwhile.
    if (!hasErrno(error, 'EEXIST') || !statSync(dir, { throwIfNoEntry: false })?.isDirectory()) throw error
  }
}

function notWritten(message: string, cause?: unknown): MyceliumError {
  return new MyceliumError('write_failed', message, { cause, hint: 'name another directory' })
}

/** Removes single events older than that; sums by day stay. */
export async function runUsagePrune(io: Io, options: PruneOptions): Promise<void> {
  const now = systemClock.wall()
  const paths = pathsFrom(io.env)
  const settings = resolveSettings({ flags: options.config ?? [], env: io.env, cwd: io.cwd, paths })
  const beforeMs =
    options.olderThan === undefined
      ? now - settings.get('events.retain')
      : momentOf(options.olderThan, now, '--older-than')
  const retainMs = now - beforeMs
  if (retainMs < 0)
    throw new MyceliumError('usage', `--older-than ${options.olderThan} is still to come`, {
      hint: 'mycelium usage prune --older-than 90d',
    })
  const before = new Date(beforeMs).toISOString()
  if (!isRecorded(paths)) {
    io.write(
      options.json ? jsonText({ before, removed: {} }) : 'nothing was recorded yet, so nothing was removed\n',
    )
    return
  }
  if (!options.yes) {
    const answer = await io.ask(
      `remove every event from before ${new Date(beforeMs).toLocaleString()}? [y/N] `,
    )
    if (answer === undefined)
      throw new MyceliumError(
        'usage',
        'prune asks before it removes anything, and nobody is there to answer',
        {
          hint: 'mycelium usage prune --older-than 90d --yes',
        },
      )
    if (!/^y(es)?$/i.test(answer.trim())) {
      io.write('nothing was removed\n')
      return
    }
  }
  await askStore(paths, async () => {})
  const database = await openDatabase({ file: paths.database, write: true })
  try {
    const removed = await prune(database.connection, now, retainMs, { all: options.all === true })
    if (options.json) io.write(jsonText({ before, removed }))
    else {
      const all = Object.values(removed).reduce((sum, n) => sum + n, 0)
      io.write(
        `${all} events removed; ${options.all ? 'sums of calls by day' : 'sums by day, answers of models and tool uses'} stay\n`,
      )
      if (options.all)
        io.write(
          'what is still in transcripts is not read again by itself; mycelium usage import --again does\n',
        )
    }
  } finally {
    database.close()
  }
}
