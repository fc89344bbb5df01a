import { afterAll, describe, expect, it } from 'vitest'
import { daemonHome, until } from '../fixtures/daemon-home.ts'
import { defineServer } from '../fixtures/probe-log.ts'
import type { RawAgent } from '../fixtures/raw-agent.ts'
import { verifies } from '../requirements.ts'

const home = daemonHome({ processesPerPool: 2 })
afterAll(() => home.close())

async function agentsOf(server: string, count: number, capabilities: Record<string, unknown> = {}) {
  const agents = await Promise.all(Array.from({ length: count }, () => home.agent(server, { capabilities })))
  for (const agent of agents) await agent.initialize()
  return agents as [RawAgent, RawAgent, RawAgent]
}

const subscribe = (agent: RawAgent, uri: string) => agent.request('resources/subscribe', { uri })
const unsubscribe = (agent: RawAgent, uri: string) => agent.request('resources/unsubscribe', { uri })

const updates = (agent: RawAgent): readonly string[] =>
  agent.notifications
    .filter(({ method }) => method === 'notifications/resources/updated')
    .map(({ params }) => params.uri)

/** Has the server say that a resource changed, and waits until every agent has heard what it is going to hear. */
async function update(uri: string, agents: readonly RawAgent[], force = true): Promise<string> {
  const said = await agents[0]!.call('update', { uri, force })
  await Promise.all(agents.map((agent) => agent.call('echo', { text: 'heard' })))
  return said
}

