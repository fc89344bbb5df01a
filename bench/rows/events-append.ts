import { join } from 'node:path'
import { bootstrap, median, medianRatio, summaryOf } from '../../src/core/bench/statistics.ts'
import type { Context } from '../context.ts'
import { inDirectory, startProgram } from '../event-programs.ts'
import type { Detail, RowResult } from '../result.ts'

const ROUNDS = 5
const SECONDS = 10
/** Who appends, and in how many processes: DuckDB's file has room for one. */
const CONTENDERS = { segments: 4, ndjson: 4, duckdb: 1 } as const

interface Appended {
  readonly events: number
  readonly ms: number
  readonly cpuUs: number
  readonly bytes: number
  readonly rssKb: number
  readonly appendMs: readonly [number, number, number, number]
}

interface Round {
  readonly perSecond: number
  readonly cpuUs: number
  readonly bytes: number
  readonly p50Us: number
  readonly p99Us: number
  readonly p999Us: number
  readonly rssMb: number
}

/** Events per second through four writer processes, the time that an append takes, and what else writes events in the same way. */
export async function eventsAppend(context: Context): Promise<RowResult> {
  const names = Object.keys(CONTENDERS) as (keyof typeof CONTENDERS)[]
  const rounds = new Map<string, Round[]>(names.map((name) => [name, []]))
  for (let i = 0; i < (context.runs ?? ROUNDS); i++) {
    for (const name of [...names.slice(i % names.length), ...names.slice(0, i % names.length)]) {
      context.progress(`events-append: round ${i + 1}, ${name}`)
      await context.quiet()
      rounds.get(name)!.push(await oneRound(context.packageRoot, name))
    }
  }
  const of = (name: string, key: keyof Round) => rounds.get(name)!.map((round) => round[key])
  const ratio = (other: string, key: keyof Round) =>
    bootstrap(of('segments', key), of(other, key), medianRatio)
  const details = names.flatMap((contender) =>
    (
      [
        ['perSecond', 'events/s in all', ''],
        ['cpuUs', 'CPU time of an event', 'µs'],
        ['bytes', 'bytes of an event', 'B'],
        ['p50Us', 'append, p50', 'µs'],
        ['p99Us', 'append, p99', 'µs'],
        ['p999Us', 'append, p99.9', 'µs'],
        ['rssMb', 'peak RSS of a writer', 'MB'],
      ] as const
    ).map(([key, what, unit]): Detail => ({ contender, what, unit, summary: summaryOf(of(contender, key)) })),
  )
  const against = (other: 'ndjson' | 'duckdb', what: string, key: 'perSecond' | 'cpuUs') => {
    const interval = ratio(other, key)
    return {
      what: `${what} ÷ ${other}`,
      contender: 'segments',
      value: interval.value,
      unit: '×' as const,
      interval,
    }
  }
  return {
    headlines: [
      {
        what: 'events/s through 4 writers',
        contender: 'segments',
        value: median(of('segments', 'perSecond')),
        unit: '',
        must: 800_000,
        atLeast: true,
      },
      {
        what: 'append, p99',
        contender: 'segments',
        value: median(of('segments', 'p99Us')) / 1000,
        unit: 'ms',
        must: 1,
      },
      against('ndjson', 'events/s', 'perSecond'),
      against('ndjson', 'CPU time of an event', 'cpuUs'),
      against('duckdb', 'events/s', 'perSecond'),
      against('duckdb', 'CPU time of an event', 'cpuUs'),
    ],
    details,
    notes: [
      `${SECONDS} s each; segments: fdatasync at most every 100 ms; ndjson: JSON.stringify, a write and fdatasync per 256 KB, 4 processes; duckdb: row appender of one process, flushSync every 10,000 rows`,
    ],
  }
}

async function oneRound(packageRoot: string, name: keyof typeof CONTENDERS): Promise<Round> {
  return inDirectory(async (dir) => {
    const writers = Array.from({ length: CONTENDERS[name] }, (_, i) =>
      startProgram(packageRoot, 'event-append', [name, join(dir, 'events'), String(SECONDS), String(i + 1)]),
    )
    await Promise.all(writers.map(({ ready }) => ready))
    for (const writer of writers) writer.begin()
    const done = (await Promise.all(writers.map(({ result }) => result))) as Appended[]
    const sum = (of: (one: Appended) => number) => done.reduce((total, one) => total + of(one), 0)
    const events = sum((one) => one.events)
    const worst = (i: number) => Math.max(...done.map((one) => one.appendMs[i]!)) * 1000
    return {
      perSecond: sum((one) => (one.events / one.ms) * 1000),
      cpuUs: sum((one) => one.cpuUs) / events,
      bytes: sum((one) => one.bytes) / events,
      p50Us: worst(0),
      p99Us: worst(1),
      p999Us: worst(2),
      rssMb: Math.max(...done.map((one) => one.rssKb)) / 1024,
    }
  })
}
