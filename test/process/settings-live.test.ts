import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { builtCli, type Ended, ended } from '../fixtures/built-cli.ts'
import { type DaemonHome, daemonHome, until } from '../fixtures/daemon-home.ts'
import { verifies } from '../requirements.ts'

let home: DaemonHome
afterEach(() => home.close())

const mycelium = (...args: string[]): Promise<Ended> =>
  ended(process.execPath, [builtCli(), ...args], { ...home.env, MYCELIUM_HOME: home.paths.root })

/** The daemon's log lines of one event. */
function logged(event: string): readonly Record<string, unknown>[] {
  const file = join(home.paths.log, 'daemon.log')
  // There may be no line yet.
  if (!existsSync(file)) return []
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((line) => line.event === event)
}

const upstreams = async (state: string): Promise<readonly number[]> =>
  (await home.servers())
    .flatMap((server) => server.pools)
    .flatMap((pool) => pool.upstreams)
    .filter((one) => one.state === state)
    .map(({ pid }) => pid)

test('a running daemon ends an idle process by the time that was set after it had started', async () => {
  verifies('CLI-1')
  home = daemonHome()
  home.define({ name: 'all', mode: 'shared' })
  const agent = await home.agent('all')
  await agent.initialize()
  await agent.call('pid')
  const { pid } = await home.status()
  agent.kill()
  await until('the process is idle', async () => (await upstreams('idle')).length === 1)
  const { code, stdout } = await mycelium('config', 'set', 'limits.idle_ms=300ms')
  expect([code, stdout]).toEqual([0, expect.stringContaining('10m (default) → 300ms')])
  expect(stdout).toContain('  counts at once\nthe running daemon has read it\n')
  await until('the process is gone', async () => (await home.servers())[0]!.processes === 0)
  expect((await home.status()).pid).toBe(pid)
  expect(logged('settings-changed').map(({ keys }) => keys)).toEqual(['limits.idle_ms'])
})

test('a running daemon takes what an editor wrote, without being told', async () => {
  verifies('CLI-1')
  home = daemonHome()
  home.define({ name: 'all' })
  await home.start()
  writeFileSync(home.paths.settings, '{"limits": {"daemonIdleMs": 1}}')
  await until('the daemon has nothing to do', () =>
    logged('daemon-stopping').some(({ because }) => because === 'nothing to do'),
  )
})

test('warm spares end when they are switched off, and come back', async () => {
  verifies('CLI-1', 'POOL-1')
  home = daemonHome()
  home.define({ name: 'own' })
  const agent = await home.agent('own')
  await agent.initialize()
  await until('a spare', async () => (await upstreams('spare')).length === 1)
  await mycelium('config', 'set', 'pools.warm_spares.enabled', 'off')
  await until('no spare', async () => (await upstreams('spare')).length === 0)
  const second = await home.agent('own')
  await second.initialize()
  expect(await second.call('echo', { text: 'works' })).toBe('works')
  // Longer than the janitor waits before it starts one.
  const rounds = (await home.status()).uptimeMs + 2_500
  await until('some rounds', async () => (await home.status()).uptimeMs > rounds)
  expect(await upstreams('spare')).toEqual([])
  await mycelium('config', 'unset', 'pools.warm_spares.enabled')
  await until('a spare again', async () => (await upstreams('spare')).length === 1)
})

test('a crowded shared server gets no second process while growth is switched off', async () => {
  verifies('CLI-1', 'POOL-1')
  home = daemonHome({ processesPerPool: 2 })
  home.define({ name: 'all', mode: 'shared' })
  await home.start()
  await mycelium('config', 'set', 'pools.grow.enabled=false')
  const agent = await home.agent('all')
  await agent.initialize()
  for (let n = 0; n < 10; n += 1) agent.call('sleep', { ms: 30_000 }).catch(() => {})
  const rounds = (await home.status()).uptimeMs + 4_500
  await until('more than the janitor needs', async () => (await home.status()).uptimeMs > rounds)
  expect((await home.servers())[0]!.processes).toBe(1)
  await mycelium('config', 'set', 'pools.grow.enabled=true')
  await until('a second process', async () => (await home.servers())[0]!.processes === 2)
})

test('a file that breaks while the daemon runs changes nothing, is logged once, and config set leaves it alone', async () => {
  verifies('CLI-1')
  home = daemonHome({ idleMs: 1_234 })
  home.define({ name: 'all' })
  const { pid } = await home.status()
  const broken = '{"limits": {"idle_ms": 5,}}'
  writeFileSync(home.paths.settings, broken)
  await until('it is logged', () => logged('settings-broken').length === 1)
  const [event] = logged('settings-broken')
  expect(event!.because).toContain('config.json:1:26: ')
  const { code, stderr } = await mycelium('config', 'set', 'limits.idle_ms=7')
  expect([code, stderr]).toEqual([1, expect.stringContaining('config.json:1:26: ')])
  expect(readFileSync(home.paths.settings, 'utf8')).toBe(broken)
  expect((await home.status()).pid).toBe(pid)
  writeFileSync(home.paths.settings, '{"limits": {"idle_ms": 1234, "wait_ms": "soon", "nope": 1}}')
  await until('it is read again', () => logged('setting-ignored').length === 2)
  expect(logged('setting-ignored').map(({ key }) => key)).toEqual(['limits.wait_ms', 'limits.nope'])
  // The file says what the daemon had kept all the while.
  expect(logged('settings-changed')).toEqual([])
  expect(logged('settings-broken')).toHaveLength(1)
})