describe('subscriptions', () => {
  it.each(['shared', 'call'] as const)('in %s mode only subscribers of a URI hear of it', async (mode) => {
    verifies('PROTO-4')
    defineServer(home, `only-${mode}`, mode)
    const agents = await agentsOf(`only-${mode}`, 3)
    const [a, b, c] = agents
    expect((await subscribe(a, 'probe://a')).result).toEqual({})
    expect((await subscribe(b, 'probe://b')).result).toEqual({})
    await update('probe://a', agents)
    await update('probe://b', agents)
    await update('probe://c', agents)
    expect([updates(a), updates(b), updates(c)]).toEqual([['probe://a'], ['probe://b'], []])
  })

  it('are one upstream however many sessions want the URI, until the last takes its own back', async () => {
    verifies('PROTO-4')
    const log = defineServer(home, 'counted', 'shared')
    const agents = await agentsOf('counted', 3)
    const [a, b, c] = agents
    for (const agent of agents) expect((await subscribe(agent, 'probe://a')).result).toEqual({})
    await subscribe(a, 'probe://a')
    expect(log.messages('resources/subscribe')).toHaveLength(1)
    await update('probe://a', agents)
    expect(agents.map((agent) => updates(agent).length)).toEqual([1, 1, 1])
    expect((await unsubscribe(b, 'probe://a')).result).toEqual({})
    expect(await update('probe://a', agents, false)).toBe('sent')
    expect(agents.map((agent) => updates(agent).length)).toEqual([2, 1, 2])
    await unsubscribe(a, 'probe://a')
    await unsubscribe(c, 'probe://a')
    expect(log.messages('resources/unsubscribe')).toHaveLength(1)
    expect(await update('probe://a', agents, false)).toBe('nobody subscribed')
  })

  it('survive the unsubscribe of a session that never subscribed', async () => {
    verifies('PROTO-4')
    defineServer(home, 'stranger', 'shared')
    const agents = await agentsOf('stranger', 2)
    const [a, b] = agents
    await subscribe(a, 'probe://a')
    await unsubscribe(b, 'probe://a')
    expect(await update('probe://a', agents, false)).toBe('sent')
    expect(updates(a)).toEqual(['probe://a'])
  })

  it('of one URI by two sessions at once: the unsubscribe of one keeps the other’s', async () => {
    verifies('PROTO-4')
    defineServer(home, 'at-once', 'shared')
    const agents = await agentsOf('at-once', 2)
    const [a, b] = agents
    await Promise.all([subscribe(a, 'probe://a'), subscribe(b, 'probe://a')])
    await unsubscribe(a, 'probe://a')
    expect(await update('probe://a', agents, false)).toBe('sent')
    expect([updates(a), updates(b)]).toEqual([[], ['probe://a']])
  })

  it('of a session whose subscribe is on its way survive the unsubscribe of another', async () => {
    verifies('PROTO-4')
    const log = defineServer(home, 'on-its-way', 'shared')
    const [a, b, c] = await agentsOf('on-its-way', 3)
    const block = c.call('block', { ms: 800 })
    await log.seen('it is blocked', 'execute')
    const subscribed = [a, b].map((agent) => subscribe(agent, 'probe://a'))
    await until('both are at the server', async () => {
      const row = (await home.servers()).find(({ name }) => name === 'on-its-way')
      return row?.pools[0]?.upstreams[0]?.inFlight === 3
    })
    await Promise.all([unsubscribe(a, 'probe://a'), ...subscribed, block])
    expect(await update('probe://a', [b], false)).toBe('sent')
  })

  it('of an agent that dies end upstream when nobody else has them, else stay', async () => {
    verifies('PROTO-4')
    const log = defineServer(home, 'dies', 'shared')
    const agents = await agentsOf('dies', 2)
    const [a, b] = agents
    await subscribe(a, 'probe://a')
    await subscribe(a, 'probe://b')
    await subscribe(b, 'probe://b')
    a.kill()
    await until('the one of a alone ends', () => log.messages('resources/unsubscribe').length > 0)
    expect(log.messages('resources/unsubscribe').map(({ params }) => params.uri)).toEqual(['probe://a'])
    expect(await update('probe://b', [b], false)).toBe('sent')
    expect(updates(b)).toEqual(['probe://b'])
  })

  it('to sessions of different roots, which have different processes, are separate', async () => {
    verifies('PROTO-4')
    defineServer(home, 'roots', 'shared')
    const agents = await agentsOf('roots', 2, { roots: {} })
    const [a, b] = agents
    const others = await home.agent('roots', { capabilities: { roots: {} } })
    others.answer = () => ({ roots: [{ uri: 'file:///other' }] })
    await others.initialize()
    await subscribe(a, 'probe://a')
    await subscribe(others, 'probe://a')
    expect(await update('probe://a', [others], false)).toBe('sent')
    expect([updates(a), updates(b), updates(others)]).toEqual([[], [], ['probe://a']])
  })

  it('and the log level go with a session whose roots become those of others', async () => {
    verifies('PROTO-4', 'PROTO-3')
    const log = defineServer(home, 'moves', 'call')
    const agents = await agentsOf('moves', 2, { roots: { listChanged: true } })
    const [a, b] = agents
    a.answer = () => ({ roots: [{ uri: 'file:///x' }] })
    a.notify('notifications/roots/list_changed')
    await subscribe(a, 'probe://a')
    await a.request('logging/setLevel', { level: 'debug' })
    await b.request('logging/setLevel', { level: 'error' })
    const [pidA, pidB] = [await a.call('pid'), await b.call('pid')]
    expect(pidA).not.toBe(pidB)
    a.answer = () => ({ roots: [] })
    a.notify('notifications/roots/list_changed')
    expect(await a.call('pid')).toBe(pidB)
    expect(await update('probe://a', agents, false)).toBe('sent')
    expect([updates(a), updates(b)]).toEqual([['probe://a'], []])
    expect(await a.call('log', { level: 'debug', text: 'x' })).toBe('sent')
    await log.seen('the old process forgets', 'message', ({ pid, message }) => {
      return String(pid) === pidA && message.method === 'resources/unsubscribe'
    })
  })

  it('count from the moment the server has accepted them: an update right behind its answer arrives', async () => {
    verifies('PROTO-4')
    defineServer(home, 'eager', 'shared', { args: ['--update-on-subscribe'] })
    const [a] = await agentsOf('eager', 1)
    await subscribe(a, 'probe://a')
    await a.call('echo', { text: 'heard' })
    expect(updates(a)).toEqual(['probe://a'])
  })

  it('that the server refuses do not count', async () => {
    verifies('PROTO-4')
    const log = defineServer(home, 'refuses', 'shared', { args: ['--no-subscribe'] })
    const agents = await agentsOf('refuses', 2)
    for (const agent of agents) expect((await subscribe(agent, 'probe://a')).error.code).toBe(-32601)
    expect(log.messages('resources/subscribe')).toHaveLength(2)
    await update('probe://a', agents)
    expect(agents.map(updates)).toEqual([[], []])
  })
})

