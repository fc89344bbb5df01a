import { expect } from 'vitest'
import type { Paths } from '../../src/core/config/paths.ts'
import { askStore } from '../../src/core/events/store.ts'

/** Rows of a question to the store, in JSON. */
export function rows(paths: Paths, sql: string): Promise<readonly unknown[][]> {
  return askStore(paths, async ({ database }) => {
    const reader = await database.connection.runAndReadAll(sql)
    return reader.getRowsJson() as unknown[][]
  })
}

const SUMS = 'bytes_in, bytes_out, upstream_us, saved_bytes'
const summed = (columns: string) =>
  columns
    .split(', ')
    .map((column) => `sum(${column})::VARCHAR`)
    .join(', ')

/** Each table of sums must say what the calls themselves say. */
export async function expectSumsOfCalls(paths: Paths): Promise<void> {
  const daily = 'day, client, project, server, tool, method, outcome, effect'
  expect(
    await rows(
      paths,
      `SELECT ${daily}, sum(calls)::VARCHAR, ${summed(SUMS)} FROM calls_daily GROUP BY ALL ORDER BY ALL`,
    ),
  ).toEqual(
    await rows(
      paths,
      `SELECT (ts AT TIME ZONE 'UTC')::DATE AS day, ${daily.slice(5)}, count(*)::VARCHAR, ${summed(SUMS)} FROM calls GROUP BY ALL ORDER BY ALL`,
    ),
  )
  const bucket = 'floor(ln(greatest(queue_us + upstream_us, 1)) / ln(1.05))::SMALLINT AS bucket'
  expect(
    await rows(
      paths,
      'SELECT day, client, server, tool, bucket, sum(calls)::VARCHAR FROM latency_daily GROUP BY ALL ORDER BY ALL',
    ),
  ).toEqual(
    await rows(
      paths,
      `SELECT (ts AT TIME ZONE 'UTC')::DATE AS day, client, server, tool, ${bucket}, count(*)::VARCHAR FROM calls GROUP BY ALL ORDER BY ALL`,
    ),
  )
  const session = 'client, client_session, session, project'
  expect(
    await rows(
      paths,
      `SELECT ${session}, min(first_ts), max(last_ts), sum(calls)::VARCHAR, sum(failed)::VARCHAR, ${summed(SUMS)} FROM calls_by_session GROUP BY ALL ORDER BY ALL`,
    ),
  ).toEqual(
    await rows(
      paths,
      `SELECT ${session}, min(ts), max(ts), count(*)::VARCHAR, (count(*) FILTER (outcome NOT IN ('ok', 'cancelled')))::VARCHAR, ${summed(SUMS)} FROM calls GROUP BY ALL ORDER BY ALL`,
    ),
  )
}
