import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { stopDaemon } from '../../src/core/daemon/connect.ts'
import { askStore } from '../../src/core/events/store.ts'
import { scanFrame } from '../../src/core/protocol/frame.ts'
import { SchemaEvents } from '../../src/core/recorder/schema-events.ts'
import { type DaemonHome, daemonHome, PROBE, until } from '../fixtures/daemon-home.ts'
import { segmentWriter } from '../fixtures/events.ts'
import { verifies } from '../requirements.ts'

let home: DaemonHome
afterEach(() => home.close())

async function rows(sql: string): Promise<readonly unknown[][]> {
  await home.ask('flush')
  return askStore(home.paths, async ({ database }) => {
    const reader = await database.connection.runAndReadAll(sql)
    return reader.getRowsJson() as unknown[][]
  })
}

test('each call is recorded once, with who made it, how long it took and what became of it', async () => {
  verifies('STORE-1')
  home = daemonHome()
  home.define({ name: 'probe', mode: 'shared' })
  const agent = await home.agent('probe', {
    client: 'claude-code',
    cwd: '/tmp',
    env: { ...home.env, CLAUDE_CODE_SESSION_ID: 'its-session', CLAUDE_PROJECT_DIR: '/the/project' },
  })
  await agent.initialize()
  await agent.request('tools/list')
  await agent.request('tools/call', {
    name: 'echo',
    arguments: { text: 'a secret' },
    _meta: { 'claudecode/toolUseId': 'toolu_7' },
  })
  await agent.request('tools/call', { name: 'sleep', arguments: { ms: 60 } })
  await agent.request('no/such')
  agent.kill()
  await until('the session ended', async () => (await home.status()).sessions === 0)
  expect(
    await rows(
      'SELECT method, tool, outcome, client, client_session, project, server, mode, via FROM calls ORDER BY ts',
    ),
  ).toEqual([
    ['tools/list', null, 'ok', 'claude-code', 'its-session', '/the/project', 'probe', 'shared', 'test'],
    ['tools/call', 'echo', 'ok', 'claude-code', 'its-session', '/the/project', 'probe', 'shared', 'test'],
    ['tools/call', 'sleep', 'ok', 'claude-code', 'its-session', '/the/project', 'probe', 'shared', 'test'],
    ['no/such', null, 'error', 'claude-code', 'its-session', '/the/project', 'probe', 'shared', 'test'],
  ])
  expect(await rows("SELECT tool_use FROM calls WHERE tool = 'echo'")).toEqual([['toolu_7']])
  const [[took]] = (await rows("SELECT upstream_us FROM calls WHERE tool = 'sleep'")) as [[string]]
  expect(Number(took)).toBeGreaterThanOrEqual(58_000)
  expect(await rows('SELECT event, warm, calls FROM sessions ORDER BY ts')).toEqual([
    ['started', false, '0'],
    ['greeted', false, '0'],
    ['ended', false, '4'],
  ])
  expect(await rows('SELECT event, server, mode FROM processes ORDER BY ts')).toEqual([
    ['started', 'probe', 'shared'],
    ['ready', 'probe', 'shared'],
  ])
  const schemas = await rows('SELECT tool, bytes FROM tool_schemas')
  expect(schemas.length).toBeGreaterThan(3)
  for (const [, bytes] of schemas) expect(Number(bytes)).toBeGreaterThan(20)
})

test('a call that waited for others of its session counts that time as waiting, from when it was read', async () => {
  verifies('STORE-1')
  home = daemonHome({ callsPerSession: 1 })
  home.define({ name: 'probe', mode: 'shared' })
  const agent = await home.agent('probe')
  await agent.initialize()
  const first = agent.call('sleep', { ms: 200 })
  await Promise.all([first, agent.call('echo', { text: 'held' })])
  const [[waited, apart]] = (await rows(
    `SELECT max(queue_us) FILTER (tool = 'echo'), epoch_us(max(ts)) - epoch_us(min(ts)) FROM calls WHERE method = 'tools/call'`,
  )) as [[string, string]]
  expect(Number(waited)).toBeGreaterThanOrEqual(190_000)
  expect(Number(apart)).toBeLessThan(100_000)
})

test('a call is joined to the tool use in the transcript of its client', async () => {
  verifies('USE-1')
  home = daemonHome()
  home.define({ name: 'probe' })
  const agent = await home.agent('probe', { client: 'claude-code' })
  await agent.initialize()
  await agent.call('echo', { text: 'x' }, { 'claudecode/toolUseId': 'toolu_01AAAAAAAAAAAAAAAAAAAAAA' })
  await home.ask('flush')
  const writer = segmentWriter(home.paths.events)
  writer.append('toolUse', {
    at: Date.now() * 1000,
    client: 'claude-code',
    clientSession: 's',
    project: '/p',
    agent: '',
    agentType: '',
    model: 'm',
    message: 'msg_01AAAAAAAAAAAAAAAAAAAAAA',
    toolUse: 'toolu_01AAAAAAAAAAAAAAAAAAAAAA',
    server: 'probe',
    tool: 'echo',
    bytesIn: 12,
    bytesOut: 1,
    failed: false,
    durationUs: -1,
    file: 'src/a.ts',
  })
  await writer.close()
  expect(await rows('SELECT tool, outcome, through_mycelium FROM tool_use_calls')).toEqual([
    ['echo', 'ok', true],
  ])
  expect(await rows("SELECT count(*) FROM sequences WHERE tool = 'echo'")).toEqual([['1']])
})