describe('log levels', () => {
  const logged = (agent: RawAgent): readonly string[] =>
    agent.notifications
      .filter(({ method }) => method === 'notifications/message')
      .map(({ params }) => params.level)

  const say = async (by: RawAgent, level: string, agents: readonly RawAgent[]): Promise<void> => {
    await by.call('log', { level, text: level })
    await Promise.all(agents.map((agent) => agent.call('echo', { text: 'heard' })))
  }
  const setLevel = (agent: RawAgent, level: string) => agent.request('logging/setLevel', { level })

  it('go upstream as the most verbose one, and each session hears only its own and above', async () => {
    verifies('PROTO-4')
    const log = defineServer(home, 'levels', 'shared')
    const agents = await agentsOf('levels', 3)
    const [a, b, c] = agents
    expect((await setLevel(a, 'warning')).result).toEqual({})
    expect((await setLevel(b, 'debug')).result).toEqual({})
    expect((await setLevel(c, 'error')).result).toEqual({})
    expect(log.messages('logging/setLevel').map(({ params }) => params.level)).toEqual(['warning', 'debug'])
    // Each says what it alone has in flight: only it is concerned.
    for (const level of ['debug', 'info', 'warning', 'critical'])
      for (const agent of agents) await say(agent, level, agents)
    expect(logged(a)).toEqual(['warning', 'critical'])
    expect(logged(b)).toEqual(['debug', 'info', 'warning', 'critical'])
    expect(logged(c)).toEqual(['critical'])
  })

  it('a session that sets a less verbose level takes none away from another', async () => {
    verifies('PROTO-4')
    defineServer(home, 'keeps', 'shared')
    const agents = await agentsOf('keeps', 2)
    const [a, b] = agents
    await setLevel(a, 'debug')
    await setLevel(b, 'emergency')
    await say(a, 'debug', agents)
    expect([logged(a), logged(b)]).toEqual([['debug'], []])
  })

  it('a level that the server refuses is refused to the agent and does not count', async () => {
    verifies('PROTO-4')
    defineServer(home, 'bad-level', 'shared', { args: ['--no-logging'] })
    const agents = await agentsOf('bad-level', 2)
    const [a] = agents
    expect((await setLevel(a, 'error')).error.code).toBe(-32601)
    await say(a, 'debug', agents)
    expect(logged(a)).toEqual(['debug'])
  })

  it('hold on every process of a pool', async () => {
    verifies('PROTO-4')
    const log = defineServer(home, 'both', 'call')
    const [a, b] = await agentsOf('both', 2, { elicitation: {} })
    // Both processes are in service before a level is set.
    const long = [a, b].map((agent) => agent.call('sleep', { ms: 2_000, steps: 1 }))
    await until('two processes', () => log.events('start').length === 2)
    await Promise.all(long)
    await setLevel(a, 'error')
    await until('both know', () => log.messages('logging/setLevel').length === 2, 2_000)
  })
})

describe('after a crash', () => {
  it('subscriptions and the log level are set anew, and everybody hears that the lists may have changed', async () => {
    verifies('PROTO-4', 'POOL-2')
    const log = defineServer(home, 'crashes', 'shared')
    const agents = await agentsOf('crashes', 3)
    const [a, b, c] = agents
    await subscribe(a, 'probe://a')
    await subscribe(b, 'probe://a')
    await subscribe(b, 'probe://b')
    await a.request('logging/setLevel', { level: 'error' })
    await b.request('logging/setLevel', { level: 'notice' })
    expect(await c.call('crash')).toMatch(/^error -32004/)
    await until('the new process is in service', () => log.messages('resources/subscribe').length >= 4)
    const [first, second] = log.events('start').map(({ pid }) => pid)
    const told = log
      .events('message')
      .filter(({ pid }) => pid === second)
      .map(({ message }) => message)
    expect(told.map(({ method }) => method).slice(0, 2)).toEqual(['initialize', 'notifications/initialized'])
    const subscribed = told.filter(({ method }) => method === 'resources/subscribe')
    expect(subscribed.map(({ params }) => params.uri).sort()).toEqual(['probe://a', 'probe://b'])
    const levels = told.filter(({ method }) => method === 'logging/setLevel')
    expect(levels.map(({ params }) => params.level)).toEqual(['notice'])
    expect(first).not.toBe(second)
    expect(await update('probe://a', agents, false)).toBe('sent')
    expect([updates(a), updates(b), updates(c)]).toEqual([['probe://a'], ['probe://a'], []])
    for (const agent of agents) {
      const changed = agent.notifications
        .map(({ method }) => method)
        .filter((m) => m.endsWith('list_changed'))
      expect(changed.sort()).toEqual(
        ['prompts', 'resources', 'tools'].map((kind) => `notifications/${kind}/list_changed`),
      )
    }
  })

  it('a session’s own server is greeted, subscribed to and levelled as it was', async () => {
    verifies('PROTO-4', 'POOL-2')
    const log = defineServer(home, 'own', 'session')
    const [a] = await agentsOf('own', 1)
    await subscribe(a, 'probe://a')
    await a.request('logging/setLevel', { level: 'error' })
    expect(await a.call('crash')).toMatch(/^error -32004/)
    expect(await update('probe://a', [a], false)).toBe('sent')
    expect(updates(a)).toEqual(['probe://a'])
    expect(log.messages('logging/setLevel').map(({ params }) => params.level)).toEqual(['error', 'error'])
  })
})

describe('list_changed', () => {
  it.each(['tools', 'prompts', 'resources'])(
    'of %s reaches every session of a shared process',
    async (kind) => {
      verifies('PROTO-4')
      defineServer(home, `lists-${kind}`, 'shared')
      const agents = await agentsOf(`lists-${kind}`, 3)
      await agents[0].call('list_changed', { kind })
      await Promise.all(agents.map((agent) => agent.call('echo', { text: 'heard' })))
      for (const agent of agents)
        expect(agent.notifications.map(({ method }) => method)).toEqual([
          `notifications/${kind}/list_changed`,
        ])
    },
  )
})
