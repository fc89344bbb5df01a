import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runUsageCompact } from '../../src/commands/usage-compact.ts'
import { runUsagePrune } from '../../src/commands/usage-data.ts'
import { type Paths, pathsOf } from '../../src/core/config/paths.ts'
import { openDatabase } from '../../src/core/events/db.ts'
import { type EventOf, KIND_ORDER, type Kind } from '../../src/core/events/event.ts'
import type { SegmentWriter } from '../../src/core/events/segment-writer.ts'
import { askStore, takeInEvents } from '../../src/core/events/store.ts'
import { columnsOf, TABLES } from '../../src/core/events/tables.ts'
import { reportBy } from '../../src/core/usage/reports.ts'
import { windowOf } from '../../src/core/usage/window.ts'
import { capturedIo } from '../fixtures/captured-io.ts'
import { anyEvent, segmentWriter } from '../fixtures/events.ts'
import { verifies } from '../requirements.ts'

let dir: string
let paths: Paths

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'my-events-'))
  paths = pathsOf(dir)
})

afterEach(() => rmSync(dir, { recursive: true, force: true }))

function writer(segmentBytes = 1 << 20): SegmentWriter {
  return segmentWriter(paths.events, { segmentBytes })
}

function rows(sql: string): Promise<readonly unknown[][]> {
  return askStore(paths, async ({ database }) => {
    const reader = await database.connection.runAndReadAll(sql)
    return reader.getRowsJson() as unknown[][]
  })
}

/** An event as its table shows it, in JSON. */
function shown(kind: Kind, event: EventOf<Kind>): unknown[] {
  const values = event as unknown as Record<string, string | number | boolean>
  return columnsOf(kind).map(({ field, type }) => {
    const value = values[field]!
    if (type === 'text' || type === 'label') return value === '' ? null : value
    if (type === 'known') return value === -1 ? null : String(value)
    if (type === 'cost') return value === -1 ? null : value
    if (type === 'count') return String(value)
    if (type === 'time') return String(value)
    return value
  })
}

function selected(kind: Kind): string {
  return columnsOf(kind)
    .map(({ column, type }) => (type === 'time' ? `epoch_us(${column})` : column))
    .join(', ')
}

const call: EventOf<'call'> = {
  at: 1_760_000_000_000_000,
  session: 'b/s1',
  clientSession: 'c1',
  client: 'claude-code',
  project: '/p',
  server: 'github',
  method: 'tools/call',
  tool: 'search',
  mode: 'shared',
  via: 'c',
  toolUse: 'toolu_1',
  bytesIn: 10,
  bytesOut: 20,
  queueUs: 5,
  upstreamUs: 1000,
  outcome: 'ok',
  code: '',
  effect: '',
  savedBytes: 0,
}

const response: EventOf<'response'> = {
  at: 2_000_000,
  client: 'claude-code',
  clientSession: 'one',
  project: '/p',
  agent: '',
  agentType: '',
  model: 'm',
  message: 'msg_1',
  inputTokens: 1,
  outputTokens: 2,
  cacheWrite5mTokens: 0,
  cacheWrite1hTokens: 0,
  cacheReadTokens: 0,
  reasoningTokens: 0,
  clientCostUsd: -1,
}

