import { copyFileSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Clock, systemClock } from '../../src/core/clock.ts'
import { type Paths, pathsOf } from '../../src/core/config/paths.ts'
import { Batch, Scratch } from '../../src/core/events/batch.ts'
import { openDatabase } from '../../src/core/events/db.ts'
import { type EventOf, KIND_ORDER, type Kind } from '../../src/core/events/event.ts'
import { FRAME_HEAD_BYTES, sealFrame } from '../../src/core/events/frame.ts'
import { ingest } from '../../src/core/events/ingest.ts'
import { createSegment, sealOfSegment } from '../../src/core/events/segment-file.ts'
import { askStore, takeInEvents } from '../../src/core/events/store.ts'
import { identityOf } from '../../src/core/process.ts'
import { callOf, responseOf } from '../fixtures/event-values.ts'
import { anyEvent } from '../fixtures/events.ts'
import { verifies } from '../requirements.ts'
import { expectSumsOfCalls, rows } from './event-books.ts'
import { shortDirectory } from './programs.ts'

function frameOf<K extends Kind>(kind: K, events: readonly EventOf<K>[]): Buffer {
  const batch = new Batch(kind, new Scratch())
  for (const event of events) batch.add(event as EventOf<Kind>)
  return batch.take()
}

const calls = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => callOf('w', from + i))

/** A segment of nobody, taken as finished when it has lain for a minute. */
function lay(paths: Paths, name: string, bytes: Buffer): string {
  mkdirSync(paths.events, { recursive: true })
  const path = join(paths.events, name)
  writeFileSync(path, bytes)
  utimesSync(path, 0, 0)
  return path
}

const LAID = 'shared-1-000000000000.seg'
const fresh = () => pathsOf(shortDirectory())

