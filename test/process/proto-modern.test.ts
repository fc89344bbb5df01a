import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readRegistry } from '../../src/core/config/registry.ts'
import { type DaemonHome, daemonHome, PROBE, SERVERS, until } from '../fixtures/daemon-home.ts'
import { writeLauncher } from '../fixtures/launched-agent.ts'
import { defineServer } from '../fixtures/probe-log.ts'
import type { Message, RawAgent } from '../fixtures/raw-agent.ts'
import { verifies } from '../requirements.ts'

const MODERN = '2026-07-28'
const META = {
  'io.modelcontextprotocol/protocolVersion': MODERN,
  'io.modelcontextprotocol/clientInfo': { name: 'x', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
}

let home: DaemonHome
const clients: Client[] = []
beforeEach(() => {
  home = daemonHome()
})
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()))
  await home.close()
})

/** Sets up a server of the official library and gives the pids of its starts so far. */
function define(name: string, ...args: string[]): () => readonly string[] {
  const log = join(home.dir, `${name}.log`)
  const argv = [process.execPath, join(SERVERS, 'eras.mjs'), `--log=${log}`, ...args]
  home.define({ name, mode: 'shared', argv })
  return () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [])
}

type Mode = 'legacy' | 'auto' | { readonly pin: string }

/** A session of the official client through a launcher. */
async function connect(name: string, mode: Mode): Promise<Client> {
  await home.start()
  const client = new Client({ name: 'x', version: '1' }, { versionNegotiation: { mode } })
  clients.push(client)
  const { argv } = readRegistry(home.paths)!.servers.find(({ id }) => id === name)!
  const command = writeLauncher(home.paths, name, argv)
  await client.connect(
    new StdioClientTransport({
      command,
      args: ['--client=test-agent'],
      env: home.env,
      cwd: home.dir,
      stderr: 'ignore',
    }),
  )
  return client
}

async function pidOf(client: Client): Promise<string> {
  const { content } = (await client.callTool({ name: 'pid', arguments: {} })) as Message
  return content[0].text
}

const discover = (agent: RawAgent, id: string): Promise<Message> =>
  agent.request('server/discover', { _meta: META }, `"${id}"`)

describe('agents and servers of both kinds', () => {
  it.each([
    ['a modern agent', { pin: MODERN }, 'a modern server', ['--legacy=reject'], MODERN],
    ['an agent that tries both', 'auto', 'a modern server', ['--legacy=reject'], MODERN],
    ['a modern agent', { pin: MODERN }, 'a server of both', [], MODERN],
    ['an agent that tries both', 'auto', 'a server of both', [], MODERN],
    ['a legacy agent', 'legacy', 'a server of both', [], '2025-11-25'],
  ] as const)('%s (%j) and %s work as they do directly', async (_, mode, __, args, version) => {
    verifies('PROTO-1')
    const starts = define('eras', ...args)
    for (let round = 0; round < 2; round++) {
      const client = await connect('eras', mode)
      expect(client.getNegotiatedProtocolVersion()).toBe(version)
      expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['pid', 'change'])
      expect(starts()).toContain(await pidOf(client))
    }
    const [row] = await home.servers()
    if (version === MODERN)
      expect([row!.mode, row!.why]).toEqual(['session', expect.stringMatching(/modern/)])
    else expect([row!.mode, row!.processes]).toEqual(['shared', 1])
  })

  it('an agent that tries both and a legacy server: it is asked once, and the process that was asked serves', async () => {
    verifies('PROTO-1')
    const log = defineServer(home, 'old', 'shared')
    for (let round = 0; round < 3; round++) {
      const client = await connect('old', 'auto')
      expect(client.getNegotiatedProtocolVersion()).toBe('2025-11-25')
      expect(await pidOf(client)).toBe(String(log.events('start')[0]!.pid))
    }
    expect(log.events('start')).toHaveLength(1)
    expect(log.messages('server/discover')).toHaveLength(1)
  })

  it('a legacy agent and a modern server: the agent gets the server’s own refusal', async () => {
    verifies('PROTO-1')
    define('eras', '--legacy=reject')
    await expect(connect('eras', 'legacy')).rejects.toThrow(/version|revision/i)
  })

  it('what a modern server says of a subscription names it as the agent does', async () => {
    verifies('PROTO-1', 'PROTO-4')
    define('eras', '--legacy=reject')
    const client = await connect('eras', { pin: MODERN })
    let changes = 0
    client.setNotificationHandler('notifications/tools/list_changed', () => {
      changes += 1
    })
    const subscription = await client.listen({ toolsListChanged: true })
    await client.callTool({ name: 'change', arguments: {} })
    await until('the change is told', () => changes === 1)
    await subscription.close()
    const beforeMs = performance.now()
    await client.close()
    expect(performance.now() - beforeMs).toBeLessThan(5_000)
  })

  it('a subscription does not keep a session whose agent has closed its end', async () => {
    verifies('PROTO-2', 'PROTO-4')
    define('eras')
    const agent = await home.agent('eras')
    agent.raw(
      JSON.stringify({
        jsonrpc: '2.0',
        id: 'mine',
        method: 'subscriptions/listen',
        params: { _meta: META, notifications: { toolsListChanged: true } },
      }),
    )
    const line = await agent.line('it is acknowledged', (text) => text.includes('acknowledged'))
    expect(JSON.parse(line).params._meta['io.modelcontextprotocol/subscriptionId']).toBe('mine')
    agent.halfClose()
    await until('the session is over', async () => (await home.status()).sessions === 0)
  })
})

