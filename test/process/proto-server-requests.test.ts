import { afterAll, describe, expect, it } from 'vitest'
import { daemonHome, until } from '../fixtures/daemon-home.ts'
import { defineServer, type ProbeLog } from '../fixtures/probe-log.ts'
import type { Message, RawAgent } from '../fixtures/raw-agent.ts'
import { verifies } from '../requirements.ts'

const home = daemonHome({ processesPerPool: 2 })
const impatient = daemonHome({ serverRequestMs: 200, rootsMs: 300, processesPerPool: 1 })
afterAll(() => Promise.all([home.close(), impatient.close()]))

const INTERACTIVE = { elicitation: {}, sampling: {} }

interface Options {
  readonly capabilities?: Record<string, unknown>
  readonly answer?: (request: Message) => unknown
  readonly at?: typeof home
}

/** An agent that answers elicitation and sampling with its own name and what it was asked. */
async function agentOf(server: string, name: string, options: Options = {}): Promise<RawAgent> {
  const { capabilities = INTERACTIVE, at = home } = options
  const agent = await at.agent(server, { capabilities })
  agent.answer =
    options.answer ??
    (({ method, params }) =>
      method === 'elicitation/create'
        ? { action: 'accept', content: { answer: `${name} on ${params.message}` } }
        : {
            role: 'assistant',
            model: 'm',
            content: { type: 'text', text: `${name} on ${params.messages[0].content.text}` },
          })
  await agent.initialize()
  return agent
}

async function elicit(agent: RawAgent, message: string): Promise<string> {
  const { echo, content } = JSON.parse(await agent.call('elicit', { message }))
  expect(echo).toBe(message)
  return content.answer
}

async function sample(agent: RawAgent, prompt: string): Promise<string> {
  const { echo, content } = JSON.parse(await agent.call('sample', { prompt }))
  expect(echo).toBe(prompt)
  return content.text
}

/** Answers that the server got to its own requests. */
const answersOfClients = (log: ProbeLog) => log.messages().filter(({ method }) => method === undefined)

/** An agent that names these directories as its roots. */
const rootsOf = (...paths: string[]): Options => ({
  capabilities: { roots: { listChanged: true } },
  answer: ({ method }) =>
    method === 'roots/list' ? { roots: paths.map((path) => ({ uri: `file://${path}` })) } : undefined,
})

