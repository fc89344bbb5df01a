import { mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { type DaemonHome, daemonHome, until } from '../fixtures/daemon-home.ts'
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

it('a client that never says its roots keeps only its first session waiting for them', async () => {
  verifies('PROTO-3')
  home = daemonHome({ rootsMs: 1_500 })
  home.define({ name: 'probe', mode: 'shared' })
  const firstCallMs = async (): Promise<number> => {
    const agent = await home.agent('probe', { capabilities: { roots: {} } })
    agent.answer = () => undefined
    await agent.initialize()
    const since = performance.now()
    expect(await agent.call('echo', { text: 'x' })).toBe('x')
    return performance.now() - since
  }
  expect(await firstCallMs()).toBeGreaterThan(1_400)
  expect(await firstCallMs()).toBeLessThan(1_300)
})

it('roots that are named late count from then on, and one that leaves before it answers says nothing of its client', async () => {
  verifies('PROTO-3')
  home = daemonHome({ rootsMs: 400 })
  home.define({ name: 'probe' })
  const slow = async () => {
    const agent = await home.agent('probe', { capabilities: { roots: {} } })
    agent.answer = (request) => {
      const answer = JSON.stringify({
        jsonrpc: '2.0',
        id: request.id,
        result: { roots: [{ uri: 'file:///late' }] },
      })
      setTimeout(() => agent.raw(answer), 1_000)
      return undefined
    }
    await agent.initialize()
    return agent
  }
  const leaving = await slow()
  leaving.socket.end()
  await until('it has left', () => leaving.closed)
  const agent = await slow()
  await until('the roots are known', async () => (await agent.call('roots')).includes('file:///late'))
}, 20_000)
it('a server that asks for roots in a call is not waited for when its next process starts', async () => {
  verifies('PROTO-3')
  home = daemonHome()
  home.define({ name: 'probe', mode: 'shared' })
  const agentWith = async (root: string) => {
    const agent = await home.agent('probe', { capabilities: { roots: {} } })
    agent.answer = () => ({ roots: [{ uri: `file:///${root}` }] })
    await agent.initialize()
    return agent
  }
  expect(await (await agentWith('a')).call('roots')).toContain('file:///a')
  const since = performance.now()
  expect(await (await agentWith('b')).call('echo', { text: 'x' })).toBe('x')
  expect(performance.now() - since).toBeLessThan(2_900)
})
