import { systemClock } from '../core/clock.ts'
import { MyceliumError } from '../core/errors.ts'
import { nearest } from '../core/nearest.ts'
import type { Io } from '../core/report/io.ts'
import { jsonText } from '../core/report/json.ts'
import { csvText, plain, type Row, reportTable } from '../core/report/report-table.ts'
import { usageSource } from '../core/report/usage-source.ts'
import type { ImportReport } from '../core/usage/import.ts'
import { unpricedModels } from '../core/usage/refresh-prices.ts'
import { type Grouping, type Report, reportBy, schemaReport } from '../core/usage/reports.ts'
import { askUsage, freshen, readTranscripts } from '../core/usage/source.ts'
import { READERS } from '../core/usage/transcripts/readers.ts'
import { windowOf } from '../core/usage/window.ts'

/** Options of the reports. */
export interface ReportOptions {
  readonly by?: Grouping
  readonly since?: string
  readonly until?: string
  readonly limit?: number
  readonly json?: boolean
  readonly csv?: boolean
  readonly config?: readonly string[]
}

/** Options of an import. */
export interface ImportCommandOptions {
  readonly again?: boolean
  readonly client?: readonly string[]
  readonly since?: string
  readonly json?: boolean
  readonly config?: readonly string[]
}

const NOTHING_YET =
  'nothing was recorded yet: no call came by mycelium, and no transcript of an agent was read\n'

/** `mycelium usage import`. */
export async function runUsageImport(io: Io, options: ImportCommandOptions): Promise<number> {
  const { sinceMs } = windowOf(options.since, undefined, systemClock.wall())
  const { source, done } = usageSource(io, options.config)
  const report = await readTranscripts(source, readersOf(options.client), {
    sinceMs,
    again: options.again,
  }).finally(done)
  if (report === undefined)
    throw new MyceliumError('config_busy', 'another import is under way', {
      hint: 'wait for it to end; it reads what this one would have read',
    })
  const unpriced = await askUsage(source, unpricedModels)
  if (options.json) io.write(jsonText({ ...report, unpriced }))
  else io.write(importText(report))
  tellUnpriced(io, unpriced)
  return report.failed.length > 0 ? 1 : 0
}

/** `mycelium usage report`, and with by `session` also `usage sessions`. */
export async function runUsageReport(io: Io, options: ReportOptions): Promise<void> {
  const by = options.by ?? 'day'
  const window = windowOf(options.since, options.until, systemClock.wall())
  const report = reportBy(by, window, options.limit)
  const bar = by === 'day' ? 'cost_usd' : undefined
  await tellReport(
    io,
    report,
    options,
    { by, since: isoOf(window.sinceMs), until: isoOf(window.untilMs) },
    bar,
  )
}

/** `mycelium usage tools`: what definitions weigh in every request, and what results bring into the context. */
export async function runUsageTools(io: Io, options: ReportOptions): Promise<void> {
  const limit = options.limit ?? 20
  const window = windowOf(options.since, options.until, systemClock.wall())
  const { source, done } = usageSource(io, options.config)
  await freshen(source).finally(done)
  const [schemas, results] = [schemaReport(window, limit), reportBy('tool', window, limit)]
  const answers = await askUsage(source, async (connection, recorded) => ({
    recorded,
    schemas: (await connection.runAndReadAll(schemas.sql)).getRowsJS(),
    results: (await connection.runAndReadAll(results.sql)).getRowsJS(),
  }))
  if (options.json) {
    io.write(
      jsonText({ schemas: objects(schemas, answers.schemas), results: objects(results, answers.results) }),
    )
    return
  }
  if (!answers.recorded) {
    io.write(NOTHING_YET)
    return
  }
  io.write(
    'Definitions, in every request of a client that has the server (tokens are estimates unless a transcript says them):\n',
  )
  if (answers.schemas.length === 0) io.write('  none seen yet\n')
  else tellTable(io, schemas, answers.schemas, undefined)
  io.write('\nResults, in the context of the session that asked:\n')
  if (answers.results.length === 0) io.write('  none seen yet\n')
  else tellTable(io, results, answers.results, undefined)
}

function tellTable(io: Io, report: Report, rows: readonly Row[], barOf: string | undefined): void {
  const { text, leftOut } = reportTable(report.columns, rows, { width: io.width, barOf })
  io.write(text)
  if (leftOut.length > 0)
    io.talk(`no room for ${leftOut.join(', ').replaceAll('_', ' ')}: a wider terminal or --json shows all\n`)
}

async function tellReport(
  io: Io,
  report: Report,
  options: ReportOptions,
  head: Readonly<Record<string, unknown>>,
  barOf: string | undefined,
): Promise<void> {
  const { source, done } = usageSource(io, options.config)
  await freshen(source).finally(done)
  const { recorded, rows, unpriced } = await askUsage(source, async (connection, recorded) => ({
    recorded,
    rows: (await connection.runAndReadAll(report.sql)).getRowsJS() as Row[],
    unpriced: await unpricedModels(connection),
  }))
  const names = report.columns.map(({ name }) => name)
  if (options.json) io.write(jsonText({ ...head, rows: objects(report, rows), unpriced }))
  else if (options.csv) io.write(csvText(names, rows))
  else if (!recorded) io.write(NOTHING_YET)
  else if (rows.length === 0) io.write('nothing was recorded in that time; next: mycelium usage import\n')
  else tellTable(io, report, rows, barOf)
  if (!options.json) tellUnpriced(io, unpriced)
}

function objects(report: Report, rows: readonly Row[]): readonly Record<string, unknown>[] {
  return rows.map((row) => Object.fromEntries(report.columns.map(({ name }, i) => [name, plain(row[i])])))
}

function tellUnpriced(io: Io, models: readonly string[]): void {
  if (models.length === 0) return
  io.talk(
    `no price is known for ${models.join(', ')}: their tokens count, their cost does not; next: mycelium config set usage.prices_file=FILE\n`,
  )
}

function readersOf(clients: readonly string[] | undefined) {
  if (clients === undefined || clients.length === 0) return READERS
  return clients.map((name) => {
    const reader = READERS.find(({ client }) => client === name)
    if (reader !== undefined) return reader
    const known = READERS.map(({ client }) => client)
    const close = nearest(name, known)
    throw new MyceliumError(
      'unknown_client',
      `no transcripts of ${JSON.stringify(name)} can be read (known: ${known.join(', ')})`,
      {
        hint: close === undefined ? `--client ${known[0]}` : `did you mean ${close}?`,
      },
    )
  })
}

function importText(report: ImportReport): string {
  const { files, unchanged, bytes, responses, toolUses, broken, skippedTypes } = report
  const skipped = Object.values(skippedTypes).reduce((sum, n) => sum + n, 0)
  const rest = [
    ...(broken > 0 ? [`${broken} lines are broken and were left out`] : []),
    ...(skipped > 0 ? [`${skipped} records of other types say nothing of usage`] : []),
  ]
  return `${files} files read (${(bytes / 1e6).toFixed(1)} MB), ${unchanged} unchanged: ${responses} answers, ${toolUses} tool uses\n${rest
    .map((line) => `${line}\n`)
    .join('')}`
}

function isoOf(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString()
}
