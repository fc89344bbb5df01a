import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { DuckDBInstance } from '@duckdb/node-api'
import { describe, expect, it } from 'vitest'
import { type Paths, pathsOf } from '../../src/core/config/paths.ts'
import { leaveInLog, openDatabase } from '../../src/core/events/db.ts'
import { takeInEvents } from '../../src/core/events/store.ts'
import { callOf } from '../fixtures/event-values.ts'
import { segmentWriter } from '../fixtures/events.ts'
import { verifies } from '../requirements.ts'
import { compileProgram, shortDirectory, startTalker } from './programs.ts'

const holder = compileProgram('database-holder')
const asker = compileProgram('event-asker')
const opener = compileProgram('database-opener')
const shipped = fileURLToPath(new URL('../../templates/sql', import.meta.url))
const COUNT = 'SELECT count(*)::INTEGER FROM calls'

const fresh = () => pathsOf(shortDirectory())

/** Writes that many calls into a segment of their own. */
async function record(paths: Paths, count: number): Promise<void> {
  const writer = segmentWriter(paths.events)
  for (let i = 0; i < count; i++) writer.append('call', callOf('w', i))
  await writer.close()
}

async function holdOpen(paths: Paths, mode: 'READ_WRITE' | 'READ_ONLY') {
  const talker = startTalker(holder, [paths.database, mode])
  await talker.heard('holds')
  return talker
}

const ask = (paths: Paths, sql = COUNT, options = {}) =>
  startTalker(asker, [paths.root, sql, JSON.stringify(options)])

/** What any program sees in the file that has DuckDB and nothing of ours. */
async function plainly(file: string, sql: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(file, { access_mode: 'READ_ONLY' })
  const connection = await instance.connect()
  const reader = await connection.runAndReadAll(sql)
  connection.closeSync()
  instance.closeSync()
  return reader.getRowsJson() as unknown[][]
}

describe('the database', () => {
  it('answers eight commands at once, each with every event', async () => {
    verifies('STORE-1')
    const paths = fresh()
    await record(paths, 3000)
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask(paths).heard('asked')))
    expect(answers).toEqual(answers.map(() => ({ rows: [[3000]], ingested: expect.any(Number) })))
    const taken = (answers as { ingested: number }[]).map(({ ingested }) => ingested)
    expect(taken.reduce((sum, n) => sum + n, 0)).toBe(3000)
  })

  it('is read by one command while another asks it something long', async () => {
    const paths = fresh()
    await record(paths, 10)
    await takeInEvents(paths)
    const long = ask(
      paths,
      'SELECT count(*)::INTEGER FROM range(30000) a, range(60000) b WHERE a.range % 7 = b.range % 11',
    )
    const short = ask(paths)
    expect(await short.heard('asked')).toEqual({ rows: [[10]], ingested: 0 })
    long.child.kill('SIGKILL')
  })

  it('names the process that holds it for longer than the wait', async () => {
    const paths = fresh()
    await record(paths, 10)
    await takeInEvents(paths)
    const other = await holdOpen(paths, 'READ_WRITE')
    await expect(openDatabase({ file: paths.database, write: true, waitMs: 100 })).rejects.toMatchObject({
      code: 'database_locked',
      message: expect.stringContaining(`(PID ${other.pid})`),
    })
    await expect(openDatabase({ file: paths.database, write: false, waitMs: 100 })).rejects.toMatchObject({
      code: 'database_locked',
    })
  })

  it('is waited for while another process has it for a moment', async () => {
    const paths = fresh()
    await record(paths, 10)
    await takeInEvents(paths)
    await record(paths, 10)
    const other = await holdOpen(paths, 'READ_WRITE')
    const asking = ask(paths)
    await pause(300)
    expect(asking.messages).toEqual([])
    other.child.kill('SIGKILL')
    expect(await asking.heard('asked')).toEqual({ rows: [[20]], ingested: 10 })
  })

  it('answers from what it has, and says so, while another program reads it', async () => {
    const paths = fresh()
    await record(paths, 10)
    await takeInEvents(paths)
    await record(paths, 10)
    await holdOpen(paths, 'READ_ONLY')
    expect(await ask(paths, COUNT, { ingestWaitMs: 50 }).heard('asked')).toEqual({
      rows: [[10]],
      ingested: null,
    })
  })

  it('is nobody, to one who reads, as long as nothing was recorded', async () => {
    const paths = fresh()
    expect(await ask(paths).heard('failed')).toBe('database_none')
    expect(existsSync(paths.database)).toBe(false)
  })

  it('is for its owner alone, also one that an earlier version made', async () => {
    const paths = fresh()
    await record(paths, 10)
    await takeInEvents(paths)
    expect(statSync(paths.database).mode & 0o777).toBe(0o600)
    chmodSync(paths.database, 0o644)
    await takeInEvents(paths)
    expect(statSync(paths.database).mode & 0o777).toBe(0o600)
  })

  // To root nothing is denied.
  it.skipIf(process.getuid?.() === 0)(
    'that may not be written is read, and one that may not be read is named',
    async () => {
      const paths = fresh()
      await record(paths, 10)
      await takeInEvents(paths)
      await record(paths, 10)
      chmodSync(paths.database, 0o400)
      expect(await ask(paths).heard('asked')).toEqual({ rows: [[10]], ingested: null })
      chmodSync(paths.database, 0)
      await expect(openDatabase({ file: paths.database, write: false })).rejects.toMatchObject({
        code: 'database_unreadable',
        hint: `chmod u+rw '${paths.database}'`,
      })
      expect(await ask(paths).heard('failed')).toBe('database_unreadable')
    },
  )

  it('that is made where one was moved away has no rows of that one, which lie in the log', async () => {
    verifies('STORE-1')
    const { database: file } = fresh()
    const open = () => openDatabase({ file, write: true })
    const first = await open()
    await first.connection.run("INSERT INTO meta VALUES ('left', 'in the log')")
    await leaveInLog(first, file)
    first.close()
    renameSync(file, `${file}.old`)
    const second = await open()
    const reader = await second.connection.runAndReadAll("SELECT value FROM meta WHERE key = 'left'")
    second.close()
    expect(reader.getRowsJS()).toEqual([])
  })

  it('is made whole or not at all, and leaves nothing beside', async () => {
    verifies('STORE-1')
    for (let ms = 0; ms < 60; ms += 12) {
      const paths = fresh()
      const talker = startTalker(opener, [paths.database, shipped])
      await talker.heard('ready')
      await pause(ms)
      talker.child.kill('SIGKILL')
      await talker.ended
      await record(paths, 1)
      await takeInEvents(paths)
      expect(await plainly(paths.database, COUNT)).toEqual([[1]])
      expect(readdirSync(paths.root).sort()).toEqual(['events', 'usage.duckdb'])
    }
  })
})

