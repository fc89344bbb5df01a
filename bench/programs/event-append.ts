// Appends calls for some seconds and says what that took. argv: segments, ndjson or duckdb; directory; seconds; seed.
import { closeSync, fdatasync, mkdirSync, openSync, readdirSync, statSync, write } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { DuckDBAppender } from '@duckdb/node-api'
import { quantile } from '../../src/core/bench/statistics.ts'
import { systemClock } from '../../src/core/clock.ts'
import { SegmentWriter } from '../../src/core/events/segment-writer.ts'
import { identityOf } from '../../src/core/process.ts'
import { type Call, callsLike } from './calls.ts'

/** Between two looks at the clock and turns of the event loop. */
const BURST = 2048
/** One in so many appends is timed: no divisor of a batch's rows, so that each place in a batch gets its turn. */
const TIMED = 7
const WRITE_BYTES = 256 * 1024
const FLUSH_ROWS = 10_000

interface Appender {
  append(call: Call): void
  /** Waits for what must not be exceeded. */
  room(): Promise<void> | undefined
  close(): Promise<void>
}

function segments(dir: string): Appender {
  const writer = new SegmentWriter({
    dir,
    writer: 'bench',
    owner: identityOf(process.pid)!,
    clock: systemClock,
    fsync: 'batch',
    fsyncMs: 100,
    segmentBytes: 64 * 1024 * 1024,
    segmentAgeMs: 3_600_000,
    maxBytes: Number.MAX_SAFE_INTEGER,
  })
  return {
    append: (call) => writer.append('call', call),
    room: () => writer.room(),
    close: async () => {
      if (!(await writer.close()) || writer.lost > 0) throw new Error(`${writer.lost} events lost`)
    },
  }
}

function ndjson(dir: string): Appender {
  mkdirSync(dir, { recursive: true })
  const fd = openSync(join(dir, `${process.pid}.ndjson`), 'a')
  const [writing, syncing] = [promisify(write), promisify(fdatasync)]
  let lines: string[] = []
  let units = 0
  const out = async () => {
    const bytes = Buffer.from(lines.join(''))
    lines = []
    units = 0
    await writing(fd, bytes)
    await syncing(fd)
  }
  return {
    append: (call) => {
      const line = `${JSON.stringify(call)}\n`
      units += line.length
      lines.push(line)
    },
    room: () => (units >= WRITE_BYTES ? out() : undefined),
    close: async () => {
      await out()
      closeSync(fd)
    },
  }
}

async function duckdb(dir: string): Promise<Appender> {
  const { DuckDBInstance } = await import('@duckdb/node-api')
  mkdirSync(dir, { recursive: true })
  const instance = await DuckDBInstance.create(join(dir, 'appended.duckdb'))
  const connection = await instance.connect()
  const [sample] = callsLike(1, 1)
  const columns = Object.entries(sample!).map(([name, value]) => ({ name, text: typeof value === 'string' }))
  const types = columns.map(({ name, text }) => `"${name}" ${text ? 'VARCHAR' : 'BIGINT'}`)
  await connection.run(`CREATE TABLE calls (${types.join(', ')})`)
  const appender: DuckDBAppender = await connection.createAppender('calls')
  let rows = 0
  return {
    append: (call) => {
      const values = call as unknown as Readonly<Record<string, string | number>>
      for (const { name, text } of columns) {
        if (text) appender.appendVarchar(values[name] as string)
        else appender.appendBigInt(BigInt(values[name]!))
      }
      appender.endRow()
      if (++rows % FLUSH_ROWS === 0) appender.flushSync()
    },
    room: () => undefined,
    close: async () => {
      appender.closeSync()
      connection.closeSync()
      instance.closeSync()
    },
  }
}

const [contender = '', dir = '', seconds = '1', seed = '1'] = process.argv.slice(2)
const calls = [...callsLike(65_536, Number(seed))]
const appender =
  contender === 'segments' ? segments(dir) : contender === 'ndjson' ? ndjson(dir) : await duckdb(dir)
const timedMs: number[] = []
process.stdout.write('ready\n')
await new Promise((resolve) => process.stdin.once('data', resolve))

const cpuBefore = process.cpuUsage()
const start = performance.now()
let events = 0
for (; performance.now() - start < Number(seconds) * 1000; events += BURST) {
  for (let i = 0; i < BURST; i++) {
    const call = calls[(events + i) & 65_535]!
    if ((events + i) % TIMED === 0) {
      const before = performance.now()
      appender.append(call)
      timedMs.push(performance.now() - before)
    } else appender.append(call)
  }
  await (appender.room() ?? turn())
}
await appender.close()
const ms = performance.now() - start
const { user, system } = process.cpuUsage(cpuBefore)
const files = readdirSync(dir).map((name) => join(dir, name))
const bytes = contender === 'duckdb' ? files : files.filter((name) => name.includes(`${process.pid}`))
const timed = Float64Array.from(timedMs)
process.stdout.write(
  `${JSON.stringify({
    events,
    ms,
    cpuUs: user + system,
    bytes: bytes.reduce((sum, name) => sum + statSync(name).size, 0),
    rssKb: process.resourceUsage().maxRSS,
    appendMs: [0.5, 0.99, 0.999, 1].map((p) => quantile([...timed], p)),
  })}\n`,
)
process.exit(0)
