import { mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { type DaemonHome, daemonHome } from '../fixtures/daemon-home.ts'
import type { RawAgent } from '../fixtures/raw-agent.ts'
import { verifies } from '../requirements.ts'

const { resolve } = createRequire(import.meta.url)
const FILESYSTEM = join(
  dirname(resolve('@modelcontextprotocol/server-filesystem/package.json')),
  'dist/index.js',
)

let home: DaemonHome
afterEach(() => home.close())

it('after its roots have changed a session is never served by a process that knows neither the old nor the new ones', async () => {
  verifies('PROTO-3')
  home = daemonHome()
  const fallback = join(home.dir, 'fallback')
  mkdirSync(fallback)
  home.define({ name: 'files', argv: [process.execPath, FILESYSTEM, fallback] })
  const agent = await home.agent('files', { capabilities: { roots: { listChanged: true } } })
  const roots = (n: number): string[] => [n, n + 1].map((i) => join(home.dir, `root-${i}`))
  let now = 0
  for (let n = 0; n < 8; n++) mkdirSync(roots(n)[0]!)
  agent.answer = () => ({ roots: roots(now).map((path) => ({ uri: `file://${path}` })) })
  await agent.initialize()
  expect(await agent.call('list_allowed_directories')).not.toContain(fallback)
  for (now = 1; now < 7; now++) {
    agent.notify('notifications/roots/list_changed')
    const text = await agent.call('list_allowed_directories')
    expect([now - 1, now].some((n) => roots(n).every((path) => text.includes(path)))).toBe(true)
  }
}, 30_000)

describe('an agent that is slow to name its roots', () => {
  /** It names none until told to. */
  async function slowAgent(server: string): Promise<{ agent: RawAgent; name(path: string): Promise<void> }> {
    const agent = await home.agent(server, { capabilities: { roots: {} } })
    agent.answer = () => undefined
    await agent.initialize()
    const name = async (path: string): Promise<void> => {
      const { id } = await agent.asked('roots/list')
      agent.raw(JSON.stringify({ jsonrpc: '2.0', id, result: { roots: [{ uri: `file://${path}` }] } }))
    }
    return { agent, name }
  }
  const processes = async (): Promise<number> => (await home.servers())[0]!.processes

  it.each(['call', 'shared'] as const)(
    'does not wait for that in %s mode where its server does not ask',
    async (mode) => {
      verifies('PROTO-3')
      home = daemonHome({ rootsMs: 20_000 })
      home.define({ name: 'plain', mode })
      for (let round = 0; round < 2; round++) {
        const { agent, name } = await slowAgent('plain')
        const sentAtMs = performance.now()
        const pid = await agent.call('pid')
        expect(performance.now() - sentAtMs).toBeLessThan(5_000)
        // Nobody else uses the process, so it goes on with the session.
        await name(`/of-${round}`)
        expect(await agent.call('pid')).toBe(pid)
        expect(await processes()).toBe(round + 1)
      }
    },
  )

  it('is waited for by a server that asks at once, which learns no others', async () => {
    verifies('PROTO-3')
    home = daemonHome({ rootsMs: 20_000 })
    const [fallback, own] = ['fallback', 'own'].map((name) => join(home.dir, name)) as [string, string]
    for (const path of [fallback, own]) mkdirSync(path)
    home.define({ name: 'files', mode: 'shared', argv: [process.execPath, FILESYSTEM, fallback] })
    const { agent, name } = await slowAgent('files')
    let answered = false
    const allowed = agent.call('list_allowed_directories').finally(() => {
      answered = true
    })
    // Longer than a process is looked at to see whether it asks.
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    expect(answered).toBe(false)
    await name(own)
    expect(await allowed).toContain(own)
    expect(await allowed).not.toContain(fallback)
    expect(await processes()).toBe(1)
  })

  it.each(['call', 'shared'] as const)(
    'is waited for in %s mode by a server that asks in the middle of a call',
    async (mode) => {
      verifies('PROTO-3')
      home = daemonHome({ rootsMs: 20_000 })
      home.define({ name: 'later', mode })
      const { agent, name } = await slowAgent('later')
      await agent.call('echo', { text: 'x' })
      const asking = agent.call('roots')
      // A session without roots, which must not be served by a process that learns those of another.
      const other = await home.agent('later', { capabilities: { roots: {} } })
      await other.initialize()
      const empty = other.call('roots')
      await name('/mine')
      expect(await asking).toContain('file:///mine')
      expect(await empty).toBe('[]')
      expect(await agent.call('roots')).toContain('file:///mine')
    },
  )

  it('and ends meanwhile holds up nobody', async () => {
    verifies('PROTO-3')
    home = daemonHome({ rootsMs: 20_000 })
    home.define({ name: 'later', mode: 'shared' })
    const { agent } = await slowAgent('later')
    await agent.call('echo', { text: 'x' })
    void agent.call('roots')
    const other = await home.agent('later', { capabilities: { roots: {} } })
    await other.initialize()
    const empty = other.call('roots')
    agent.kill()
    expect(await empty).toBe('[]')
  })
})