test('a process that was started ahead and that no agent took is recorded to its end', async () => {
  verifies('STORE-1')
  home = daemonHome()
  home.define({ name: 'probe', mode: 'shared' })
  await home.start()
  await home.ask('warm', {
    targets: [{ id: 'probe', argv: [process.execPath, PROBE], cwd: '/tmp', env: home.env }],
  })
  await until('it runs', async () => (await home.status()).upstreams === 1)
  await stopDaemon(home.paths)
  const events = await askStore(home.paths, async ({ database }) => {
    const sql = 'SELECT event, because FROM processes ORDER BY ts'
    return (await database.connection.runAndReadAll(sql)).getRowsJson()
  })
  expect(events.map(([event]) => event)).toEqual(['started', 'ended'])
  expect(events[1]![1]).toBe('started ahead, and no agent came')
})

test('a session that the daemon ends is recorded to its end, with the reason', async () => {
  verifies('STORE-1')
  home = daemonHome()
  home.define({ name: 'probe' })
  const [leaves, stays] = [await home.agent('probe'), await home.agent('probe')]
  await Promise.all([leaves.initialize(), stays.initialize()])
  leaves.kill()
  await until('one session ended', async () => (await home.status()).sessions === 1)
  await stopDaemon(home.paths)
  const ended = await askStore(home.paths, async ({ database }) => {
    const sql = "SELECT because FROM sessions WHERE event = 'ended' ORDER BY ts"
    return (await database.connection.runAndReadAll(sql)).getRowsJson()
  })
  expect(ended).toHaveLength(2)
  expect(new Set(ended.flat())).toEqual(new Set(['the agent is gone', 'mycelium is stopping']))
})

test('a call that mycelium ends with an error is recorded with that error', async () => {
  home = daemonHome()
  home.define({ name: 'probe', mode: 'shared' })
  const agent = await home.agent('probe')
  await agent.initialize()
  const call = agent.call('sleep', { ms: 60_000 })
  await until(
    'it is in flight',
    async () => (await home.ask<{ inFlight: number }[]>('sessions'))[0]!.inFlight,
  )
  await home.ask('stop')
  expect(await call).toContain('-32012')
  const asked = () =>
    askStore(home.paths, async ({ database }) => {
      const reader = await database.connection.runAndReadAll(
        "SELECT outcome, code FROM calls WHERE tool = 'sleep'",
      )
      return reader.getRowsJson()
    })
  expect(await asked()).toEqual([['failed', 'daemon_stopping']])
})

test('each definition of a tool is told once, however its list is cut, and again when it changes', () => {
  const told: string[] = []
  const schemas = new SchemaEvents(({ tool, bytes }) => told.push(`${tool} ${bytes}`))
  const list = (...tools: string[]) =>
    scanFrame(
      Buffer.from(
        `{"jsonrpc":"2.0","id":1,"result":{"tools":[${tools.map((name) => `{"name":"${name}"}`).join(',')}]}}`,
      ),
    )!
  for (let i = 0; i < 3; i++) {
    schemas.look('c', 's', list('a', 'b'), 0)
    schemas.look('c', 's', list('cc'), 0)
  }
  expect(told).toEqual(['a 12', 'b 12', 'cc 13'])
})

test('nothing that was said is in the events or the database', async () => {
  home = daemonHome()
  home.define({ name: 'probe' })
  const agent = await home.agent('probe', { env: { ...home.env, PROBE_TOKEN: 'hunter2-secret' } })
  await agent.initialize()
  await agent.request('tools/call', { name: 'echo', arguments: { text: 'hunter2-secret' } })
  await home.ask('flush')
  for (const name of readdirSync(home.paths.events))
    expect(readFileSync(join(home.paths.events, name)).includes('hunter2')).toBe(false)
  await rows('SELECT 1')
  expect(readFileSync(home.paths.database).includes('hunter2')).toBe(false)
})

test('memory of servers and daemon is sampled while there are any, and a stop loses nothing', async () => {
  home = daemonHome()
  await home.ask('status')
  home.define({ name: 'probe' })
  const agent = await home.agent('probe')
  await agent.initialize()
  await until('both are sampled', async () => {
    const found = await rows(
      'SELECT DISTINCT server FROM samples WHERE rss_kb > 1000 AND pss_kb <= rss_kb AND processes > 0',
    )
    return found.length === 2
  })
  await agent.request('tools/call', { name: 'echo', arguments: { text: 'last' } })
  await home.ask('stop')
  await until('the segment is sealed', () =>
    askStore(home.paths, async ({ database }) => {
      const reader = await database.connection.runAndReadAll('SELECT count(*)::INTEGER FROM calls')
      return reader.getRowsJS()[0]![0] === 1
    }),
  )
})

test('switched off, nothing is recorded', async () => {
  home = daemonHome()
  home.define({ name: 'probe' })
  const { writeFileSync } = await import('node:fs')
  writeFileSync(home.paths.settings, JSON.stringify({ events: { enabled: false } }))
  const agent = await home.agent('probe')
  await agent.initialize()
  await agent.request('tools/call', { name: 'echo', arguments: { text: 'x' } })
  await home.ask('flush')
  expect(readdirSync(home.paths.root)).not.toContain('events')
})
