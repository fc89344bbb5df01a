import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { type DaemonHome, daemonHome, PROBE } from '../fixtures/daemon-home.ts'
import { defineServer } from '../fixtures/probe-log.ts'
import type { RawAgent } from '../fixtures/raw-agent.ts'
import { verifies } from '../requirements.ts'

let home: DaemonHome
afterEach(() => home.close())

/** Two sessions of a server that the catalog says takes calls one at a time, in one process. */
async function twoInTurn(limits: Record<string, number> = {}): Promise<readonly [RawAgent, RawAgent]> {
  home = daemonHome(limits)
  const directory = join(home.dir, 'node_modules/@modelcontextprotocol/server-memory')
  mkdirSync(directory, { recursive: true })
  const name = '@modelcontextprotocol/server-memory'
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ name, version: '1.0.0', type: 'module' }))
  const program = join(directory, 'index.js')
  writeFileSync(program, `import ${JSON.stringify(pathToFileURL(PROBE).href)}\n`)
  home.define({ name: 'turns', argv: [process.execPath, program] })
  const agents = [await home.agent('turns'), await home.agent('turns')] as const
  await Promise.all(agents.map((agent) => agent.initialize()))
  expect((await home.servers())[0]).toMatchObject({ mode: 'shared' })
  return agents
}

async function took(work: Promise<unknown>): Promise<number> {
  const sinceMs = performance.now()
  await work
  return performance.now() - sinceMs
}

describe('a server that takes calls one at a time', () => {
  it('takes them one at a time', async () => {
    const [a, b] = await twoInTurn()
    const both = Promise.all([a.call('sleep', { ms: 300 }), b.call('sleep', { ms: 300 })])
    expect(await took(both)).toBeGreaterThan(590)
  })

  it('answers the others after a while when one call is never answered, and each time at once to ping', async () => {
    verifies('POOL-2')
    const [a, b] = await twoInTurn({ stuckMs: 1_500, waitMs: 10_000 })
    void a.request('tools/call', { name: 'noanswer', arguments: {} })
    expect(await took(b.request('ping'))).toBeLessThan(500)
    expect(await b.call('echo', { text: 'on' })).toBe('on')
    expect(await took(a.call('echo', { text: 'again' }))).toBeLessThan(500)
    expect(await took(b.call('echo', { text: 'and again' }))).toBeLessThan(500)
    const both = Promise.all([a.call('sleep', { ms: 300 }), b.call('sleep', { ms: 300 })])
    expect(await took(both)).toBeGreaterThan(590)
  })

  it('answers the others within moments when the agent of an unanswered call is gone', async () => {
    verifies('POOL-2', 'PROTO-2')
    const [a, b] = await twoInTurn()
    void a.request('tools/call', { name: 'noanswer', arguments: {} })
    const waits = b.call('echo', { text: 'on' })
    a.kill()
    expect(await took(waits)).toBeLessThan(4_000)
    expect(await waits).toBe('on')
  })
})

it('params that are neither an object nor an array are refused to the agent that sent them', async () => {
  verifies('POOL-2')
  const [a] = await twoInTurn()
  for (const [id, params] of [
    [71, 'null'],
    [72, '5'],
    [73, '"x"'],
    [74, 'true'],
  ] as const) {
    a.raw(`{"jsonrpc":"2.0","id":${id},"method":"tools/list","params":${params}}`)
    expect((await a.answerTo(String(id))).error).toMatchObject({ code: -32602 })
  }
  expect((await a.request('initialize', null)).error).toMatchObject({ code: -32602 })
})

it('an initialize that cannot be read is refused with the reason, and one that is nested deep is passed on', async () => {
  verifies('POOL-2')
  home = daemonHome()
  home.define({ name: 'own' })
  const agent = await home.agent('own')
  agent.raw('{"jsonrpc":"2.0","id":81,"method":"initialize","params":{"capabilities":{"a":nonsense}}}')
  const refused = await agent.answerTo('81')
  expect(refused.error).toMatchObject({ code: -32602, message: expect.stringContaining('initialize') })
  const deep = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`
  const client = '"clientInfo":{"name":"x","version":"1"}'
  agent.raw(
    `{"jsonrpc":"2.0","id":82,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{"experimental":${deep}},${client}}}`,
  )
  expect((await agent.answerTo('82')).result.serverInfo).toBeDefined()
  expect(readFileSync(join(home.paths.log, 'daemon.log'), 'utf8')).not.toContain('"bug"')
})

it('a pool grows past its size for others while calls are never answered', async () => {
  verifies('POOL-1', 'POOL-2')
  home = daemonHome({ processesPerPool: 1, stuckMs: 1_000, waitMs: 10_000 })
  home.define({ name: 'lease', mode: 'call' })
  const capabilities = { elicitation: {} }
  const [a, b] = [await home.agent('lease', { capabilities }), await home.agent('lease', { capabilities })]
  await Promise.all([a.initialize(), b.initialize()])
  void a.request('tools/call', { name: 'noanswer', arguments: {} })
  expect(await b.call('echo', { text: 'on' })).toBe('on')
})

it('a process that serves is waited for where the server can have no second one', async () => {
  verifies('POOL-1', 'POOL-2')
  home = daemonHome({ growAfterMs: 20 })
  const log = defineServer(home, 'alone', 'call', { args: [`--alone=${join(home.dir, 'alone')}`] })
  const capabilities = { elicitation: {} }
  const [a, b] = [await home.agent('alone', { capabilities }), await home.agent('alone', { capabilities })]
  await Promise.all([a.initialize(), b.initialize()])
  for (let round = 0; round < 2; round++) {
    const long = a.call('sleep', { ms: 800, steps: 1 })
    await log.seen('the long call', 'execute')
    expect(await b.call('echo', { text: 'on' })).toBe('on')
    expect(await long).toBe('slept 800')
  }
  // The second start was tried once: it is not tried again at each call.
  expect(log.events('start')).toHaveLength(2)
})
