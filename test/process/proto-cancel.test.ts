import { afterAll, describe, expect, it } from 'vitest'
import { daemonHome, until } from '../fixtures/daemon-home.ts'
import { defineServer, type ProbeLog } from '../fixtures/probe-log.ts'
import type { RawAgent } from '../fixtures/raw-agent.ts'
import { verifies } from '../requirements.ts'

const home = daemonHome()
/** Where a `call` pool has one process, so that a second session has to wait. */
const narrow = daemonHome({ processesPerPool: 1 })
afterAll(() => Promise.all([home.close(), narrow.close()]))

const INTERACTIVE = { elicitation: {} }
const LONG_MS = 60_000

async function agentOf(server: string, capabilities: Record<string, unknown> = {}, at = home) {
  const agent = await at.agent(server, { capabilities })
  await agent.initialize()
  return agent
}

/** Starts a long call under an id and waits until the server works on it; gives the id it has there. */
async function startCall(agent: RawAgent, log: ProbeLog, idText: string, ms: number): Promise<number> {
  void agent.request('tools/call', { name: 'sleep', arguments: { ms, steps: 1 } }, idText)
  const begun = await log.seen(`the call of ${ms} ms`, 'execute', (event) => event.arguments?.ms === ms)
  return begun.id as number
}

const cancel = (agent: RawAgent, idText: string): void =>
  agent.raw(
    `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${idText},"reason":"test"}}`,
  )

const answersTo = (agent: RawAgent, idText: string): readonly string[] =>
  agent.lines.filter((line) => line.includes(`"id":${idText},`) && !line.includes('"method"'))

async function inFlight(server: string, at = home): Promise<number> {
  const row = (await at.servers()).find(({ id }) => id === server)
  return row!.pools.flatMap((pool) => pool.upstreams).reduce((sum, one) => sum + one.inFlight, 0)
}

describe('a cancel', () => {
  it.each(['shared', 'call', 'session'] as const)(
    'in %s mode reaches the server with its own id, and only that call',
    async (mode) => {
      verifies('PROTO-2')
      const log = defineServer(home, `remap-${mode}`, mode)
      const [a, b] = [await agentOf(`remap-${mode}`), await agentOf(`remap-${mode}`)]
      const idThere = await startCall(a, log, '"same"', LONG_MS)
      const other = startCall(b, log, '"same"', 700)
      await other
      cancel(a, '"same"')
      const seen = await log.seen('the cancel', 'cancelled')
      expect(seen).toMatchObject({ requestId: idThere, known: true, reason: 'test' })
      expect((await b.answerTo('"same"')).result.content[0].text).toBe('slept 700')
      expect(await a.call('echo', { text: 'goes on' })).toBe('goes on')
      expect(answersTo(a, '"same"')).toEqual([])
      expect(log.events('cancelled')).toHaveLength(1)
    },
  )

  it('finds its call however the string id is escaped', async () => {
    verifies('PROTO-2')
    const log = defineServer(home, 'escaped', 'shared')
    const a = await agentOf('escaped')
    const idThere = await startCall(a, log, '"a\\u0062c"', LONG_MS)
    cancel(a, '"abc"')
    expect((await log.seen('the cancel', 'cancelled')).requestId).toBe(idThere)
  })

  it('of an id used twice ends the later call', async () => {
    verifies('PROTO-2')
    const log = defineServer(home, 'twice', 'shared')
    const a = await agentOf('twice')
    await startCall(a, log, '5', LONG_MS)
    const later = await startCall(a, log, '5', LONG_MS + 1)
    cancel(a, '5')
    expect((await log.seen('the cancel', 'cancelled')).requestId).toBe(later)
  })

  it('for an answered, an unknown or another agent’s call goes nowhere', async () => {
    verifies('PROTO-2')
    const log = defineServer(home, 'nowhere', 'shared')
    const [a, b] = [await agentOf('nowhere'), await agentOf('nowhere')]
    const idThere = await startCall(b, log, '"of-b"', LONG_MS)
    await a.request('tools/call', { name: 'echo', arguments: { text: 'x' } }, '"done"')
    for (const id of ['"done"', '"of-b"', '12345', String(idThere), 'null', '{}']) cancel(a, id)
    a.notify('notifications/cancelled')
    a.notify('notifications/cancelled', { reason: 'of nothing' })
    expect(await a.call('echo', { text: 'after' })).toBe('after')
    expect(log.messages('notifications/cancelled')).toEqual([])
  })

  it('is final: the answer that the server gives all the same is dropped', async () => {
    verifies('PROTO-2')
    const log = defineServer(home, 'late', 'shared', { program: 'odd' })
    const a = await agentOf('late')
    const lines = ['{"jsonrpc":"2.0","id":$ID,"result":"late"}']
    void a.request('tools/call', { name: 'say', arguments: { lines, ms: 150 } }, '"late"')
    cancel(a, '"late"')
    await log.seen('the late answer', 'said')
    await a.request('ping', undefined, '"after"')
    expect(answersTo(a, '"late"')).toEqual([])
    expect(await inFlight('late')).toBe(0)
  })

  it('leaves nothing in flight when the server keeps silent, as the protocol asks it to', async () => {
    verifies('PROTO-2')
    const log = defineServer(home, 'silent', 'shared')
    const a = await agentOf('silent')
    await startCall(a, log, '1000', LONG_MS)
    cancel(a, '1000')
    await log.seen('the cancel', 'cancelled')
    const sessions = await home.ask<{ server: string; inFlight: number }[]>('sessions')
    expect(sessions.find(({ server }) => server === 'silent')!.inFlight).toBe(0)
    await until('server list shows nothing in flight', async () => (await inFlight('silent')) === 0, 3_000)
  })

  it('frees the process for the next session in line', async () => {
    verifies('PROTO-2')
    const log = defineServer(narrow, 'frees', 'call')
    const [a, b] = [await agentOf('frees', INTERACTIVE, narrow), await agentOf('frees', INTERACTIVE, narrow)]
    await startCall(a, log, '1000', LONG_MS)
    const waiting = b.call('echo', { text: 'my turn' })
    cancel(a, '1000')
    const cancelledAtMs = performance.now()
    expect(await waiting).toBe('my turn')
    expect(performance.now() - cancelledAtMs).toBeLessThan(5_000)
  })
})

