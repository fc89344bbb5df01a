import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { type Paths, pathsOf } from '../../src/core/config/paths.ts'
import { Batch, Scratch } from '../../src/core/events/batch.ts'
import { openDatabase } from '../../src/core/events/db.ts'
import type { EventOf } from '../../src/core/events/event.ts'
import { Ahead, ingest } from '../../src/core/events/ingest.ts'
import { Intake } from '../../src/core/events/intake.ts'
import { ParquetWriter } from '../../src/core/events/parquet.ts'
import { takeInEvents } from '../../src/core/events/store.ts'
import { TextPage } from '../../src/core/events/text-page.ts'
import { callOf } from '../fixtures/event-values.ts'
import { verifies } from '../requirements.ts'
import { expectSumsOfCalls, rows } from './event-books.ts'
import { shortDirectory } from './programs.ts'

const fresh = () => pathsOf(shortDirectory())
const COUNTS = 'SELECT count(*)::INTEGER, count(DISTINCT tool_use)::INTEGER FROM calls'

function segment(paths: Paths, number: number, calls: readonly EventOf<'call'>[]): string {
  const frames: Buffer[] = []
  const batch = new Batch('call', new Scratch())
  for (let i = 0; i < calls.length; i += 2000) {
    for (const call of calls.slice(i, i + 2000)) batch.add(call)
    frames.push(Buffer.from(batch.take()))
  }
  mkdirSync(paths.events, { recursive: true })
  const path = join(paths.events, `shared-${number}-000000000000.seg`)
  writeFileSync(path, Buffer.concat(frames))
  utimesSync(path, 0, 0)
  return path
}

const calls = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => callOf('w', from + i))

/** A number of a process that has ended. */
const GONE = 4_194_303

describe('rows on their way into the database', () => {
  it('are read by DuckDB as they were written, whatever the directory is called', async () => {
    const connection = await (await DuckDBInstance.create(':memory:')).connect()
    const dir = mkdtempSync(join(tmpdir(), "it's a[b]*? "))
    const value = fc.record({
      n: fc.double({ noNaN: true }),
      i: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      t: fc.string({ unit: 'binary' }),
    })
    const groups = fc.array(fc.array(value, { minLength: 1, maxLength: 30 }), { maxLength: 20 })
    let file = 0
    await fc.assert(
      fc.asyncProperty(groups, async (wanted) => {
        const path = join(dir, `${file++}`)
        const writer = new ParquetWriter(path, [
          { name: 'n', type: 'double' },
          { name: 'i', type: 'integer' },
          { name: 't', type: 'text' },
        ])
        for (const group of wanted) {
          const page = new TextPage()
          for (const { t } of group) page.add(t)
          page.keep()
          writer.writeRows(group.length, [
            new Uint8Array(Float64Array.from(group, ({ n }) => n).buffer),
            new Uint8Array(Int32Array.from(group, ({ i }) => i).buffer),
            page.bytes,
          ])
        }
        writer.close()
        const reader = await connection.runAndReadAll(
          `SELECT n, i, t FROM read_parquet('${path.replaceAll("'", "''")}')`,
        )
        expect(reader.getRowsJS()).toEqual(wanted.flat().map(({ n, i, t }) => [n, i, t]))
      }),
      { numRuns: 60 },
    )
    rmSync(dir, { recursive: true })
  })

  it('keep each label with its row over many frames, and each of more combinations than have a place', async () => {
    const paths = fresh()
    const label = (i: number) =>
      ['', `plain-${i}`, `grün-${i}`, `${'long'.repeat(20)}-${i}`, `a${i}\0b`, `🦊${i}`][
        Math.floor(i / (i < 40_000 ? 2000 : 100)) % 6
      ]!
    const odd = Array.from({ length: 70_000 }, (_, i) => ({
      ...callOf('w', 0),
      toolUse: label(i),
      bytesIn: i,
      session: i < 64_000 ? `s${i % 3}` : `s${i}`,
      project: i < 64_000 ? '/p' : `/p${i % 1999}`,
    }))
    segment(paths, 1, odd)
    expect(await takeInEvents(paths)).toMatchObject({ events: 70_000, damagedBytes: 0 })
    const got = await rows(
      paths,
      'SELECT bytes_in::INTEGER, tool_use, session, project FROM calls ORDER BY bytes_in',
    )
    const wanted = odd.map((call) => [
      call.bytesIn,
      call.toolUse.replaceAll('\0', '\ufffd') || null,
      call.session,
      call.project,
    ])
    expect(got.length).toBe(wanted.length)
    expect(got.findIndex((row, i) => JSON.stringify(row) !== JSON.stringify(wanted[i]))).toBe(-1)
  })

  it('are added up to the byte where doubles could not', async () => {
    const paths = fresh()
    const one = callOf('w', 0)
    const huge = Number.MAX_SAFE_INTEGER
    segment(
      paths,
      1,
      [huge, 1, 1].map((bytesIn) => ({ ...one, bytesIn })),
    )
    await takeInEvents(paths)
    expect(await rows(paths, 'SELECT bytes_in::VARCHAR FROM calls_daily')).toEqual([['9007199254740993']])
    await expectSumsOfCalls(paths)
  })

  it('leave nothing beside the database, and what a killed process left goes away', async () => {
    verifies('STORE-1')
    const paths = fresh()
    segment(paths, 1, calls(0, 10))
    await takeInEvents(paths)
    const left = `${paths.database}.draft-${GONE}-0123abcd`
    const another = `${paths.database}.draft-${process.ppid}-0123abcd`
    for (const path of [left, another]) writeFileSync(path, '')
    segment(paths, 2, calls(10, 20))
    await takeInEvents(paths)
    expect(readdirSync(paths.root).sort()).toEqual([
      'events',
      'usage.duckdb',
      `usage.duckdb.draft-${process.ppid}-0123abcd`,
    ])
  })
})

