import { join } from 'node:path'
import { expect, it } from 'vitest'
import { pathsOf } from '../../src/core/config/paths.ts'
import type { EventOf } from '../../src/core/events/event.ts'
import { askStore } from '../../src/core/events/store.ts'
import { cliHome } from '../fixtures/cli-home.ts'
import { responseOf } from '../fixtures/event-values.ts'
import { segmentWriter } from '../fixtures/events.ts'
import { connectSdk, textOfCall } from '../fixtures/sdk-clients.ts'
import { verifies } from '../requirements.ts'

// The real command driven by the official library, over a store in which agents followed each other.

const text = (i: number) => `---\nname: agent${i}\ndescription: The ${i}th.\n---\nDo the ${i}th thing.\n`
const home = cliHome({
  files: Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`.claude/agents/agent${i}.md`, text(i)])),
})
const paths = () => pathsOf(join(home.dir, '.mycelium'))

async function begunBefore(): Promise<void> {
  const writer = segmentWriter(paths().events)
  for (let session = 0, i = 0; session < 300; session++)
    for (let k = 0; k < 5; k++, i++) {
      const agentType = `agent${(session + k) % 8}`
      const ids = { clientSession: `s${session}`, agent: `${session}-${k}`, agentType }
      writer.append('response', { ...responseOf('w', i), ...ids } as EventOf<'response'>)
    }
  await writer.close()
}

const deeds = () =>
  askStore(paths(), async ({ database }) => {
    const sql = `SELECT action || ' ' || because FROM decisions WHERE policy = 'agent_preload' ORDER BY ts`
    return (await database.connection.runAndReadAll(sql)).getRowsJson().flat() as string[]
  })

async function deedsUntil(last: string): Promise<readonly string[]> {
  for (;;) {
    const all = await deeds()
    if (all.includes(last)) return all
  }
}

it('load_agent holds the next definition ready where sessions before say so, and says what became of it', async () => {
  verifies('LAZY-1', 'MCP-1')
  await home.run('config', 'set', 'agent_preload.enabled=true')
  await begunBefore()
  const own = await connectSdk('sdk v2', {
    command: process.execPath,
    args: [home.bin, 'mcp', '--client', 'claude-code'],
    env: { HOME: home.dir, PATH: process.env.PATH ?? '', CLAUDE_CODE_SESSION_ID: 'now' },
    cwd: home.dir,
  })
  const load = async (i: number) => textOfCall(await own.call('load_agent', { name: `agent${i}` }))
  expect(await load(1)).toBe(text(1))
  expect(await deedsUntil('ahead agent2')).toEqual(['ahead agent2'])
  expect(await load(2)).toBe(text(2))
  await deedsUntil('ahead agent3')
  // What was changed meanwhile is given as it is now.
  home.put('.claude/agents/agent3.md', text(3).replace('thing', 'other thing'))
  expect(await load(3)).toBe(text(3).replace('thing', 'other thing'))
  await deedsUntil('ahead agent4')
  await own.close()
  expect(await deedsUntil('waste agent4')).toEqual([
    ...['ahead agent2', 'hit agent2', 'ahead agent3', 'hit agent3', 'ahead agent4', 'waste agent4'],
  ])
  const { optimizations } = JSON.parse((await home.run('status', '--show-optimization', '--json')).stdout)
  const row = optimizations.find(({ id }: { id: string }) => id === 'agents ahead')
  expect(row).toMatchObject({ on: true, built: true, setting: 'agent_preload.enabled' })
  expect(row.effect).toMatchObject({ n: 3 })
}, 60_000)