describe('a call cancelled before the server has it never reaches the server, gets no answer and leaves nothing behind', () => {
  const call = (idText: string, text: string): string =>
    `{"jsonrpc":"2.0","id":${idText},"method":"tools/call","params":{"name":"echo","arguments":{"text":"${text}"}}}`
  const expectNeverSent = (agent: RawAgent, log: ProbeLog): void => {
    expect(answersTo(agent, '"gone"')).toEqual([])
    expect(log.events('execute').map((event) => event.arguments?.text)).not.toContain('never')
    expect(log.messages('notifications/cancelled')).toEqual([])
  }

  it('while the pool is busy', async () => {
    verifies('PROTO-2')
    const log = defineServer(narrow, 'busy', 'call')
    const [a, b] = [await agentOf('busy', INTERACTIVE, narrow), await agentOf('busy', INTERACTIVE, narrow)]
    await startCall(a, log, '1000', 600)
    b.raw(call('"gone"', 'never'))
    await until('it waits', async () => {
      const row = (await narrow.servers()).find(({ id }) => id === 'busy')
      return row?.pools[0]?.waiting === 1
    })
    cancel(b, '"gone"')
    await a.answerTo('1000')
    expect(await b.call('echo', { text: 'later' })).toBe('later')
    expectNeverSent(b, log)
    expect(await inFlight('busy', narrow)).toBe(0)
    const row = (await narrow.servers()).find(({ id }) => id === 'busy')
    expect(row!.pools[0]!.waiting).toBe(0)
  })

  it('while the agent has not named its roots', async () => {
    verifies('PROTO-2')
    const log = defineServer(home, 'roots', 'shared')
    const a = await home.agent('roots', { capabilities: { roots: {} } })
    a.answer = () => undefined
    await a.initialize()
    const asked = await a.asked('roots/list')
    a.raw(call('"gone"', 'never'))
    cancel(a, '"gone"')
    a.raw(JSON.stringify({ jsonrpc: '2.0', id: asked.id, result: { roots: [] } }))
    expect(await a.call('echo', { text: 'later' })).toBe('later')
    expectNeverSent(a, log)
    expect(await inFlight('roots')).toBe(0)
  })

  it.each(['session', 'shared'] as const)('while the %s process starts', async (mode) => {
    verifies('PROTO-2')
    const log = defineServer(home, `starts-${mode}`, mode, { args: ['--start-ms=400'] })
    const a = await home.agent(`starts-${mode}`)
    const ready = a.initialize()
    a.raw(call('"gone"', 'never'))
    cancel(a, '"gone"')
    await ready
    expect(await a.call('echo', { text: 'later' })).toBe('later')
    expectNeverSent(a, log)
    expect(await inFlight(`starts-${mode}`)).toBe(0)
  })

  it('while the server is paused', async () => {
    verifies('PROTO-2')
    const log = defineServer(home, 'paused', 'shared')
    const a = await agentOf('paused')
    await home.ask('pause', { names: ['paused'] })
    a.raw(call('"gone"', 'never'))
    a.raw(call('"kept"', 'kept'))
    cancel(a, '"gone"')
    await until('one waits', async () => {
      const row = (await home.servers()).find(({ id }) => id === 'paused')
      return row?.pools[0]?.waiting === 1
    })
    await home.ask('resume', { names: ['paused'] })
    await a.answerTo('"kept"')
    expectNeverSent(a, log)
  })
})