describe('what is read ahead', () => {
  const options = (paths: Paths, maxEvents: number) => ({
    dir: paths.events,
    database: paths.database,
    clock: systemClock,
    maxEvents,
  })

  it('is what the next transaction takes in, and nothing of it stays', async () => {
    verifies('STORE-1')
    const paths = fresh()
    segment(paths, 1, calls(0, 6000))
    segment(paths, 2, calls(6000, 9000))
    const { connection, close } = await openDatabase({ file: paths.database, write: true })
    const ahead = new Ahead()
    expect(await ingest(connection, options(paths, 2000), ahead)).toMatchObject({ events: 2000, more: true })
    expect(ahead.intake?.stages[0]?.rows).toBe(2000)
    const read = ahead.intake
    expect(await ingest(connection, options(paths, 2000), ahead)).toMatchObject({ events: 2000, more: true })
    expect(ahead.intake).not.toBe(read)
    for (let more = true; more; ) more = (await ingest(connection, options(paths, 2000), ahead)).more
    ahead.abandon()
    close()
    expect(await rows(paths, COUNTS)).toEqual([[9000, 9000]])
    expect(readdirSync(paths.root).sort()).toEqual(['events', 'usage.duckdb'])
    expect(readdirSync(paths.events)).toEqual([])
    await expectSumsOfCalls(paths)
  })

  it.each([1, 2])('is read again when %i other ingestions came in between', async (others) => {
    verifies('STORE-1')
    const paths = fresh()
    segment(paths, 1, calls(0, 2000))
    segment(paths, 2, calls(2000, 4000))
    const { connection, close } = await openDatabase({ file: paths.database, write: true })
    const ahead = new Ahead()
    expect((await ingest(connection, options(paths, 2000), ahead)).more).toBe(true)
    expect(ahead.intake?.stages[0]?.rows).toBe(2000)
    // The second one forgets the segments that the first removed.
    for (let i = 0; i < others; i++) await ingest(connection, options(paths, 1_000_000))
    expect((await ingest(connection, options(paths, 2000), ahead)).events).toBe(0)
    ahead.abandon()
    close()
    expect(await rows(paths, COUNTS)).toEqual([[4000, 4000]])
    expect(readdirSync(paths.root).sort()).toEqual(['events', 'usage.duckdb'])
  })

  it('is no continuation of a segment that is gone and of which nothing is known', () => {
    const paths = fresh()
    const path = segment(paths, 1, calls(0, 10))
    const intake = new Intake(options(paths, 2000), new Map())
    while (intake.step());
    expect(intake.continues(new Map())).toBe(true)
    rmSync(path)
    expect(intake.continues(new Map())).toBe(false)
    intake.abandon()
  })

  it('is let go of when the transaction fails, which takes nothing in', async () => {
    verifies('STORE-1')
    const paths = fresh()
    segment(paths, 1, calls(0, 6000))
    const { connection, close } = await openDatabase({ file: paths.database, write: true })
    await connection.run('ALTER TABLE calls_by_session RENAME TO elsewhere')
    const ahead = new Ahead()
    await expect(ingest(connection, options(paths, 2000), ahead)).rejects.toThrow('calls_by_session')
    ahead.abandon()
    expect(readdirSync(paths.root).filter((name) => name.includes('draft'))).toEqual([])
    await connection.run('ALTER TABLE elsewhere RENAME TO calls_by_session')
    await ingest(connection, options(paths, 1_000_000))
    close()
    expect(await rows(paths, COUNTS)).toEqual([[6000, 6000]])
  })
})