describe('the event store', () => {
  it.each(
    KIND_ORDER.filter((kind) => !['response', 'toolUse', 'schema', 'clientCost', 'progress'].includes(kind)),
  )('gives back every event of kind %s as it was', async (kind) => {
    const events = fc.sample(fc.array(anyEvent(kind), { minLength: 1, maxLength: 60 }), { numRuns: 3 }).flat()
    const segments = writer(20_000)
    for (const [i, event] of events.entries()) {
      segments.append(kind, event as never)
      if (i % 7 === 0) await segments.flush()
    }
    await segments.close()
    const found = await rows(`SELECT ${selected(kind)} FROM ${TABLES[kind]}`)
    const sorted = (list: readonly unknown[][]) => list.map((row) => JSON.stringify(row)).sort()
    expect(sorted(found)).toEqual(sorted(events.map((event) => shown(kind, event as EventOf<Kind>))))
    expect(readdirSync(paths.events)).toEqual([])
  })

  it('has a table with the columns of each kind', async () => {
    const database = await openDatabase({ file: paths.database, write: true })
    for (const kind of KIND_ORDER) {
      const reader = await database.connection.runAndReadAll(`DESCRIBE ${TABLES[kind]}`)
      expect(reader.getRowsJS().map(([name]) => name)).toEqual(columnsOf(kind).map(({ column }) => column))
    }
    database.close()
  })

  it('counts nothing twice when the same segment is taken in again while it grows', async () => {
    const segments = writer()
    for (let i = 0; i < 5; i++) {
      segments.append('call', { ...call, bytesIn: i })
      await segments.flush()
      await takeInEvents(paths)
    }
    await segments.close()
    expect(await rows('SELECT count(*), sum(bytes_in) FROM calls')).toEqual([['5', '10']])
    expect(await rows('SELECT sum(calls), sum(bytes_in) FROM calls_daily')).toEqual([['5', '10']])
    expect(await rows('SELECT sum(calls) FROM latency_daily')).toEqual([['5']])
    expect(
      await rows(
        'SELECT client, client_session, session, project, sum(calls) FROM calls_by_session GROUP BY ALL',
      ),
    ).toEqual([['claude-code', 'c1', 'b/s1', '/p', '5']])
  })

  it('leaves what a question took in in the log beside it, for its owner alone, until somebody nobody waits for moves it in', async () => {
    const logs = () => readdirSync(dir).filter((name) => name.endsWith('.wal'))
    const segments = writer()
    for (let i = 0; i < 3; i++) {
      segments.append('call', { ...call, bytesIn: i })
      await segments.flush()
      expect(await rows('SELECT count(*), sum(bytes_in) FROM calls')).toEqual([
        [String(i + 1), String((i * (i + 1)) / 2)],
      ])
      expect(logs()).toEqual(['usage.duckdb.wal'])
      expect(statSync(`${paths.database}.wal`).mode & 0o777).toBe(0o600)
    }
    await segments.close()
    await takeInEvents(paths)
    expect(logs()).toEqual([])
    expect(await rows('SELECT sum(calls), sum(bytes_in) FROM calls_daily')).toEqual([['3', '3']])
  })

  it('is compacted when somebody says so, and pruned by events.retain unless told otherwise', async () => {
    verifies('JOBS-1')
    const env = { HOME: dir, MYCELIUM_HOME: dir }
    const said = async (run: (io: ReturnType<typeof capturedIo>['io']) => Promise<void>) => {
      const captured = capturedIo(env, dir)
      await run(captured.io)
      return JSON.parse(captured.said())
    }
    expect(await said((io) => runUsageCompact(io, { json: true }))).toEqual({
      events: 0,
      bytesBefore: 0,
      bytesAfter: 0,
    })
    const segments = writer()
    const nowUs = Date.now() * 1000
    for (const daysAgo of [0, 3]) segments.append('call', { ...call, at: nowUs - daysAgo * 86_400_000_000 })
    await segments.close()
    const compacted = await said((io) => runUsageCompact(io, { json: true }))
    expect(compacted).toEqual({ events: 2, bytesBefore: 0, bytesAfter: expect.any(Number) })
    expect(readdirSync(dir).filter((name) => name.endsWith('.wal'))).toEqual([])
    expect(await rows('SELECT count(*) FROM calls')).toEqual([['2']])
    const pruned = (options: object) => said((io) => runUsagePrune(io, { yes: true, json: true, ...options }))
    expect((await pruned({})).removed.call_rows).toBe(0)
    writeFileSync(join(dir, 'config.json'), JSON.stringify({ events: { retain: '2d' } }))
    expect((await pruned({})).removed.call_rows).toBe(1)
  })

  it('leaves a torn tail for later while its writer lives, and finds what comes behind damage', async () => {
    const segments = writer()
    segments.append('call', call)
    await segments.flush()
    const [name] = readdirSync(paths.events)
    const path = join(paths.events, name!)
    const whole = readFileSync(path)
    writeFileSync(path, whole.subarray(0, whole.length - 5))
    await takeInEvents(paths)
    expect(await rows('SELECT count(*) FROM calls')).toEqual([['0']])
    writeFileSync(path, whole)
    await takeInEvents(paths)
    expect(await rows('SELECT count(*) FROM calls')).toEqual([['1']])
    appendFileSync(path, Buffer.from('garbage MYE1 garbage'))
    segments.append('call', call)
    await segments.close()
    expect(await takeInEvents(paths)).toMatchObject({ events: 1, removed: 1 })
    expect(await rows('SELECT count(*) FROM calls')).toEqual([['2']])
  })

  it('counts the calls of a session in a window as it counts them by day', async () => {
    const segments = writer()
    const noon = Date.parse('2026-11-20T12:00:00Z')
    for (const day of [0, 1, 2]) segments.append('call', { ...call, at: (noon + day * 86_400_000) * 1000 })
    await segments.close()
    for (const [since, until, calls] of [
      ['2026-11-20T00:00:00Z', '2026-11-22T00:00:00Z', 2],
      ['2026-11-22T00:00:00Z', undefined, 1],
      [undefined, undefined, 3],
    ] as const) {
      const window = windowOf(since, until, noon)
      const { sql, columns } = reportBy('session', window)
      const [row] = await rows(sql)
      expect(Number(row![columns.findIndex(({ name }) => name === 'mcp_calls')])).toBe(calls)
    }
  })

  it('keeps one answer per message: the fullest usage, the session that had it first', async () => {
    const segments = writer()
    segments.append('response', response)
    segments.append('response', { ...response, outputTokens: 7 })
    await segments.flush()
    await takeInEvents(paths)
    segments.append('response', { ...response, clientSession: 'fork', outputTokens: 9 })
    segments.append('response', { ...response, message: 'msg_3', clientSession: 'fork' })
    segments.append('response', { ...response, message: 'msg_3', at: 1_000_000, outputTokens: 1 })
    segments.append('response', { ...response, message: 'msg_2' })
    await segments.close()
    expect(
      await rows('SELECT message, client_session, epoch_us(ts), output_tokens FROM responses ORDER BY 1'),
    ).toEqual([
      ['msg_1', 'one', '2000000', '9'],
      ['msg_2', 'one', '2000000', '2'],
      ['msg_3', 'one', '1000000', '2'],
    ])
  })

  it('refuses a database of a later version, one that is broken, and says who holds one', async () => {
    const database = await openDatabase({ file: paths.database, write: true })
    await database.connection.run("UPDATE meta SET value = '99' WHERE key = 'schema_version'")
    database.close()
    await expect(openDatabase({ file: paths.database, write: false })).rejects.toMatchObject({
      code: 'database_newer',
    })
    writeFileSync(paths.database, 'not a database at all')
    await expect(openDatabase({ file: paths.database, write: true })).rejects.toMatchObject({
      code: 'database_broken',
    })
  })
})
