import { expect, it } from 'vitest'
import { clientHome, type RealServer } from '../../fixtures/client-home.ts'
import { until } from '../../fixtures/daemon-home.ts'
import { connectSdk, SDKS, type SdkClient, textOfCall } from '../../fixtures/sdk-clients.ts'
import { verifies } from '../../requirements.ts'

const AGENTS = 8
const CALLS = 10

/** An agent with every server open; its answers name it. */
type Agent = Readonly<Record<RealServer, SdkClient>>

it('8 agents at once with every server get the right answers, and leave nothing but the daemon and its servers', async () => {
  verifies('LAUNCH-3', 'POOL-1', 'PROTO-1')
  const home = clientHome()
  try {
    await home.mycelium('init', '--yes')
    const agents = await Promise.all(
      Array.from({ length: AGENTS }, async (_, n): Promise<Agent> => {
        const open = Object.entries(home.launched()).map(async ([server, command]) => [
          server,
          await connectSdk(SDKS[n % SDKS.length]!, command),
        ])
        return Object.fromEntries(await Promise.all(open))
      }),
    )
    await Promise.all(agents.map((agent, n) => work(agent, n)))

    const rows = Object.fromEntries((await home.servers()).map((row) => [row.id, row]))
    expect(Object.values(rows).map(({ sessions }) => sessions)).toEqual([8, 8, 8, 8])
    // One that was only asked whether it is modern goes once another serves.
    await until('one process serves each', async () =>
      (await home.servers())
        .filter(({ id }) => id === 'filesystem' || id === 'memory')
        .every(({ processes }) => processes === 1),
    )
    expect(rows.everything?.processes).toBeLessThan(AGENTS)

    await Promise.all(agents.flatMap((agent) => Object.values(agent).map((client) => client.close())))
    await home.quiet()
    expect(await home.strangers()).toEqual([])
    expect(await home.mycelium('undo')).toMatchObject({ code: 0, stderr: '' })
    expect(home.processes()).toEqual([])
  } finally {
    await home.close()
  }

  async function work(agent: Agent, n: number): Promise<void> {
    await Promise.all([
      ...Array.from({ length: CALLS }, async (_, k) => {
        const sum = await agent.everything.call('get-sum', { a: n, b: k })
        expect(textOfCall(sum)).toBe(`The sum of ${n} and ${k} is ${n + k}.`)
      }),
      ...Array.from({ length: CALLS }, async (_, k) => {
        const file = `${home.sandbox.project}/${n}-${k}.txt`
        await agent.filesystem.call('write_file', { path: file, content: `agent ${n} call ${k}` })
        const read = await agent.filesystem.call('read_text_file', { path: file })
        expect(textOfCall(read)).toBe(`agent ${n} call ${k}`)
      }),
      ...Array.from({ length: CALLS }, async (_, k) => {
        const entity = { name: `agent ${n} call ${k}`, entityType: 'test', observations: [] }
        await agent.memory.call('create_entities', { entities: [entity] })
        const found = await agent.memory.call('open_nodes', { names: [entity.name] })
        expect(found.structuredContent.entities).toEqual([entity])
      }),
      think(agent, n),
    ])
  }

  async function think(agent: Agent, n: number): Promise<void> {
    for (let thoughtNumber = 1; thoughtNumber <= CALLS; thoughtNumber++) {
      const args = { thought: `agent ${n}`, nextThoughtNeeded: true, thoughtNumber, totalThoughts: CALLS }
      const { structuredContent } = await agent['sequential-thinking'].call('sequentialthinking', args)
      expect(structuredContent.thoughtHistoryLength).toBe(thoughtNumber)
    }
  }
}, 180_000)