describe('elicitation and sampling', () => {
  it.each(['session', 'call'] as const)(
    'in %s mode each of two sessions answers its own, in 50 interleaved rounds',
    async (mode) => {
      verifies('PROTO-3')
      defineServer(home, `rounds-${mode}`, mode)
      const agents = { A: await agentOf(`rounds-${mode}`, 'A'), B: await agentOf(`rounds-${mode}`, 'B') }
      const rounds = Array.from({ length: 50 }, (_, i) => i)
      const run = async (name: 'A' | 'B') => {
        for (const i of rounds) {
          const ask = i % 2 === 0 ? elicit : sample
          expect(await ask(agents[name], `${name}-${i}`)).toBe(`${name} on ${name}-${i}`)
        }
      }
      await Promise.all([run('A'), run('B')])
      for (const agent of Object.values(agents)) expect(agent.requests).toHaveLength(50)
      expect(new Set(agents.A.requests.map(({ id }) => id)).size).toBe(50)
    },
  )

  it('in call mode 5 sessions on 2 processes each answer their own, with several calls in flight', async () => {
    verifies('PROTO-3')
    const log = defineServer(home, 'crowd', 'call')
    const names = ['A', 'B', 'C', 'D', 'E']
    const agents = await Promise.all(names.map((name) => agentOf('crowd', name)))
    const asked = names.flatMap((name, i) =>
      Array.from({ length: 12 }, async (_, n) => {
        const ask = n % 2 === 0 ? elicit : sample
        expect(await ask(agents[i] as RawAgent, `${name}${n}`)).toBe(`${name} on ${name}${n}`)
      }),
    )
    await Promise.all(asked)
    for (const agent of agents) expect(agent.requests).toHaveLength(12)
    expect(log.events('start').length).toBeLessThanOrEqual(2)
  })

  it('in shared mode is not offered to the server, and asked all the same is refused and shown to nobody', async () => {
    verifies('PROTO-3')
    const log = defineServer(home, 'refused', 'shared')
    const [a, b] = [await agentOf('refused', 'A'), await agentOf('refused', 'B')]
    expect(log.messages('initialize').map(({ params }) => params.capabilities)).toEqual([{}])
    expect(await a.call('elicit', { message: 'x' })).toBe('client has no elicitation capability')
    for (const tool of ['elicit', 'sample'])
      expect(await a.call(tool, { message: 'x', prompt: 'x', force: true })).toMatch(/^client error -32011: /)
    expect([...a.requests, ...b.requests]).toEqual([])
  })

  it('of a server whose sessions all lack the capability is refused and shown to nobody', async () => {
    verifies('PROTO-3')
    defineServer(home, 'incapable', 'call')
    const [a, b] = [
      await agentOf('incapable', 'A', { capabilities: {} }),
      await agentOf('incapable', 'B', { capabilities: {} }),
    ]
    expect(await a.call('elicit', { message: 'x', force: true })).toMatch(/^client error -320\d\d: /)
    expect([...a.requests, ...b.requests]).toEqual([])
  })

  it.each(['session', 'call'] as const)(
    'in %s mode an agent that cannot do the one is not asked for it, though it can do the other',
    async (mode) => {
      verifies('PROTO-3')
      defineServer(home, `half-${mode}`, mode)
      const a = await agentOf(`half-${mode}`, 'A', { capabilities: { elicitation: {} } })
      expect(await a.call('sample', { prompt: 'x', force: true })).toMatch(/^client error -32601: .*sampling/)
      expect(await elicit(a, 'can')).toBe('A on can')
      expect(a.requests.map(({ method }) => method)).toEqual(['elicitation/create'])
    },
  )

  it('an agent that never answers: the server gets an error in time and the agent is told', async () => {
    verifies('PROTO-3')
    defineServer(impatient, 'silent', 'call')
    const a = await agentOf('silent', 'A', { at: impatient, answer: () => undefined })
    expect(await a.call('elicit', { message: 'x' })).toMatch(/^client error -32008: .*200 ms/)
    const asked = a.requests[0] as Message
    const notice = a.notifications.find(({ method }) => method === 'notifications/cancelled')
    expect(notice?.params.requestId).toBe(asked.id)
    // An answer that comes too late is dropped, and the session goes on.
    a.raw(JSON.stringify({ jsonrpc: '2.0', id: asked.id, result: { action: 'decline' } }))
    expect(await a.call('echo', { text: 'on' })).toBe('on')
  })

  it('an agent’s error, and an answer with odd bytes, reach the server as they were', async () => {
    verifies('PROTO-3')
    const log = defineServer(home, 'answers', 'session')
    const a = await agentOf('answers', 'A', { answer: () => undefined })
    const failing = a.call('elicit', { message: 'first' })
    const first = await a.asked('elicitation/create')
    a.raw(`{"error":{"data":[1.0],"message":"no é","code":-7},"id":${first.id},"jsonrpc":"2.0"}`)
    expect(await failing).toBe('client error -7: no é')
    expect(answersOfClients(log).at(-1)).toEqual({
      jsonrpc: '2.0',
      id: 1,
      error: { code: -7, message: 'no é', data: [1] },
    })
  })

  it('answers to nothing, twice and with foreign ids reach no server', async () => {
    verifies('PROTO-3')
    const log = defineServer(home, 'strays', 'call')
    const a = await agentOf('strays', 'A')
    expect(await elicit(a, 'x')).toBe('A on x')
    const asked = a.requests[0] as Message
    for (const id of [String(asked.id), '77', '-1', '"1"', 'null', '1.0'])
      a.raw(`{"jsonrpc":"2.0","id":${id},"result":{"stray":true}}`)
    await a.call('echo', { text: 'after' })
    expect(answersOfClients(log)).toHaveLength(1)
  })
})

describe('a request of the server that does not end normally', () => {
  it.each(['session', 'call'] as const)(
    'in %s mode: cancelled by the server, the agent sees it under its own id',
    async (mode) => {
      verifies('PROTO-3')
      defineServer(home, `withdrawn-${mode}`, mode)
      const a = await agentOf(`withdrawn-${mode}`, 'A', { answer: () => undefined })
      expect(await a.call('elicit_withdraw')).toBe('withdrawn')
      const asked = await a.asked('elicitation/create')
      await a.line('the cancel', (line) => line.includes('notifications/cancelled'))
      expect(a.notifications.at(-1)).toMatchObject({ params: { requestId: asked.id, reason: 'not needed' } })
      expect(asked.id).not.toBe('withdrawn')
    },
  )

  it('the agent dies: the server gets an error, and another session is served', async () => {
    verifies('PROTO-3')
    const log = defineServer(impatient, 'left', 'call')
    const a = await agentOf('left', 'A', { at: impatient, answer: () => undefined })
    void a.call('elicit', { message: 'x' })
    await a.asked('elicitation/create')
    a.kill()
    await until('the server is told', () => answersOfClients(log).length === 1)
    expect(answersOfClients(log)[0]!.error.code).toBe(-32010)
    const b = await agentOf('left', 'B', { at: impatient })
    expect(await elicit(b, 'y')).toBe('B on y')
  })

  it('the agent closes its end: the server gets an error at once, and the call’s answer still arrives', async () => {
    verifies('PROTO-3')
    defineServer(home, 'leaving', 'session')
    const a = await agentOf('leaving', 'A', { answer: () => undefined })
    const call = a.call('elicit', { message: 'x' })
    await a.asked('elicitation/create')
    a.halfClose()
    expect(await call).toMatch(/^client error -32010: /)
  })
})