describe('a server that is asked what it is', () => {
  it('answers one agent whose question another’s session shares, each under its own id', async () => {
    verifies('PROTO-1')
    const starts = define('eras', '--start-ms=500')
    const agents = [await home.agent('eras'), await home.agent('eras')]
    const answers = await Promise.all(agents.map((agent, i) => discover(agent, `q${i}`)))
    expect(answers.map(({ id }) => id)).toEqual(['q0', 'q1'])
    for (const { result } of answers) expect(result.supportedVersions).toContain(MODERN)
    expect(starts()).toHaveLength(1)
  })

  it('and ends of it, or behind its refusal, is legacy: the agent’s initialize finds another process', async () => {
    verifies('PROTO-1', 'POOL-2')
    for (const answer of [false, true]) {
      const name = `dies-${answer}`
      const log = join(home.dir, `${name}.log`)
      home.define({ name, argv: ['/bin/sh', '-c', dyingServer(log, answer)] })
      const agent = await home.agent(name)
      expect((await discover(agent, 'q')).error.code).toBe(answer ? -32600 : -32601)
      expect((await agent.initialize()).result.serverInfo.name).toBe('probe')
      expect(await agent.call('echo', { text: 'x' })).toBe('x')
      const again = await home.agent(name)
      expect((await discover(again, 'q')).error.code).toBe(answer ? -32600 : -32601)
      expect(readFileSync(log, 'utf8').split('asked').length - 1).toBe(1)
    }
  })

  it('and says nothing is not waited for by an agent that goes on', async () => {
    verifies('PROTO-1')
    home.define({ name: 'mute', argv: ['/bin/sh', '-c', muteServer()] })
    const agent = await home.agent('mute')
    const asked = discover(agent, 'q')
    await until('a process is there', async () => (await home.servers())[0]!.processes === 1)
    expect((await agent.initialize()).result.serverInfo.name).toBe('probe')
    expect((await asked).error.code).toBe(-32601)
    expect(await agent.call('echo', { text: 'x' })).toBe('x')
    expect((await home.servers())[0]!.processes).toBe(1)
  })

  it('in the same write as initialize is not asked at all', async () => {
    verifies('PROTO-1')
    const log = defineServer(home, 'old', 'session')
    const agent = await home.agent('old')
    const params = {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'x', version: '1' },
    }
    const lines = [
      { jsonrpc: '2.0', id: 'q', method: 'server/discover', params: { _meta: META } },
      { jsonrpc: '2.0', id: 'i', method: 'initialize', params },
      { jsonrpc: '2.0', method: 'notifications/initialized' },
    ]
    agent.raw(lines.map((line) => JSON.stringify(line)).join('\n'))
    expect((await agent.answerTo('"q"')).error.code).toBe(-32601)
    expect((await agent.answerTo('"i"')).result.serverInfo.name).toBe('probe')
    expect(await agent.call('echo', { text: 'x' })).toBe('x')
    expect(log.messages('server/discover')).toEqual([])
    expect(log.events('start')).toHaveLength(1)
  })

  it('and may run only once is told initialize instead, in the same process', async () => {
    verifies('PROTO-1', 'LAUNCH-3')
    const log = defineServer(home, 'once', 'shared', {
      args: ['--name=once', '--init-ms=300', '--start-ms=800'],
    })
    const [asking, greeting] = [await home.agent('once'), await home.agent('once')]
    const asked = discover(asking, 'q')
    await log.seen('its start', 'start')
    expect((await greeting.initialize()).result.serverInfo.name).toBe('once')
    expect((await asked).error.code).toBe(-32601)
    expect(log.events('start')).toHaveLength(1)
  })

  it('by an agent that cancels, or ends, leaves nothing but the process started ahead', async () => {
    verifies('PROTO-2')
    const starts = define('eras', '--start-ms=400')
    const [a, b] = [await home.agent('eras'), await home.agent('eras')]
    void discover(a, 'a')
    void discover(b, 'b')
    a.notify('notifications/cancelled', { requestId: 'a' })
    b.kill()
    const c = await home.agent('eras')
    expect((await discover(c, 'c')).result.supportedVersions).toContain(MODERN)
    expect(a.lines).toEqual([])
    expect(starts()).toHaveLength(1)
    expect(await a.call('pid', {}, META)).toBe(starts()[0])
  })

  it('while it is paused, or cannot be started, is refused with the reason', async () => {
    verifies('PROTO-1')
    define('eras')
    home.define({ name: 'missing', argv: ['/nowhere/server'] })
    await home.ask('pause', { names: ['eras'] })
    expect((await discover(await home.agent('eras'), 'q')).error.code).toBe(-32006)
    await home.ask('resume', { names: ['eras'] })
    expect((await discover(await home.agent('eras'), 'q')).result).toBeDefined()
    const { error } = await discover(await home.agent('missing'), 'q')
    expect([error.code, error.message]).toEqual([-32001, expect.stringContaining('/nowhere/server')])
  })

  it('is asked again after a restart', async () => {
    verifies('PROTO-1')
    const log = defineServer(home, 'old', 'shared')
    for (const count of [1, 1, 2]) {
      if (count === 2) await home.ask('restart', { names: ['old'] })
      expect((await discover(await home.agent('old'), 'q')).error.message).toMatch(/server\/discover/)
      expect(log.messages('server/discover')).toHaveLength(count)
    }
  })
})

/** A server that ends when anything comes before `initialize`, as some do: at once, or having refused it. */
function dyingServer(log: string, answers: boolean): string {
  const refusal =
    '{"jsonrpc":"2.0","id":"mycelium-discover","error":{"code":-32600,"message":"first initialize"}}'
  return `read line; case "$line" in *server/discover*) echo asked >> ${log};${answers ? ` echo '${refusal}';` : ''} exit 1;; esac
(printf '%s\\n' "$line"; exec cat) | exec ${process.execPath} ${PROBE}`
}

/** A server that leaves the question unanswered. */
function muteServer(): string {
  return `read line; case "$line" in *server/discover*) read line;; esac
(printf '%s\\n' "$line"; exec cat) | exec ${process.execPath} ${PROBE}`
}