/** SQL files as they are, to be added to. */
function sqlFiles(): string {
  const dir = join(shortDirectory(), 'sql')
  cpSync(shipped, dir, { recursive: true })
  return dir
}

/** Of the schema that the package ships, and the one after it. */
const VERSION = readdirSync(join(shipped, 'schema')).filter((name) => name.endsWith('.sql')).length
const NEXT = String(VERSION + 1)

const LATER = `
  ALTER TABLE sessions ADD COLUMN later INTEGER;
  CREATE TABLE slow AS SELECT range AS n, hash(range) AS h FROM range(3000000);
  CREATE INDEX slow_n ON slow (n);
  CREATE TABLE last_of_it (n INTEGER);`

describe('a database of an earlier version', () => {
  it('gets the versions that it lacks, once, with its rows kept', async () => {
    const paths = fresh()
    await record(paths, 10)
    await takeInEvents(paths)
    const sqlDir = sqlFiles()
    writeFileSync(join(sqlDir, 'schema', '900-later.sql'), 'ALTER TABLE samples ADD COLUMN later INTEGER;')
    for (const write of [false, true, true]) {
      const database = await openDatabase({ file: paths.database, write, sqlDir })
      database.close()
    }
    expect(
      await plainly(
        paths.database,
        "SELECT value, (FROM (SELECT count(later) FROM samples)) FROM meta WHERE key = 'schema_version'",
      ),
    ).toEqual([[NEXT, '0']])
    expect(await plainly(paths.database, COUNT)).toEqual([[10]])
    await expect(openDatabase({ file: paths.database, write: false })).rejects.toMatchObject({
      code: 'database_newer',
    })
  })

  it('gets its views anew when their text changes', async () => {
    const paths = fresh()
    await record(paths, 10)
    await takeInEvents(paths)
    const sqlDir = sqlFiles()
    writeFileSync(
      join(sqlDir, 'views', '020-more.sql'),
      'CREATE OR REPLACE VIEW more AS SELECT count(*)::INTEGER AS n FROM calls;',
    )
    const shown = async () => {
      const database = await openDatabase({ file: paths.database, write: false, sqlDir })
      const reader = await database.connection.runAndReadAll('FROM more')
      database.close()
      return reader.getRowsJS()
    }
    expect(await shown()).toEqual([[10]])
    appendFileSync(join(sqlDir, 'views', '020-more.sql'), 'CREATE OR REPLACE VIEW more AS SELECT 7 AS n;')
    expect(await shown()).toEqual([[7]])
  })

  it('is of the old version or of the new one when it is killed on the way, never between', async () => {
    verifies('STORE-1')
    const sqlDir = sqlFiles()
    writeFileSync(join(sqlDir, 'schema', '900-later.sql'), LATER)
    const made = fresh()
    await record(made, 10)
    await takeInEvents(made)
    const seen = new Set<string>()
    for (let i = 0; i < 5; i++) {
      const file = join(shortDirectory(), 'usage.duckdb')
      mkdirSync(dirname(file), { recursive: true })
      cpSync(made.database, file)
      const talker = startTalker(opener, [file, sqlDir])
      await talker.heard('ready')
      await pause(i * 200)
      talker.child.kill('SIGKILL')
      await talker.ended
      const [[version, tables, rows]] = (await plainly(
        file,
        `SELECT (SELECT value FROM meta WHERE key = 'schema_version'),
           (SELECT count(*) FROM duckdb_tables() WHERE table_name IN ('slow', 'last_of_it'))::INTEGER, (${COUNT})`,
      )) as [[string, number, number]]
      expect([version, tables, rows]).toEqual(version === NEXT ? [NEXT, 2, 10] : [String(VERSION), 0, 10])
      seen.add(version)
    }
    expect(seen).toContain(String(VERSION))
  })
})

describe('the file, opened by DuckDB and nothing else', () => {
  it('says what each table, view and column is', async () => {
    verifies('STORE-2')
    const paths = fresh()
    await record(paths, 10)
    await takeInEvents(paths)
    const mute = await plainly(
      paths.database,
      `SELECT table_name, NULL FROM duckdb_tables() WHERE comment IS NULL
       UNION ALL SELECT view_name, NULL FROM duckdb_views() WHERE NOT internal AND comment IS NULL
       UNION ALL SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal AND comment IS NULL`,
    )
    expect(mute).toEqual([])
    expect(
      await plainly(paths.database, 'SELECT tool, count(*)::INTEGER FROM calls GROUP BY 1 ORDER BY 1'),
    ).toEqual([
      ['list', 2],
      ['read', 3],
      ['search', 3],
      ['write', 2],
    ])
  })
})
