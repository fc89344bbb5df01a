import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { stopDaemon } from '../../src/core/daemon/connect.ts'
import { Keeper } from '../../src/core/policy/idle/keeper.ts'
import { type DaemonHome, daemonHome, until } from '../fixtures/daemon-home.ts'
import { verifies } from '../requirements.ts'

let home: DaemonHome
afterEach(() => home.close())

const settings = (enabled: boolean) =>
  writeFileSync(home.paths.settings, JSON.stringify({ 'limits.idle_ms': 300, 'prewarm.enabled': enabled }))
const processes = async () => (await home.servers()).find(({ id }) => id === 'probe')?.processes

/** What a daemon would have learnt of a server that is used every other minute. */
function learnt(): object {
  const keeper = new Keeper()
  const now = Math.floor(Date.now() / 60_000)
  for (let slot = now - 300; slot <= now; slot++)
    keeper.pass(
      slot,
      new Set(slot % 2 === now % 2 ? ['probe'] : []),
      () => ({ coldMs: 500, memoryMb: 50 }),
      5,
    )
  return keeper.data()
}

it('a server that is used all the time is kept beyond limits.idle_ms and started again ahead, while that is wanted', async () => {
  verifies('PRE-2')
  home = daemonHome()
  home.define({ name: 'probe', mode: 'shared' })
  settings(true)
  mkdirSync(dirname(home.paths.keepWarm), { recursive: true })
  writeFileSync(home.paths.keepWarm, JSON.stringify(learnt()))
  const agent = await home.agent('probe')
  await agent.initialize()
  await agent.call('echo', { text: 'x' })
  agent.socket.end()
  await until('the session is over', async () => (await home.status()).sessions === 0)
  // Several rounds of the janitor, each of which would have ended it.
  await new Promise((resolve) => setTimeout(resolve, 3_000))
  expect(await processes()).toBe(1)
  settings(false)
  await until('it has ended', async () => (await processes()) === 0)
  settings(true)
  await until('it is started ahead', async () => (await processes()) === 1)
  expect(readFileSync(join(home.paths.log, 'daemon.log'), 'utf8')).toContain('warmed-ahead')
}, 40_000)

it('what cannot be used of what was learnt is learnt anew', async () => {
  home = daemonHome()
  home.define({ name: 'probe', mode: 'shared' })
  settings(true)
  mkdirSync(dirname(home.paths.keepWarm), { recursive: true })
  for (const text of ['', '{"format":1', '[1,2]', '{"format":1,"odds":{},"demand":[],"servers":[]}']) {
    writeFileSync(home.paths.keepWarm, text)
    const agent = await home.agent('probe')
    await agent.initialize()
    expect(await agent.call('echo', { text: 'x' })).toBe('x')
    agent.kill()
    await stopDaemon(home.paths)
  }
  rmSync(dirname(home.paths.keepWarm), { recursive: true })
}, 30_000)

it('a daemon that keeps servers warm stays an hour without work, any other as long as limits.daemon_idle_ms', async () => {
  verifies('PRE-2')
  for (const [enabled, minutes] of [
    [false, 15],
    [true, 60],
  ] as const) {
    home = daemonHome()
    home.env.MYCELIUM_BENCH_CLOCK = join(home.dir, 'clock')
    writeFileSync(home.env.MYCELIUM_BENCH_CLOCK, '0')
    home.define({ name: 'probe', mode: 'shared' })
    writeFileSync(home.paths.settings, JSON.stringify({ 'prewarm.enabled': enabled }))
    const { pid } = await home.status()
    const pass = async (ms: number) => {
      const before = Date.now()
      const { at } = await home.ask<{ at: number }>('advance', { ms })
      expect(at - before).toBeGreaterThanOrEqual(ms)
    }
    await pass((minutes - 1) * 60_000)
    expect((await home.status()).pid).toBe(pid)
    // It goes while it is asked, or just after.
    await home.ask('advance', { ms: 2 * 60_000 }).catch(() => {})
    await until('it has ended', async () => (await home.status()).pid !== pid)
    if (!enabled) await home.close()
  }
}, 40_000)
