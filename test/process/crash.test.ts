import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, describe, expect, it } from 'vitest'
import { daemonHome, until } from '../fixtures/daemon-home.ts'
import { defineServer, type ProbeLog } from '../fixtures/probe-log.ts'
import type { RawAgent } from '../fixtures/raw-agent.ts'
import { verifies } from '../requirements.ts'

const home = daemonHome()
const narrow = daemonHome({ processesPerPool: 1 })
afterAll(() => Promise.all([home.close(), narrow.close()]))

const MODES = ['session', 'call', 'shared'] as const
const INTERACTIVE = { elicitation: {} }
const CRASH = '{"jsonrpc":"2.0","id":"crash","method":"tools/call","params":{"name":"crash"}}'

async function agentOf(server: string, capabilities = {}, at = home): Promise<RawAgent> {
  const agent = await at.agent(server, { capabilities })
  await agent.initialize()
  return agent
}

const executions = (log: ProbeLog, tool: string): number =>
  log.events('execute').filter((event) => event.tool === tool).length

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] as number

/** How long it takes from a node process that ends itself to the event in a parent without mycelium, on this machine now. */
async function exitSeenMs(): Promise<number> {
  const program = "process.on('exit', () => require('fs').writeSync(1, String(Date.now()))); process.exit(1)"
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'ignore'] })
  let said = ''
  child.stdout.on('data', (chunk) => (said += chunk))
  let exitedAt = 0
  child.once('exit', () => (exitedAt = Date.now()))
  await once(child, 'close')
  return exitedAt - Number(said)
}

describe('a server that crashes in the middle of a call', () => {
  it.each([...MODES.map((mode) => [mode, {}] as const), ['call' as const, INTERACTIVE] as const])(
    'in %s mode (%o): one error within 100 ms, the next call works within 1.5 s, nothing is executed twice',
    async (mode, capabilities) => {
      verifies('POOL-2')
      const server = `mid-${mode}-${Object.keys(capabilities).length}`
      const log = defineServer(home, server, mode)
      const agent = await agentOf(server, capabilities)
      const rounds = 5
      const errors = (): readonly string[] => agent.lines.filter((line) => line.includes('"id":"crash"'))
      const errorMs: number[] = []
      const backMs: number[] = []
      const directMs: number[] = []
      for (let round = 1; round <= rounds; round++) {
        agent.raw(CRASH)
        await agent.line('an error', () => errors().length === round)
        const answeredAt = Date.now()
        expect(JSON.parse(errors().at(-1) as string).error.code).toBe(-32004)
        errorMs.push(answeredAt - (log.events('exit').at(-1)!.at as number))
        expect(await agent.call('echo', { text: 'back' })).toBe('back')
        backMs.push(Date.now() - answeredAt)
        directMs.push(await exitSeenMs())
      }
      expect(errors()).toHaveLength(rounds)
      expect(executions(log, 'crash')).toBe(rounds)
      expect(executions(log, 'echo')).toBe(rounds)
      // What the machine itself takes to tell a parent of its child's exit is nobody's delay.
      const machineMs = median(directMs)
      expect(median(errorMs)).toBeLessThan(100 + machineMs)
      expect(median(backMs)).toBeLessThan(1_500 + 2 * machineMs)
    },
  )

  it('every caller on a shared process gets one error for each call in flight, and is back with the next', async () => {
    verifies('POOL-2')
    const log = defineServer(home, 'all', 'shared')
    const [a, b] = [await agentOf('all'), await agentOf('all')]
    const lost = [1, 2, 3].map(() => b.call('noanswer'))
    await until('they are there', () => executions(log, 'noanswer') === 3)
    expect(await a.call('crash')).toMatch(/^error -32004: /)
    for (const message of await Promise.all(lost)) expect(message).toMatch(/^error -32004: /)
    const pids = await Promise.all([a.call('pid'), b.call('pid')])
    expect(pids[0]).toBe(pids[1])
    expect(log.events('start')).toHaveLength(2)
    expect(executions(log, 'noanswer')).toBe(3)
  })

  it('leaves the calls that wait in line to the next process', async () => {
    verifies('POOL-2')
    const log = defineServer(narrow, 'line', 'call')
    const [a, b] = [await agentOf('line', INTERACTIVE, narrow), await agentOf('line', INTERACTIVE, narrow)]
    const held = a.call('noanswer')
    await until('it is there', () => executions(log, 'noanswer') === 1)
    const waiting = [1, 2, 3].map((n) => b.call('echo', { text: String(n) }))
    await until('they wait', async () => {
      const row = (await narrow.servers()).find(({ id }) => id === 'line')
      return row?.pools[0]?.waiting === 3
    })
    process.kill(log.events('start')[0]!.pid, 'SIGKILL')
    expect(await held).toMatch(/^error -32004: .*SIGKILL/)
    expect(await Promise.all(waiting)).toEqual(['1', '2', '3'])
    expect(executions(log, 'echo')).toBe(3)
  })

  it('is started again without waiting for a call', async () => {
    verifies('POOL-2')
    const log = defineServer(home, 'at-once', 'shared')
    const agent = await agentOf('at-once')
    await agent.call('crash_after', { ms: 0 })
    await until('a second start', () => log.events('start').length === 2)
  })

  it('other pools and sessions do not notice', async () => {
    verifies('POOL-2')
    const log = defineServer(home, 'others', 'session')
    const [a, b] = [await agentOf('others'), await agentOf('others')]
    const long = b.call('sleep', { ms: 500 })
    await until('it sleeps', () => executions(log, 'sleep') === 1)
    await a.call('crash')
    expect(await long).toBe('slept 500')
    expect(b.notifications).toEqual([])
  })
})

