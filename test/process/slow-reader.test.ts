import { afterAll, describe, expect, it } from 'vitest'
import { daemonHome, until } from '../fixtures/daemon-home.ts'
import { defineServer } from '../fixtures/probe-log.ts'
import type { RawAgent } from '../fixtures/raw-agent.ts'
import { verifies } from '../requirements.ts'

const MB = 1024 * 1024
const home = daemonHome()
const strict = daemonHome({ sessionBacklogBytes: 4 * MB })
afterAll(() => Promise.all([home.close(), strict.close()]))

const ANSWERS = 20
const ANSWER_TO_ALL = Array.from({ length: ANSWERS }, (_, i) => `"big${i}"`)

async function agentOf(server: string, at = home): Promise<RawAgent> {
  const agent = await at.agent(server)
  await agent.initialize()
  return agent
}

/** Stops reading and asks for 20 answers of 1 MB; in one piece, for what comes after the first answers is not read before they are. */
function askAndStopReading(agent: RawAgent): void {
  agent.socket.pause()
  const asking = ANSWER_TO_ALL.map(
    (id) =>
      `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"big","arguments":{"bytes":${MB}}}}`,
  )
  agent.raw(asking.join('\n'))
}

async function expectAllAnswers(agent: RawAgent): Promise<void> {
  agent.socket.resume()
  await agent.line(
    'the last answer',
    (line) =>
      line.includes(`"id":${ANSWER_TO_ALL.at(-1)},`) || line.endsWith(`"id":${ANSWER_TO_ALL.at(-1)}}`),
    20_000,
  )
  const sizes = agent.lines
    .filter((line) => line.includes('"id":"big'))
    .map((line) => JSON.parse(line).result.content[0].text.length)
  expect(sizes).toEqual(ANSWER_TO_ALL.map(() => MB))
}

/** Milliseconds of so many echo calls, one after the other, sorted. */
async function echoMs(agent: RawAgent, calls: number): Promise<readonly number[]> {
  const took: number[] = []
  for (let i = 0; i < calls; i++) {
    const sentAtMs = performance.now()
    expect(await agent.call('echo', { text: `${i}` })).toBe(`${i}`)
    took.push(performance.now() - sentAtMs)
  }
  return took.sort((a, b) => a - b)
}

const p99 = (sorted: readonly number[]): number => sorted[Math.floor(sorted.length * 0.99)] as number

/** The server has written everything the slow agent asked for. */
const allExecuted = (log: ReturnType<typeof defineServer>) => () =>
  log.events('execute').filter(({ tool }) => tool === 'big').length === ANSWERS

describe('an agent that does not read', () => {
  it('delays nobody else on a shared process, and loses nothing', async () => {
    verifies('POOL-2')
    const log = defineServer(home, 'shared', 'shared')
    const [slow, other] = [await agentOf('shared'), await agentOf('shared')]
    const before = p99(await echoMs(other, 300))
    askAndStopReading(slow)
    await until('the server has answered', allExecuted(log))
    const during = p99(await echoMs(other, 300))
    expect(during).toBeLessThan(Math.max(100, 5 * before))
    expect(slow.lines.filter((line) => line.includes('"id":"big'))).toHaveLength(0)
    await expectAllAnswers(slow)
    expect(await slow.call('echo', { text: 'on' })).toBe('on')
  })

  it('is dropped over the hard limit of a shared process, and others are not', async () => {
    verifies('POOL-2')
    const log = defineServer(strict, 'dropped', 'shared')
    const [slow, other] = [await agentOf('dropped', strict), await agentOf('dropped', strict)]
    askAndStopReading(slow)
    await until('the server has answered', allExecuted(log))
    await until('the session is dropped', async () => (await strict.ask<unknown[]>('sessions')).length === 1)
    expect(await other.call('echo', { text: 'on' })).toBe('on')
    expect(log.events('start')).toHaveLength(1)
    slow.socket.resume()
    await until('its connection is closed', () => slow.closed)
  })

  it('holds back the server that is its own instead of being dropped, and loses nothing', async () => {
    verifies('POOL-2')
    defineServer(strict, 'own', 'session')
    const [slow, other] = [await agentOf('own', strict), await agentOf('own', strict)]
    askAndStopReading(slow)
    expect(p99(await echoMs(other, 100))).toBeLessThan(1_000)
    await expectAllAnswers(slow)
  })

  it('and dies meanwhile leaves its session, and no other, behind it', async () => {
    verifies('PROTO-2')
    const log = defineServer(home, 'dies', 'shared')
    const [slow, other] = [await agentOf('dies'), await agentOf('dies')]
    askAndStopReading(slow)
    await until('the server has answered', allExecuted(log))
    slow.kill()
    const ofServer = async () =>
      (await home.ask<{ server: string }[]>('sessions')).filter(({ server }) => server === 'dies').length
    await until('its session is gone', async () => (await ofServer()) === 1)
    expect(await other.call('echo', { text: 'on' })).toBe('on')
  })
})

describe('a server that does not read', () => {
  it('holds back the agents that write to it, and gets everything once it reads', async () => {
    verifies('POOL-2')
    const log = defineServer(home, 'deaf', 'shared', { args: ['--quiet'] })
    const agent = await agentOf('deaf')
    const stopped = agent.call('block', { ms: 1_500 })
    await until('it blocks', () => log.events('execute').length === 1)
    const text = 'y'.repeat(MB)
    const echoes = Array.from({ length: 12 }, () => agent.call('echo', { text }))
    expect(await stopped).toBe('blocked')
    for (const echo of await Promise.all(echoes)) expect(echo === text).toBe(true)
  })
})
