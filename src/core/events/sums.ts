import type { DuckDBConnection } from '@duckdb/node-api'
import type { Stage } from './stage.ts'

/** Microseconds in 15 minutes: no time zone is offset by a fraction of it. */
const QUARTER_US = 900_000_000
const MAX_BIGINT = '9223372036854775807'

/** The sums that standard reports read instead of each call: their keys, and how rows of one key become one. Pairs with templates/sql/schema/001-events.sql. */
const SUMS: Readonly<Record<string, { readonly key: string; readonly sums: readonly string[] }>> = {
  calls_daily: {
    key: 'day, client, project, server, tool, method, outcome, effect',
    sums: ['calls', 'bytes_in', 'bytes_out', 'queue_us', 'upstream_us', 'saved_bytes'].map(total),
  },
  latency_daily: { key: 'day, client, server, tool, bucket', sums: [total('calls')] },
  calls_by_session: {
    key: 'client, client_session, session, project',
    sums: [
      'min(first_ts)',
      'max(last_ts)',
      ...['calls', 'failed', 'bytes_in', 'bytes_out', 'upstream_us', 'saved_bytes'].map(total),
    ],
  },
}

/** A sum that stops at the largest number a column can hold. */
function total(value: string): string {
  return `greatest(least(sum(${value}), ${MAX_BIGINT}), -${MAX_BIGINT})::BIGINT`
}

/**
 * Adds staged calls to the sums. Everything is added up by numbers: a combination of texts stands for all that agree with it in a table's
 * key (the groups of CALL_PARTS), a day is looked up by the quarter of an hour. Only what comes out gets its texts.
 */
export async function addUpCalls(connection: DuckDBConnection, stage: Stage): Promise<void> {
  const [origins, targets] = [stage.texts('origin'), stage.texts('target')]
  const quarter = `floor(ts / ${QUARTER_US})::INTEGER`
  await connection.run(`
    CREATE OR REPLACE TEMP TABLE days AS
    SELECT quarter, (make_timestamp(quarter::BIGINT * ${QUARTER_US}) AT TIME ZONE 'UTC')::DATE AS day
    FROM (SELECT DISTINCT ${quarter} AS quarter FROM ${stage.table})`)
  const joined = `${stage.table} JOIN ${origins} USING (origin) JOIN ${targets} USING (target)`
  const from = `FROM ${joined} JOIN days ON quarter = ${quarter} GROUP BY ALL`
  // Below 2^53 doubles add up exactly, in half the time of whole numbers.
  const exact = stage.largest * stage.rows <= Number.MAX_SAFE_INTEGER
  const totals = (columns: readonly string[]) =>
    columns.map((column) => (exact ? `sum(${column})::BIGINT` : total(`${column}::BIGINT`))).join(', ')
  await connection.run(`
    INSERT INTO calls_daily
    SELECT day, client, project, server, tool, method, outcome, effect, s.* EXCLUDE (day, of_project, of_outcome)
    FROM (SELECT day, of_project, of_outcome, count(*), ${totals(['bytes_in', 'bytes_out', 'queue_us', 'upstream_us', 'saved_bytes'])} ${from}) s
    JOIN ${origins} ON origin = s.of_project JOIN ${targets} ON target = s.of_outcome`)
  await connection.run(`
    INSERT INTO latency_daily
    SELECT day, client, server, tool, bucket, calls
    FROM (
      SELECT day, of_client, of_tool, floor(ln(greatest(queue_us + upstream_us, 1)) / ln(1.05))::SMALLINT AS bucket, count(*) AS calls
      ${from}) s
    JOIN ${origins} ON origin = s.of_client JOIN ${targets} ON target = s.of_tool`)
  await connection.run(`
    INSERT INTO calls_by_session
    SELECT client, client_session, session, project, make_timestamp(first_ts::BIGINT), make_timestamp(last_ts::BIGINT),
      s.* EXCLUDE (origin, first_ts, last_ts)
    FROM (
      SELECT origin, min(ts) AS first_ts, max(ts) AS last_ts, count(*), count(*) FILTER (coalesce(outcome NOT IN ('ok', 'cancelled'), true)),
        ${totals(['bytes_in', 'bytes_out', 'upstream_us', 'saved_bytes'])}
      FROM ${stage.table} JOIN ${targets} USING (target) GROUP BY origin) s JOIN ${origins} USING (origin)`)
  await connection.run('DROP TABLE days')
}

/** Rows that a table of sums may gain before those of one key are made one again, besides as many as it had then. */
const SLACK_ROWS = 20_000
/** An ingestion of so many calls leaves no more rows than merging them would. */
const MANY_CALLS = 100_000

/** Makes one row of those with the same key where many small ingestions have left many. Inside the caller's transaction. */
export async function mergeSums(connection: DuckDBConnection, newCalls: number): Promise<void> {
  for (const [table, { key, sums }] of Object.entries(SUMS)) {
    const reader = await connection.runAndReadAll(
      `SELECT (SELECT count(*) FROM ${table})::DOUBLE, (SELECT value FROM meta WHERE key = '${table}_merged')::DOUBLE`,
    )
    const [rows, merged] = reader.getRowsJS()[0] as [number, number | null]
    if (rows <= 2 * (merged ?? 0) + SLACK_ROWS) continue
    if (newCalls < MANY_CALLS) {
      await connection.run(
        `CREATE OR REPLACE TEMP TABLE merged AS SELECT ${key}, ${sums.join(', ')} FROM ${table} GROUP BY ALL; DELETE FROM ${table}`,
      )
      await connection.run(`INSERT INTO ${table} SELECT * FROM merged; DROP TABLE merged`)
    }
    await connection.run(
      `INSERT OR REPLACE INTO meta SELECT '${table}_merged', count(*)::VARCHAR FROM ${table}`,
    )
  }
}
