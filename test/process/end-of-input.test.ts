import { afterAll, expect, it } from 'vitest'
import { daemonHome, until } from '../fixtures/daemon-home.ts'
import { defineServer } from '../fixtures/probe-log.ts'
import type { RawAgent } from '../fixtures/raw-agent.ts'
import { verifies } from '../requirements.ts'

const home = daemonHome({ finishSilentMs: 600 })
const short = daemonHome({ finishMs: 700 })
afterAll(() => Promise.all([home.close(), short.close()]))

async function agentOf(server: string, at = home): Promise<RawAgent> {
  const agent = await at.agent(server)
  await agent.initialize()
  return agent
}

it.each(['session', 'shared'] as const)(
  'a call that is never answered does not keep the session after the end of input in %s mode',
  async (mode) => {
    verifies('PROTO-2', 'POOL-1')
    defineServer(home, `mute-${mode}`, mode)
    const agent = await agentOf(`mute-${mode}`)
    const answer = agent.call('noanswer')
    agent.halfClose()
    expect(await answer).toMatch(/^error -32008: no sign of life for 600 ms/)
    await until('the connection is closed', () => agent.closed)
    agent.kill()
    await until('the session is gone', async () =>
      (await home.servers()).every(({ name, sessions }) => name !== `mute-${mode}` || sessions === 0),
    )
  },
)

it('a late answer is waited for while progress comes', async () => {
  verifies('PROTO-2')
  defineServer(home, 'slow', 'session')
  const agent = await agentOf('slow')
  const answer = agent.call('sleep', { ms: 1_500, steps: 6 }, { progressToken: 1 })
  agent.halfClose()
  expect(await answer).toBe('slept 1500')
})

it('no sign of life keeps it for ever', async () => {
  verifies('PROTO-2')
  defineServer(short, 'lively', 'session')
  const agent = await agentOf('lively', short)
  const answer = agent.call('sleep', { ms: 20_000, steps: 200 }, { progressToken: 1 })
  agent.halfClose()
  expect(await answer).toMatch(/^error -32008: no answer within 700 ms/)
})