describe('an agent that dies', () => {
  it('has its calls cancelled upstream, and the calls of others on the process go on', async () => {
    verifies('PROTO-2')
    const log = defineServer(home, 'dies', 'shared')
    const [a, b] = [await agentOf('dies'), await agentOf('dies')]
    const ids = [await startCall(a, log, '1', LONG_MS), await startCall(a, log, '2', LONG_MS + 1)]
    await startCall(b, log, '1000', 900)
    a.kill()
    await until('both are cancelled', () => log.events('cancelled').length === 2)
    expect(
      log
        .events('cancelled')
        .map(({ requestId }) => requestId)
        .sort(),
    ).toEqual(ids.sort())
    expect((await b.answerTo('1000')).result.content[0].text).toBe('slept 900')
    expect(log.events('cancelled')).toHaveLength(2)
    expect(log.events('start')).toHaveLength(1)
  })

  it('takes the process of its own with it, and that of no other session', async () => {
    verifies('PROTO-2')
    const log = defineServer(home, 'own', 'session')
    const [a, b] = [await agentOf('own'), await agentOf('own')]
    const pid = Number(await a.call('pid'))
    await startCall(a, log, '1000', LONG_MS)
    await startCall(b, log, '1000', 900)
    a.kill()
    await log.seen('its process ends', 'exit', (event) => event.pid === pid)
    expect((await b.answerTo('1000')).result.content[0].text).toBe('slept 900')
  })

  it('frees its process of a call pool', async () => {
    verifies('PROTO-2')
    const log = defineServer(narrow, 'freed', 'call')
    const [a, b] = [await agentOf('freed', INTERACTIVE, narrow), await agentOf('freed', INTERACTIVE, narrow)]
    await startCall(a, log, '1000', LONG_MS)
    const waiting = b.call('echo', { text: 'my turn' })
    a.kill()
    const killedAtMs = performance.now()
    expect(await waiting).toBe('my turn')
    expect(performance.now() - killedAtMs).toBeLessThan(5_000)
  })

  it('while its call waits in line never has it sent', async () => {
    verifies('PROTO-2')
    const log = defineServer(narrow, 'in-line', 'call')
    const [a, b] = [
      await agentOf('in-line', INTERACTIVE, narrow),
      await agentOf('in-line', INTERACTIVE, narrow),
    ]
    await startCall(a, log, '1000', 500)
    void b.call('echo', { text: 'never' })
    const poolRow = async () => (await narrow.servers()).find(({ id }) => id === 'in-line')!.pools[0]!
    await until('it waits', async () => (await poolRow()).waiting === 1)
    b.kill()
    await until('nobody waits', async () => (await poolRow()).waiting === 0)
    await a.answerTo('1000')
    expect(await a.call('echo', { text: 'later' })).toBe('later')
    expect(log.events('execute').map((event) => event.arguments?.text)).not.toContain('never')
  })
})

describe('an agent that closes its end but still reads', () => {
  it.each(['shared', 'call', 'session'] as const)(
    'gets its answers in %s mode, then the daemon closes',
    async (mode) => {
      verifies('PROTO-2')
      const log = defineServer(home, `half-${mode}`, mode)
      const a = await agentOf(`half-${mode}`)
      await startCall(a, log, '1000', 400)
      a.raw(
        '{"jsonrpc":"2.0","id":"last","method":"tools/call","params":{"name":"echo","arguments":{"text":"x"}}}',
      )
      a.halfClose()
      expect((await a.answerTo('1000')).result.content[0].text).toBe('slept 400')
      expect((await a.answerTo('"last"')).result.content[0].text).toBe('x')
      await until('the daemon closes', () => a.closed)
      expect(log.events('cancelled')).toEqual([])
      const sessions = async () =>
        (await home.ask<{ server: string }[]>('sessions')).map(({ server }) => server)
      await until('the session is gone', async () => !(await sessions()).includes(`half-${mode}`))
    },
  )

  it('gets its answers when its whole life was one write', async () => {
    verifies('PROTO-2')
    defineServer(home, 'one-write', 'shared')
    const a = await home.agent('one-write')
    const init = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x', version: '1' } }
    a.raw(
      [
        JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: init }),
        '{"jsonrpc":"2.0","method":"notifications/initialized"}',
        '{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"echo","arguments":{"text":"hi"}}}',
      ].join('\n'),
    )
    a.halfClose()
    expect((await a.answerTo('2')).result.content[0].text).toBe('hi')
    await until('the daemon closes', () => a.closed)
  })
})
