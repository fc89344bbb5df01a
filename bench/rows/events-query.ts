import { join } from 'node:path'
import { bootstrap, medianRatio, summaryOf } from '../../src/core/bench/statistics.ts'
import type { Context } from '../context.ts'
import { inDirectory, ran } from '../event-programs.ts'
import type { Detail, RowResult } from '../result.ts'

const ROUNDS = 30
const BATCHES = 10
const EVENTS_OF_BATCH = 1_000_000

/** Median and 95th percentile from the counts of latency_daily, of the middle of the bucket. */
const PERCENTILES = (key: string) => `
  WITH counts AS (SELECT ${key}, bucket, sum(calls) AS calls FROM latency_daily GROUP BY ALL),
    ranked AS (SELECT *, sum(calls) OVER (PARTITION BY ${key} ORDER BY bucket) AS upto, sum(calls) OVER (PARTITION BY ${key}) AS n FROM counts)
  SELECT ${key}, max(n), 1.05 ** (0.5 + min(bucket) FILTER (upto >= n * 0.5)), 1.05 ** (0.5 + min(bucket) FILTER (upto >= n * 0.95))
  FROM ranked GROUP BY ${key}`
const SUMMED = 'sum(calls), sum(bytes_in), sum(bytes_out), sum(upstream_us), sum(saved_bytes)'
const REPORTS: Readonly<Record<string, string>> = {
  'by day': `SELECT day, ${SUMMED} FROM calls_daily GROUP BY 1 ORDER BY 1`,
  'by server': `SELECT server, ${SUMMED}, sum(calls) FILTER (outcome <> 'ok') FROM calls_daily GROUP BY 1 ORDER BY 2 DESC`,
  'by server, p50 and p95': PERCENTILES('server'),
  'by tool, p50 and p95': PERCENTILES('server, tool'),
  'by client': `SELECT client, ${SUMMED} FROM calls_daily GROUP BY 1 ORDER BY 2 DESC`,
  'by project': `SELECT project, ${SUMMED} FROM calls_daily GROUP BY 1 ORDER BY 2 DESC`,
  'by session': `SELECT client, client_session, min(first_ts), max(last_ts), ${SUMMED} FROM calls_by_session GROUP BY ALL ORDER BY 5 DESC LIMIT 50`,
}
const EXACT: Readonly<Record<string, string>> = {
  'quantiles by server': 'SELECT server, quantile_cont(upstream_us, [0.5, 0.95, 0.99]) FROM calls GROUP BY 1',
  'quantiles by server, tool':
    'SELECT server, tool, quantile_cont(upstream_us, [0.5, 0.95, 0.99]) FROM calls GROUP BY ALL',
}

/** Standard reports over ten million calls, and exact quantiles beside the same rows in one plain table. */
export async function eventsQuery(context: Context): Promise<RowResult> {
  return inDirectory(async (root) => {
    const { packageRoot } = context
    for (let i = 0; i < BATCHES; i++) {
      context.progress(`events-query: taking in ${i + 1} of ${BATCHES} million`)
      await ran(packageRoot, 'event-fill', [
        'segments',
        join(root, 'events'),
        String(EVENTS_OF_BATCH),
        String(i + 1),
      ])
      await ran(packageRoot, 'event-ingest', ['segments', root])
    }
    const [ours, plain] = [join(root, 'usage.duckdb'), join(root, 'plain.duckdb')]
    await ran(packageRoot, 'event-plain', [ours, plain])
    const questions = Object.fromEntries([
      ...Object.entries(REPORTS).map(([name, sql]) => [name, ['ours', sql]]),
      ...Object.entries(EXACT).flatMap(([name, sql]) => [
        [`${name}, ours`, ['ours', sql]],
        [`${name}, plain`, ['plain', sql]],
      ]),
    ])
    context.progress('events-query: asking')
    await context.quiet()
    const rounds = String(context.runs ?? ROUNDS)
    const ms = (await ran(packageRoot, 'event-query', [
      ours,
      plain,
      JSON.stringify(questions),
      rounds,
    ])) as Record<string, number[]>
    const summaries = Object.keys(REPORTS).map((name) => ({ name, summary: summaryOf(ms[name]!) }))
    const slowest = summaries.reduce((a, b) => (b.summary.p50 > a.summary.p50 ? b : a))
    return {
      headlines: [
        {
          what: `slowest standard report (${slowest.name}), p50`,
          contender: 'mycelium',
          value: slowest.summary.p50,
          unit: 'ms',
          must: 150,
        },
        ...Object.keys(EXACT).map((name) => {
          const interval = bootstrap(ms[`${name}, ours`]!, ms[`${name}, plain`]!, medianRatio)
          return {
            what: `exact ${name} ÷ plain table`,
            contender: 'mycelium',
            value: interval.value,
            unit: '×' as const,
            interval,
            must: 1.2,
          }
        }),
      ],
      details: Object.entries(ms).map(
        ([name, values]): Detail => ({
          contender: name.endsWith(', plain') ? 'plain DuckDB' : 'mycelium',
          what: name.replace(/, (ours|plain)$/, ''),
          unit: 'ms',
          summary: summaryOf(values),
        }),
      ),
      notes: [
        `${BATCHES * EVENTS_OF_BATCH} calls of 50,000 sessions over 30 days, taken in by the million; query time alone, files in memory`,
      ],
    }
  })
}