describe('taking events in', () => {
  it('takes any number and any text, as near as a column can hold it', async () => {
    const paths = fresh()
    const wild = [Number.NaN, Infinity, -Infinity, 1e300, -1e300, -0, 0.5, 2 ** 53, -(2 ** 63), 1e18]
    const texts = [
      'a\0b',
      '\ud800',
      '\udc00x',
      `${'x'.repeat(65_535)}🦊`,
      'y'.repeat(70_000),
      '\u{10ffff}',
      '',
    ]
    const events = wild.flatMap((number, i) =>
      texts.map((text) => ({
        ...callOf('w', i),
        at: number,
        bytesIn: number,
        bytesOut: number,
        queueUs: number,
        upstreamUs: number,
        savedBytes: number,
        session: text,
        tool: text,
        toolUse: text,
      })),
    )
    lay(paths, LAID, Buffer.concat(events.map((event) => frameOf('call', [event]))))
    lay(
      paths,
      'shared-1-000000000001.seg',
      Buffer.concat(
        wild.map((number, i) =>
          frameOf('response', [{ ...responseOf('w', i), inputTokens: number, clientCostUsd: number }]),
        ),
      ),
    )
    expect(await takeInEvents(paths)).toMatchObject({ events: 80, damagedBytes: 0, removed: 2 })
    expect(
      await rows(paths, 'SELECT DISTINCT bytes_in::VARCHAR FROM calls ORDER BY bytes_in::HUGEINT'),
    ).toEqual([['-9007199254740991'], ['0'], ['1'], ['9007199254740991']])
    expect(
      await rows(
        paths,
        'SELECT DISTINCT length(tool), left(tool, 3), right(tool, 1) FROM calls WHERE tool IS NOT NULL ORDER BY ALL',
      ),
    ).toEqual([
      ['1', '\ufffd', '\ufffd'],
      ['1', '\u{10ffff}', '\u{10ffff}'],
      ['2', '\ufffdx', 'x'],
      ['3', 'a\ufffdb', 'b'],
      ['65535', 'xxx', 'x'],
      ['65536', 'yyy', 'y'],
    ])
    expect(
      await rows(
        paths,
        'SELECT count(*)::INTEGER FROM responses WHERE isnan(client_cost_usd) OR isinf(client_cost_usd)',
      ),
    ).toEqual([[0]])
    await expectSumsOfCalls(paths)
  })

  it('adds up what no column can hold to the most that one can', async () => {
    const paths = fresh()
    const huge = { ...callOf('w', 0), bytesIn: Number.MAX_SAFE_INTEGER, savedBytes: -Number.MAX_SAFE_INTEGER }
    lay(paths, LAID, frameOf('call', new Array(2000).fill(huge)))
    expect((await takeInEvents(paths)).events).toBe(2000)
    expect(await rows(paths, 'SELECT bytes_in::VARCHAR, saved_bytes::VARCHAR FROM calls_daily')).toEqual([
      ['9223372036854775807', '-9223372036854775807'],
    ])
  })

  it('passes over a frame whose bytes lie, however they do, and over nothing else', async () => {
    const paths = fresh()
    const lies = fc.sample(
      fc.constantFrom<Kind>(...KIND_ORDER).chain((kind) =>
        fc.tuple(
          fc.array(anyEvent(kind), { minLength: 1, maxLength: 20 }).map((events) => frameOf(kind, events)),
          fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 }),
          fc.option(fc.nat(5000), { nil: undefined }),
        ),
      ),
      400,
    )
    const frames = lies.map(([frame, bytes, wrongRows], i) => {
      for (const [at, byte] of bytes)
        frame[FRAME_HEAD_BYTES + (at % (frame.length - FRAME_HEAD_BYTES))] = byte
      sealFrame(frame, frame[16]!, wrongRows ?? frame.readUInt32LE(12), frame[17]!)
      return Buffer.concat([frame, frameOf('call', [{ ...callOf('good', i), server: 'true' }])])
    })
    lay(paths, LAID, Buffer.concat(frames))
    await takeInEvents(paths)
    expect(readdirSync(paths.events)).toEqual([])
    expect(
      await rows(
        paths,
        "SELECT count(*)::INTEGER, count(DISTINCT tool_use)::INTEGER FROM calls WHERE server = 'true' AND tool_use LIKE 'good-%'",
      ),
    ).toEqual([[400, 400]])
  })

  it('finds every whole frame behind damage of any kind, also where reads end', async () => {
    const paths = fresh()
    const noise = Buffer.alloc(3_000_000, 'MYE1 ')
    const zeros = Buffer.alloc(1_200_000)
    const torn = frameOf('call', calls(0, 500)).subarray(0, 5000)
    const parts = [noise, frameOf('call', calls(0, 10)), zeros, frameOf('call', calls(10, 20)), torn]
    lay(paths, LAID, Buffer.concat([...parts, frameOf('call', calls(20, 30))]))
    expect(await takeInEvents(paths)).toMatchObject({ events: 30, removed: 1, damagedBytes: 4_205_000 })
  })

  it('takes no text for a frame', async () => {
    verifies('STORE-1')
    const paths = fresh()
    const forged = asciiFrame()
    const big = { ...callOf('w', 0), toolUse: forged.toString('latin1') }
    const filler = Array.from({ length: 40 }, (_, i) => ({
      ...callOf('w', i),
      toolUse: 'z'.repeat(60_000) + i,
    }))
    lay(paths, LAID, frameOf('call', [big, ...filler]))
    expect(await takeInEvents(paths)).toMatchObject({ events: 41, damagedBytes: 0 })
    expect(await rows(paths, 'SELECT count(*)::INTEGER FROM decisions')).toEqual([[0]])
  })

  it('removes a sealed segment of a running writer that was taken in before', async () => {
    const paths = fresh()
    const { path } = createSegment(join(paths.events), 'test', identityOf(process.pid)!)
    writeFileSync(path, Buffer.concat([frameOf('call', calls(0, 5)), sealOfSegment()]), { flag: 'a' })
    const kept = `${shortDirectory()}/kept`
    copyFileSync(path, kept)
    expect(await takeInEvents(paths)).toMatchObject({ events: 5, removed: 1 })
    copyFileSync(kept, path)
    expect(await takeInEvents(paths)).toMatchObject({ events: 0, removed: 1 })
    expect(readdirSync(paths.events)).toEqual([])
    await takeInEvents(paths)
    expect(await rows(paths, 'SELECT count(*)::INTEGER FROM segments')).toEqual([[0]])
  })

  it('loses nothing that is added while it finds that a segment is at rest', async () => {
    verifies('STORE-1')
    const paths = fresh()
    const path = lay(paths, LAID, frameOf('call', calls(0, 5)))
    let looks = 0
    const clock: Clock = {
      ...systemClock,
      wall: () => {
        // The first look gives the shared segment its name.
        if (++looks === 2) writeFileSync(path, frameOf('call', calls(5, 10)), { flag: 'a' })
        return Date.now()
      },
    }
    await takeInEvents(paths, { clock })
    await takeInEvents(paths)
    expect(await rows(paths, 'SELECT count(*)::INTEGER FROM calls')).toEqual([[10]])
  })

  it('leaves the file of a writer that has not come to write its head yet', async () => {
    const paths = fresh()
    lay(paths, `test-${process.pid}-000000000000.seg`, Buffer.alloc(0))
    lay(paths, 'test-4194399-000000000000.seg', Buffer.alloc(0))
    const [half] = [frameOf('call', calls(0, 1)).subarray(0, 30)]
    lay(paths, 'test-4194398-000000000000.seg', half!)
    await takeInEvents(paths)
    expect(readdirSync(paths.events)).toEqual([`test-${process.pid}-000000000000.seg`])
  })

  it('passes over a directory with the name of a segment', async () => {
    const paths = fresh()
    lay(paths, LAID, frameOf('call', calls(0, 5)))
    for (const name of ['daemon-3-cccccccccccc.seg', 'shared.seg']) mkdirSync(join(paths.events, name))
    expect(await takeInEvents(paths)).toMatchObject({ events: 5 })
    expect(await rows(paths, 'SELECT count(*)::INTEGER FROM calls')).toEqual([[5]])
  })

  it('leaves segments of another machine or container for a day', async () => {
    const paths = fresh()
    const head = { format: 1, writer: 'test', pid: 1, startTime: '1', boot: 'elsewhere' }
    const bytes = Buffer.concat([plain(Buffer.from(JSON.stringify(head))), frameOf('call', calls(0, 5))])
    const path = lay(paths, 'test-1-000000000000.seg', bytes)
    utimesSync(path, Date.now() / 1000, Date.now() / 1000)
    expect(await takeInEvents(paths)).toMatchObject({ events: 5, removed: 0 })
    utimesSync(path, 0, 0)
    expect(await takeInEvents(paths)).toMatchObject({ events: 0, removed: 1 })
  })

  it('changes nothing when it fails halfway, and works when the cause is gone', async () => {
    verifies('STORE-1')
    const paths = fresh()
    const { connection, close } = await openDatabase({ file: paths.database, write: true })
    lay(paths, LAID, frameOf('call', calls(0, 50)))
    await connection.run('ALTER TABLE calls_by_session RENAME TO elsewhere')
    const take = () => ingest(connection, { dir: paths.events, database: paths.database, clock: systemClock })
    await expect(take()).rejects.toThrow('calls_by_session')
    const reader = await connection.runAndReadAll(
      'SELECT (SELECT count(*) FROM call_rows)::INTEGER, (SELECT count(*) FROM calls_daily)::INTEGER, (SELECT count(*) FROM segments)::INTEGER',
    )
    expect(reader.getRowsJS()).toEqual([[0, 0, 0]])
    expect(readdirSync(paths.events)).toEqual([LAID])
    await connection.run('ALTER TABLE elsewhere RENAME TO calls_by_session')
    expect(await take()).toMatchObject({ events: 50, removed: 1 })
    close()
    await expectSumsOfCalls(paths)
  })

  it('takes each event once however many ask in one process at the same time', async () => {
    verifies('STORE-1')
    const paths = fresh()
    lay(paths, LAID, frameOf('call', calls(0, 1000)))
    const ask = () =>
      askStore(paths, async ({ database: { connection } }) => {
        const reader = await connection.runAndReadAll('SELECT count(*)::INTEGER FROM calls')
        return reader.getRowsJS()
      })
    const answers = await Promise.all([ask(), takeInEvents(paths), ask(), takeInEvents(paths), ask()])
    expect(answers.filter(Array.isArray)).toEqual([[[1000]], [[1000]], [[1000]]])
  })

  it('goes on in another transaction where one would take too many events', async () => {
    const paths = fresh()
    const { connection, close } = await openDatabase({ file: paths.database, write: true })
    lay(paths, LAID, Buffer.concat([0, 1, 2].map((i) => frameOf('call', calls(i * 100, i * 100 + 100)))))
    const take = () =>
      ingest(connection, { dir: paths.events, database: paths.database, clock: systemClock, maxEvents: 150 })
    expect(await take()).toMatchObject({ events: 200, removed: 0, more: true })
    expect(await take()).toMatchObject({ events: 100, removed: 1, more: false })
    close()
    expect(
      await rows(paths, 'SELECT count(*)::INTEGER, count(DISTINCT tool_use)::INTEGER FROM calls'),
    ).toEqual([[300, 300]])
  })

  it('makes one row of many with the same key when small ingestions have left many', async () => {
    verifies('STORE-2')
    const paths = fresh()
    lay(paths, LAID, frameOf('call', calls(0, 5000).slice(0, 2000)))
    await takeInEvents(paths)
    const { connection, close } = await openDatabase({ file: paths.database, write: true })
    const [[before]] = (
      await connection.runAndReadAll('SELECT count(*)::INTEGER FROM latency_daily')
    ).getRowsJS() as [[number]]
    // As if the same had been taken in a hundred times.
    await connection.run('CREATE TEMP TABLE many AS FROM range(99)')
    for (const table of ['call_rows', 'calls_daily', 'latency_daily', 'calls_by_session'])
      await connection.run(`INSERT INTO ${table} SELECT t.* FROM ${table} t, many`)
    lay(paths, 'shared-2-000000000000.seg', frameOf('call', calls(0, 1)))
    await ingest(connection, { dir: paths.events, database: paths.database, clock: systemClock })
    const [[after]] = (
      await connection.runAndReadAll('SELECT count(*)::INTEGER FROM latency_daily')
    ).getRowsJS() as [[number]]
    close()
    expect(after).toBeLessThanOrEqual(before)
    await expectSumsOfCalls(paths)
  })
})

function plain(payload: Buffer): Buffer {
  return sealFrame(Buffer.concat([Buffer.alloc(FRAME_HEAD_BYTES), payload]), 255, 0, 0)
}

/** A whole frame that is at the same time a text: no byte of it is over 127. */
function asciiFrame(): Buffer {
  for (let i = 0; i < 10_000; i++) {
    const done = { policy: 'p', server: 's', action: 'a', accepted: false, because: 'b'.repeat(120) + i }
    const event = { at: 2 ** 40, ...done, clientSession: '', savedTokens: 0 }
    const frame = frameOf('decision', [event])
    if (frame.every((byte) => byte < 128)) return frame
  }
  throw new Error('none found')
}
