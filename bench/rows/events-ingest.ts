import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { bootstrap, median, medianRatio, summaryOf } from '../../src/core/bench/statistics.ts'
import type { Context } from '../context.ts'
import { inDirectory, ran } from '../event-programs.ts'
import type { Detail, RowResult } from '../result.ts'

const ROUNDS = 5
const EVENTS = 1_000_000

interface Took {
  readonly ms: number
  readonly cpuUs: number
  readonly rssKb: number
}

/** Rows per second from segments into the database with all sums, beside DuckDB reading the same calls from NDJSON into one table. */
export async function eventsIngest(context: Context): Promise<RowResult> {
  return inDirectory(async (dir) => {
    const { packageRoot } = context
    context.progress('events-ingest: preparing')
    await ran(packageRoot, 'event-fill', ['segments', join(dir, 'kept/events'), String(EVENTS), '1'])
    await ran(packageRoot, 'event-fill', ['ndjson', join(dir, 'ndjson'), String(EVENTS), '1'])
    const took: { segments: Took[]; ndjson: Took[] } = { segments: [], ndjson: [] }
    for (let i = 0; i < (context.runs ?? ROUNDS); i++) {
      for (const form of i % 2 === 0
        ? (['segments', 'ndjson'] as const)
        : (['ndjson', 'segments'] as const)) {
        context.progress(`events-ingest: round ${i + 1}, ${form}`)
        const root = form === 'segments' ? join(dir, 'root') : join(dir, 'ndjson')
        if (form === 'segments') cpSync(join(dir, 'kept'), root, { recursive: true })
        await context.quiet()
        took[form].push((await ran(packageRoot, 'event-ingest', [form, root])) as Took)
        rmSync(form === 'segments' ? root : join(root, 'plain.duckdb'), { recursive: true })
      }
    }
    const perSecond = (form: 'segments' | 'ndjson') => took[form].map(({ ms }) => (EVENTS / ms) * 1000)
    const ratio = bootstrap(perSecond('segments'), perSecond('ndjson'), medianRatio)
    const details = (['segments', 'ndjson'] as const).flatMap((contender): Detail[] => [
      { contender, what: 'rows/s', unit: '', summary: summaryOf(perSecond(contender)) },
      {
        contender,
        what: 'CPU time of a row',
        unit: 'µs',
        summary: summaryOf(took[contender].map(({ cpuUs }) => cpuUs / EVENTS)),
      },
      {
        contender,
        what: 'peak RSS',
        unit: 'MB',
        summary: summaryOf(took[contender].map(({ rssKb }) => rssKb / 1024)),
      },
    ])
    return {
      headlines: [
        {
          what: 'rows/s ÷ read_json into a table',
          contender: 'segments',
          value: ratio.value,
          unit: '×',
          interval: ratio,
        },
        {
          what: 'rows/s with all sums',
          contender: 'segments',
          value: median(perSecond('segments')),
          unit: '',
          must: 500_000,
          atLeast: true,
        },
      ],
      details,
      notes: [
        `${EVENTS} calls of 5,000 sessions over 30 days; segments with sums by day, latency and session, ndjson without`,
      ],
    }
  })
}
