import { join } from 'node:path'
import { summaryOf } from '../../src/core/bench/statistics.ts'
import type { Context } from '../context.ts'
import { inDirectory, ran } from '../event-programs.ts'
import type { RowResult } from '../result.ts'

const RUNS = 30
const BEFORE = 1_000_000
const NEW = 1000
const REPORT = 'SELECT server, sum(calls), sum(bytes_out) FROM calls_daily GROUP BY 1'

/** All that a command with a report costs: the process, loading DuckDB, a thousand new events, the question. */
export async function eventsStart(context: Context): Promise<RowResult> {
  return inDirectory(async (root) => {
    const { packageRoot } = context
    const fill = (count: number, seed: number) =>
      ran(packageRoot, 'event-fill', ['segments', join(root, 'events'), String(count), String(seed)])
    await fill(BEFORE, 1)
    await ran(packageRoot, 'event-ingest', ['segments', root])
    const fresh: number[] = []
    const idle: number[] = []
    for (let i = 0; i < (context.runs ?? RUNS); i++) {
      context.progress(`events-start: ${i + 1}`)
      await fill(NEW, i + 2)
      for (const into of [fresh, idle]) {
        await context.quiet()
        const start = performance.now()
        await ran(packageRoot, 'event-ask', [root, REPORT])
        into.push(performance.now() - start)
      }
    }
    const summary = summaryOf(fresh)
    return {
      headlines: [
        {
          what: `command with ${NEW} new events, p50`,
          contender: 'mycelium',
          value: summary.p50,
          unit: 'ms',
          must: 400,
        },
      ],
      details: [
        { contender: 'mycelium', what: `command with ${NEW} new events`, unit: 'ms', summary },
        { contender: 'mycelium', what: 'command without new events', unit: 'ms', summary: summaryOf(idle) },
      ],
      notes: [`database with ${BEFORE} calls; from spawn to exit`],
    }
  })
}
