import { mkdirSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { builtCli } from '../fixtures/built-cli.ts'
import { type TranscriptHome, transcriptHome } from '../fixtures/transcripts/home.ts'
import { verifies } from '../requirements.ts'

interface Database {
  exec(sql: string): void
  run(sql: string, values: readonly unknown[]): void
  close(): void
}

const T = Date.UTC(2026, 9, 1)
const PLACE = '.local/share/opencode'
let home: TranscriptHome
let database: Database

beforeEach(() => {
  builtCli()
  home = transcriptHome()
  mkdirSync(join(home.path, PLACE), { recursive: true })
  const { Database } = createRequire(import.meta.url)(
    fileURLToPath(new URL('../../dist/sqlite3.cjs', import.meta.url)),
  ) as { Database: new (path: string) => Database }
  database = new Database(join(home.path, PLACE, 'opencode.db'))
  // As opencode has it open: with a write-ahead log that nobody has moved into the database.
  database.exec('PRAGMA locking_mode = EXCLUSIVE')
  database.exec('PRAGMA journal_mode = WAL')
  database.exec('PRAGMA wal_autocheckpoint = 0')
  database.exec(`
    CREATE TABLE session (id text PRIMARY KEY, parent_id text, directory text NOT NULL);
    CREATE TABLE message (id text PRIMARY KEY, session_id text, time_created integer, time_updated integer, data text);
    CREATE TABLE part (id text PRIMARY KEY, message_id text, session_id text, time_created integer, time_updated integer, data text)`)
  database.run('INSERT INTO session VALUES (?, ?, ?), (?, ?, ?)', [
    'ses_1',
    null,
    '/work/p',
    'ses_2',
    'ses_1',
    '/work/p',
  ])
})
afterEach(() => {
  database.close()
  home.close()
})

const tokens = { input: 700, output: 30, reasoning: 20, cache: { read: 300, write: 8 } }

function addMessage(id: string, session: string, updated: number, data: object): void {
  const said = {
    role: 'assistant',
    modelID: 'some-model',
    providerID: 'p',
    agent: 'build',
    cost: 0.5,
    tokens,
    ...data,
  }
  database.run('INSERT OR REPLACE INTO message VALUES (?, ?, ?, ?, ?)', [
    id,
    session,
    T,
    T + updated,
    JSON.stringify(said),
  ])
}

function addPart(id: string, message: string, updated: number, data: object): void {
  database.run('INSERT OR REPLACE INTO part VALUES (?, ?, ?, ?, ?, ?)', [
    id,
    message,
    'ses_1',
    T,
    T + updated,
    JSON.stringify(data),
  ])
}

describe('opencode’s database', () => {
  it('gives what was committed but is still in its write-ahead log, and is left as it was', async () => {
    verifies('USE-1')
    addMessage('msg_1', 'ses_1', 1, {})
    addMessage('msg_2', 'ses_2', 2, { agent: 'explore' })
    addMessage('msg_3', 'ses_1', 2, { role: 'user' })
    const before = readdirSync(join(home.path, PLACE))
    expect(before).toContain('opencode.db-wal')
    const report = await home.import()
    expect(report).toMatchObject({ files: 1, responses: 2, failed: [] })
    expect(readdirSync(join(home.path, PLACE))).toEqual(before)
    expect([...home.kept.responses.values()]).toMatchObject([
      {
        at: T * 1000,
        message: 'msg_1',
        clientSession: 'ses_1',
        agent: '',
        project: '/work/p',
        model: 'some-model',
        inputTokens: 700,
        outputTokens: 50,
        reasoningTokens: 20,
        cacheReadTokens: 300,
        cacheWrite5mTokens: 8,
        clientCostUsd: 0.5,
      },
      { message: 'msg_2', clientSession: 'ses_1', agent: 'ses_2', agentType: 'explore' },
    ])
  })

  it('is read on from the last time, with what was written again', async () => {
    verifies('USE-1')
    addMessage('msg_1', 'ses_1', 1, {})
    addMessage('msg_2', 'ses_1', 5, {
      tokens: { input: 0, output: 0, reasoning: 0, cache: { read: 0, write: 0 } },
    })
    expect(await home.import()).toMatchObject({ responses: 1 })
    expect(await home.import()).toMatchObject({ files: 0 })
    addMessage('msg_2', 'ses_1', 9, { tokens: { ...tokens, output: 40 } })
    expect(await home.import()).toMatchObject({ responses: 1 })
    expect(home.kept.responses.get('opencode msg_2')).toMatchObject({ outputTokens: 60 })
  })

  it('counts each step of a message', async () => {
    addMessage('msg_1', 'ses_1', 1, {})
    addPart('prt_1', 'msg_1', 1, { type: 'step-finish', tokens: { ...tokens, output: 1 } })
    addPart('prt_2', 'msg_1', 1, { type: 'step-finish', tokens })
    await home.import()
    expect([...home.kept.responses.values()]).toMatchObject([
      { inputTokens: 1400, outputTokens: 71, cacheReadTokens: 600 },
    ])
  })

  it('gives tool uses with sizes, durations and failures', async () => {
    verifies('USE-1')
    addMessage('msg_1', 'ses_1', 1, {})
    const state = { status: 'completed', input: { a: 'ü' }, output: 'grüß', time: { start: T, end: T + 7 } }
    addPart('prt_1', 'msg_1', 1, { type: 'tool', callID: 'c1', tool: 'every_echo', state })
    addPart('prt_2', 'msg_1', 1, {
      type: 'tool',
      callID: 'c2',
      tool: 'bash',
      state: { status: 'error', input: {}, error: 'no' },
    })
    addPart('prt_3', 'msg_1', 1, {
      type: 'tool',
      callID: 'c3',
      tool: 'read',
      state: { status: 'running', input: {} },
    })
    await home.import()
    expect([...home.kept.toolUses.values()]).toMatchObject([
      {
        toolUse: 'c1',
        server: 'every',
        tool: 'echo',
        bytesIn: 10,
        bytesOut: 6,
        failed: false,
        durationUs: 7000,
        model: 'some-model',
      },
      { toolUse: 'c2', server: '', tool: 'bash', bytesOut: 2, failed: true },
      { toolUse: 'c3', bytesOut: -1, durationUs: -1 },
    ])
  })

  it('that is none is told, and the other clients are read', async () => {
    home.write(
      '.local/share/opencode/opencode-dev.db',
      'not a database, and long enough to look at '.repeat(200),
    )
    addMessage('msg_1', 'ses_1', 1, {})
    const report = await home.import()
    expect(report.responses).toBe(1)
    expect(report.failed).toEqual([expect.stringContaining('opencode-dev.db')])
  })
})