describe('ping', () => {
  it.each(['session', 'call', 'shared'] as const)(
    'of the server in %s mode is answered, and no agent sees it',
    async (mode) => {
      verifies('PROTO-3')
      defineServer(home, `ping-${mode}`, mode)
      const a = await agentOf(`ping-${mode}`, 'A')
      expect(await a.call('ping_client')).toBe('{}')
      expect(a.requests).toEqual([])
    },
  )
})

describe('roots', () => {
  it.each(['shared', 'call'] as const)(
    'in %s mode sessions with the same roots share a process, and each server hears the roots of its own sessions',
    async (mode) => {
      verifies('PROTO-3')
      defineServer(home, `roots-${mode}`, mode)
      const a = await agentOf(`roots-${mode}`, 'A', rootsOf('/x', '/y'))
      const same = await agentOf(`roots-${mode}`, 'B', rootsOf('/y', '/x'))
      const other = await agentOf(`roots-${mode}`, 'C', rootsOf('/z'))
      const pids = await Promise.all([a, same, other].map((agent) => agent.call('pid')))
      expect(pids[0]).toBe(pids[1])
      expect(pids[0]).not.toBe(pids[2])
      const uris = async (agent: RawAgent) =>
        JSON.parse(await agent.call('roots')).map(({ uri }: { uri: string }) => uri)
      const heard = await Promise.all([a, same, other].map(uris))
      expect(heard.map((one) => one.sort())).toEqual([
        ['file:///x', 'file:///y'],
        ['file:///x', 'file:///y'],
        ['file:///z'],
      ])
    },
  )

  it('of a session change: it moves to a process of its new roots, the others stay', async () => {
    verifies('PROTO-3')
    defineServer(home, 'moves', 'shared')
    const a = await agentOf('moves', 'A', rootsOf('/x'))
    const b = await agentOf('moves', 'B', rootsOf('/x'))
    const before = await a.call('pid')
    expect(await b.call('pid')).toBe(before)
    a.answer = rootsOf('/new').answer as RawAgent['answer']
    a.notify('notifications/roots/list_changed')
    expect(await a.call('roots')).toContain('file:///new')
    expect(await a.call('pid')).not.toBe(before)
    expect(await b.call('pid')).toBe(before)
    expect(await b.call('roots')).toContain('file:///x')
  })

  it('in session mode are asked of the session itself, and its list_changed reaches its server', async () => {
    verifies('PROTO-3')
    const log = defineServer(home, 'own-roots', 'session')
    const a = await agentOf('own-roots', 'A', rootsOf('/mine'))
    expect(await a.call('roots')).toContain('file:///mine')
    a.notify('notifications/roots/list_changed')
    await a.call('echo', { text: 'x' })
    expect(log.messages('notifications/roots/list_changed')).toHaveLength(1)
  })

  it('that an agent does not name in time count as none, and the session works', async () => {
    verifies('PROTO-3')
    defineServer(impatient, 'no-word', 'shared')
    const a = await agentOf('no-word', 'A', { ...rootsOf('/x'), answer: () => undefined, at: impatient })
    expect(await a.call('roots')).toBe('[]')
  })

  it('that an agent names as an error, or as no list, count as none', async () => {
    verifies('PROTO-3')
    defineServer(home, 'bad-roots', 'shared')
    for (const body of ['"error":{"code":-1,"message":"no"}', '"result":{"roots":7}', '"result":null']) {
      const a = await agentOf('bad-roots', 'A', { ...rootsOf(), answer: () => undefined })
      const asked = await a.asked('roots/list')
      a.raw(`{"jsonrpc":"2.0","id":${asked.id},${body}}`)
      expect(await a.call('roots')).toBe('[]')
    }
  })
})
