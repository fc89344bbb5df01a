import { afterAll, describe, expect, it } from 'vitest'
import { daemonHome } from '../fixtures/daemon-home.ts'
import { defineServer } from '../fixtures/probe-log.ts'
import type { RawAgent } from '../fixtures/raw-agent.ts'
import { verifies } from '../requirements.ts'

const narrow = daemonHome({ processesPerPool: 1, leaseMs: 100 })
afterAll(() => narrow.close())

const CALLS_IN_FLIGHT = 8
const CALL_MS = 20

async function agentOf(server: string, capabilities: Record<string, unknown>): Promise<RawAgent> {
  const agent = await narrow.agent(server, { capabilities })
  await agent.initialize()
  return agent
}

/** Keeps calls in flight until told to stop; gives how many were answered. */
function hog(agent: RawAgent): { stop(): Promise<number> } {
  let stopped = false
  let answered = 0
  const lanes = Array.from({ length: CALLS_IN_FLIGHT }, async () => {
    while (!stopped) {
      await agent.call('sleep', { ms: CALL_MS, steps: 1 })
      answered += 1
    }
  })
  return {
    stop: async () => {
      stopped = true
      await Promise.all(lanes)
      return answered
    },
  }
}

describe('a session that always has calls in flight', () => {
  it.each([
    ['a process leased to one session at a time', { elicitation: {} }],
    ['a process that all use at once', {}],
  ])('does not starve another on %s', async (_, capabilities) => {
    verifies('POOL-1')
    const server = `hog-${Object.keys(capabilities).length}`
    const log = defineServer(narrow, server, 'call')
    const [greedy, modest] = [await agentOf(server, capabilities), await agentOf(server, capabilities)]
    const running = hog(greedy)
    const took: number[] = []
    for (let i = 0; i < 10; i++) {
      const sentAtMs = performance.now()
      expect(await modest.call('echo', { text: `${i}` })).toBe(`${i}`)
      took.push(performance.now() - sentAtMs)
    }
    await running.stop()
    expect(Math.max(...took)).toBeLessThan(2_000)
    expect(log.events('start')).toHaveLength(1)
  })

  it('is served with two others in turn: none gets less than a third of what the busiest gets', async () => {
    verifies('POOL-1')
    defineServer(narrow, 'three', 'call')
    defineServer(narrow, 'timer', 'session')
    const timer = await agentOf('timer', {})
    const capabilities = { elicitation: {} }
    const agents = await Promise.all([1, 2, 3].map(() => agentOf('three', capabilities)))
    const hogs = agents.map(hog)
    await timer.call('sleep', { ms: 3_000, steps: 1 })
    const counts = await Promise.all(hogs.map((one) => one.stop()))
    expect(Math.min(...counts)).toBeGreaterThan(Math.max(...counts) / 3)
  })
})
