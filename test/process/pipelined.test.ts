import { afterEach, expect, it } from 'vitest'
import { type DaemonHome, daemonHome, until } from '../fixtures/daemon-home.ts'
import { verifies } from '../requirements.ts'

let home: DaemonHome
afterEach(() => home.close())

it('more calls than may be in flight at once are all answered, and cancels of those in flight are not held up', async () => {
  verifies('PROTO-1', 'PROTO-2', 'POOL-5')
  home = daemonHome()
  home.define({ name: 'all', mode: 'shared' })
  const agent = await home.agent('all')
  await agent.initialize()
  void agent.request('tools/call', { name: 'sleep', arguments: { ms: 60_000 } }, '"long"')
  const calls = Array.from({ length: 6_000 }, (_, i) => agent.call('echo', { text: `${i}` }))
  agent.notify('notifications/cancelled', { requestId: 'long' })
  expect(await Promise.all(calls)).toEqual(calls.map((_, i) => `${i}`))
  // Nothing is left of the cancelled one.
  await until('nothing is in flight', async () => {
    const [row] = await home.ask<{ inFlight: number }[]>('sessions')
    return row!.inFlight === 0
  })
})

it('a held call that is cancelled is never sent, and the others are', async () => {
  verifies('PROTO-2')
  home = daemonHome({ callsPerSession: 2 })
  home.define({ name: 'all', mode: 'shared' })
  const agent = await home.agent('all')
  await agent.initialize()
  const first = [agent.call('sleep', { ms: 300 }), agent.call('sleep', { ms: 300 })]
  void agent.request('tools/call', { name: 'crash', arguments: {} }, '"held"')
  const last = agent.call('echo', { text: 'last' })
  agent.notify('notifications/cancelled', { requestId: 'held' })
  expect(await Promise.all(first)).toEqual(['slept 300', 'slept 300'])
  expect(await last).toBe('last')
  expect(agent.lines.filter((line) => line.includes('"held"'))).toEqual([])
})

it('an agent that owes an answer is read on, however much it sends before', async () => {
  verifies('PROTO-3', 'POOL-5')
  home = daemonHome({ callsPerSession: 1 })
  home.define({ name: 'own' })
  const agent = await home.agent('own', { capabilities: { elicitation: {} } })
  agent.answer = () => undefined
  await agent.initialize()
  const asking = agent.call('elicit', {})
  const calls = Array.from({ length: 5_000 }, (_, i) => agent.call('echo', { text: `${i}` }))
  const question = await agent.asked('elicitation/create')
  agent.raw(JSON.stringify({ jsonrpc: '2.0', id: question.id, result: { action: 'decline' } }))
  expect(await asking).toContain('decline')
  const answers = await Promise.all(calls)
  expect(answers.every((text, i) => text === `${i}` || text.startsWith('error -32009'))).toBe(true)
})

it('what is held is answered too when the daemon stops', async () => {
  verifies('PROTO-1')
  home = daemonHome({ callsPerSession: 1 })
  home.define({ name: 'all', mode: 'shared' })
  const agent = await home.agent('all')
  await agent.initialize()
  const calls = Array.from({ length: 3 }, () => agent.call('sleep', { ms: 60_000 }))
  await until(
    'one is in flight',
    async () => (await home.ask<{ inFlight: number }[]>('sessions'))[0]!.inFlight,
  )
  await home.ask('stop')
  expect(new Set((await Promise.all(calls)).map((text) => text.slice(0, 12)))).toEqual(
    new Set(['error -32012']),
  )
})