describe('an answer that the server writes in its last moment', () => {
  it.each(MODES)('in %s mode arrives instead of an error', async (mode) => {
    verifies('POOL-2')
    const log = defineServer(home, `words-${mode}`, mode)
    const agent = await agentOf(`words-${mode}`)
    for (let i = 0; i < 10; i++) {
      expect(await agent.call('last_words', { text: `${i}` })).toBe(`${i}`)
      // What is written to the one that is ending would never be read.
      const { pid } = log.events('execute').at(-1)!
      await until('the daemon has seen it end', async () => {
        const pools = (await home.servers()).flatMap((server) => server.pools)
        return !pools.some((pool) => pool.upstreams.some((one) => one.pid === pid))
      })
    }
  })

  it('and is longer than a pipe holds arrives whole', async () => {
    verifies('POOL-2')
    defineServer(home, 'long-words', 'shared')
    const agent = await agentOf('long-words')
    const text = 'x'.repeat(1_000_000)
    expect((await agent.call('last_words', { text })) === text).toBe(true)
  })
})

describe('a server that keeps crashing', () => {
  it('is started again at once, then after growing pauses, then not at all until it is restarted', async () => {
    verifies('POOL-2')
    const log = defineServer(home, 'loop', 'shared', { args: ['--exit=3'] })
    const agent = await home.agent('loop')
    const messages: string[] = []
    while (messages.length < 8 && !messages.at(-1)?.includes('within a minute'))
      messages.push((await agent.initialize()).error.message)
    const starts = log.events('start').map(({ at }) => at)
    const gapsMs = starts.slice(1).map((at, i) => at - starts[i]!)
    expect(gapsMs).toHaveLength(4)
    expect(gapsMs[1]).toBeGreaterThanOrEqual(245)
    expect(gapsMs[2]).toBeGreaterThanOrEqual(495)
    expect(gapsMs[3]).toBeGreaterThanOrEqual(995)
    for (const message of messages.slice(0, -1))
      expect(message).toMatch(/loop: .*code 3.*mycelium daemon logs --server loop/)
    const last = await agent.initialize()
    expect(last.error.code).toBe(-32005)
    expect(last.error.message).toMatch(/loop: ended 5 times within a minute.*mycelium server restart loop/)
    expect(log.events('start')).toHaveLength(5)
    const state = async () => (await home.servers()).find(({ id }) => id === 'loop')!.pools[0]!.state
    expect(await state()).toBe('crash-loop')
    await home.ask('restart', { names: ['loop'] })
    expect(await state()).not.toBe('crash-loop')
    expect((await agent.initialize()).error.code).toBe(-32002)
    expect(log.events('start').length).toBeGreaterThanOrEqual(6)
  })

  it('in the middle of calls waits longer each time, and an answered call forgives', async () => {
    verifies('POOL-2')
    const log = defineServer(home, 'forgiven', 'shared')
    const agent = await agentOf('forgiven')
    const crash = async (): Promise<void> => {
      const starts = log.events('start').length
      await agent.call('crash')
      await until('it is back', () => log.events('start').length > starts)
    }
    const gapMs = (): number => log.events('start').at(-1)!.at - log.events('exit').at(-1)!.at
    await crash()
    await crash()
    expect(gapMs()).toBeGreaterThanOrEqual(245)
    await crash()
    expect(gapMs()).toBeGreaterThanOrEqual(495)
    expect(await agent.call('echo', { text: 'well' })).toBe('well')
    const before = log.events('start').length
    await crash()
    expect(log.events('start')).toHaveLength(before + 1)
    expect(gapMs()).toBeLessThan(1_000)
  })
})
