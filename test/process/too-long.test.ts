import { afterAll, expect, it } from 'vitest'
import { daemonHome } from '../fixtures/daemon-home.ts'
import { defineServer } from '../fixtures/probe-log.ts'
import type { RawAgent } from '../fixtures/raw-agent.ts'
import { verifies } from '../requirements.ts'

const LIMIT = 100_000
const home = daemonHome({ serverLineBytes: LIMIT })
const narrow = daemonHome({ lineBytes: LIMIT })
afterAll(() => Promise.all([home.close(), narrow.close()]))

const MODES = ['session', 'call', 'shared'] as const
const BIG = 'x'.repeat(150_000)

async function agentOf(server: string, at = home, capabilities = {}): Promise<RawAgent> {
  const agent = await at.agent(server, { capabilities })
  await agent.initialize()
  return agent
}

it.each(MODES)(
  'an answer over the limit is an error with both numbers in %s mode, and the next call works',
  async (mode) => {
    verifies('PROTO-1')
    defineServer(home, `big-${mode}`, mode)
    const agent = await agentOf(`big-${mode}`)
    const other = agent.call('sleep', { ms: 300 })
    expect(await agent.call('big', { bytes: 150_000 })).toMatch(
      /^error -32013: the server's answer of 150\d\d\d bytes is over the limit of 100000 bytes \(next: .+\)$/,
    )
    expect(await other).toBe('slept 300')
    expect(await agent.call('echo', { text: 'on' })).toBe('on')
    expect(
      (await home.servers()).find(({ name }) => name === `big-${mode}`)?.pools[0]?.upstreams[0]?.inFlight,
    ).toBe(0)
  },
)

it('an answer over the limit whose id comes last, or cannot be told while one call waits, ends the right call', async () => {
  verifies('PROTO-1')
  defineServer(home, 'odd', 'session', { program: 'odd' })
  const agent = await agentOf('odd')
  const say = (id: string, line: string) =>
    agent.request('tools/call', { name: 'say', arguments: { lines: [line] } }, id)
  const waiting = agent.request('tools/call', {
    name: 'say',
    arguments: { lines: ['{"id":$ID,"result":1}'], ms: 500 },
  })
  expect((await say('"last"', `{"result":"${BIG}","jsonrpc":"2.0","id":$ID}`)).error.code).toBe(-32013)
  expect((await waiting).result).toBe(1)
  expect((await say('"hidden"', `{"result":"${BIG}","id":$ID,"x":{}}`)).error.code).toBe(-32013)
})

it('a notification over the limit ends no call', async () => {
  verifies('PROTO-1')
  defineServer(home, 'chatty', 'session', { program: 'odd' })
  const agent = await agentOf('chatty')
  const lines = [`{"method":"notifications/message","params":{"data":"${BIG}"}}`, '{"id":$ID,"result":1}']
  expect((await agent.request('tools/call', { name: 'say', arguments: { lines } })).result).toBe(1)
})

it("a server's request over the limit is an error for the server that asks", async () => {
  verifies('PROTO-3')
  defineServer(home, 'asks', 'session')
  const agent = await agentOf('asks', home, { elicitation: {} })
  expect(await agent.call('elicit', { message: BIG })).toContain('client error -32013')
  expect(agent.requests).toEqual([])
})

it("an agent's answer over the limit is an error for the server that asked", async () => {
  verifies('PROTO-3')
  defineServer(narrow, 'asks', 'session')
  const agent = await agentOf('asks', narrow, { elicitation: {} })
  agent.answer = () => ({ action: 'accept', content: { answer: BIG } })
  expect(await agent.call('elicit', { message: 'short' })).toContain('client error -32013')
})
