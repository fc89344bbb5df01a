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
function total(column: string): string {
  return `greatest(least(sum(${column}), ${MAX_BIGINT}), -${MAX_BIGINT})::BIGINT`
}

/**
 * Adds staged calls to the sums. First by the numbers of combinations, quarters and buckets, in one pass, so that only the few sums get
 * their texts and days.
 */
export async function addUpCalls(connection: DuckDBConnection, stage: Stage): Promise<void> {
  const summed = ['bytes_in', 'bytes_out', 'queue_us', 'upstream_us', 'saved_bytes']
  await connection.run(`
    CREATE OR REPLACE TEMP TABLE sums AS
    SELECT tuple, floor(ts / ${QUARTER_US})::INTEGER AS quarter,
      floor(ln(greatest(queue_us + upstream_us, 1)) / ln(1.05))::SMALLINT AS bucket,
      min(ts) AS first_ts, max(ts) AS last_ts, count(*) AS calls, ${summed.map((column) => `sum(${column}::BIGINT) AS ${column}`).join(', ')}
    FROM ${stage.table} GROUP BY ALL`)
  const day = `(make_timestamp(quarter::BIGINT * ${QUARTER_US}) AT TIME ZONE 'UTC')::DATE`
  const from = `FROM sums JOIN ${stage.texts} USING (tuple) GROUP BY ALL`
  const totals = (columns: readonly string[]) => columns.map(total).join(', ')
  await connection.run(`
    INSERT INTO calls_daily
    SELECT ${day}, client, project, server, tool, method, outcome, effect, ${totals(['calls', ...summed])} ${from}`)
  await connection.run(
    `INSERT INTO latency_daily SELECT ${day}, client, server, tool, bucket, ${total('calls')} ${from}`,
  )
  await connection.run(`
    INSERT INTO calls_by_session
    SELECT client, client_session, session, project, make_timestamp(min(first_ts)::BIGINT), make_timestamp(max(last_ts)::BIGINT),
      sum(calls), coalesce(sum(calls) FILTER (outcome NOT IN ('ok', 'cancelled')), 0),
      ${totals(['bytes_in', 'bytes_out', 'upstream_us', 'saved_bytes'])} ${from}`)
  await connection.run('DROP TABLE sums')
}

/** Rows that a table of sums may gain before those of one key are made one again, besides as many as it had then. */
const SLACK_ROWS = 20_000

/** Makes one row of those with the same key where many small ingestions have left many. Inside the caller's transaction. */
export async function mergeSums(connection: DuckDBConnection): Promise<void> {
  for (const [table, { key, sums }] of Object.entries(SUMS)) {
    const reader = await connection.runAndReadAll(
      `SELECT (SELECT count(*) FROM ${table})::DOUBLE, (SELECT value FROM meta WHERE key = '${table}_merged')::DOUBLE`,
    )
    const [rows, merged] = reader.getRowsJS()[0] as [number, number | null]
    if (rows <= 2 * (merged ?? 0) + SLACK_ROWS) continue
    await connection.run(
      `CREATE OR REPLACE TEMP TABLE merged AS SELECT ${key}, ${sums.join(', ')} FROM ${table} GROUP BY ALL; DELETE FROM ${table}`,
    )
    await connection.run(`INSERT INTO ${table} SELECT * FROM merged ORDER BY 1`)
    await connection.run(
      `INSERT OR REPLACE INTO meta SELECT '${table}_merged', count(*)::VARCHAR FROM merged; DROP TABLE merged`,
    )
  }
}
