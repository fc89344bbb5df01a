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
      () => 5,
      new Set(),
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

/** What a daemon would have learnt of a server that is used every hour and at no other time: memory is cheap then. */
function learntHourly(): object {
  const keeper = new Keeper()
  const now = Math.floor(Date.now() / 60_000)
  const costs = { coldMs: 500, memoryMb: 50 }
  for (let slot = now - 6_000; slot <= now; slot++)
    keeper.pass(
      slot,
      new Set((now - slot) % 60 === 0 ? ['probe', 'other'] : []),
      () => costs,
      () => 3,
      new Set(),
    )
  return keeper.data()
}

/** A daemon whose time can be put forward and whose one session is over. */
async function worked(enabled: boolean, hasLearnt: boolean): Promise<number> {
  home = daemonHome()
  home.env.MYCELIUM_BENCH_CLOCK = join(home.dir, 'clock')
  writeFileSync(home.env.MYCELIUM_BENCH_CLOCK, '0')
  home.define({ name: 'probe', mode: 'shared' })
  settings(enabled)
  if (hasLearnt) {
    mkdirSync(dirname(home.paths.keepWarm), { recursive: true })
    writeFileSync(home.paths.keepWarm, JSON.stringify(learntHourly()))
  }
  const agent = await home.agent('probe')
  await agent.initialize()
  agent.socket.end()
  await until('the session is over', async () => (await home.status()).sessions === 0)
  return (await home.status()).pid
}

async function pass(minutes: number): Promise<void> {
  const before = Date.now()
  const { at } = await home.ask<{ at: number }>('advance', { ms: minutes * 60_000 })
  expect(at - before).toBeGreaterThanOrEqual(minutes * 60_000)
}

it('a daemon that has nothing to start ahead stays without work as long as limits.daemon_idle_ms', async () => {
  verifies('PRE-2')
  for (const [enabled, hasLearnt] of [
    [false, true],
    [true, false],
  ] as const) {
    const pid = await worked(enabled, hasLearnt)
    await pass(14)
    expect((await home.status()).pid).toBe(pid)
    // It goes while it is asked, or just after.
    await home.ask('advance', { ms: 3 * 60_000 }).catch(() => {})
    await until('it has ended', async () => (await home.status()).pid !== pid)
    if (!enabled) await home.close()
  }
}, 40_000)

it('a daemon stays longer without work where it is worth starting a server ahead within the hour', async () => {
  verifies('PRE-2')
  const pid = await worked(true, true)
  await pass(50)
  expect(await home.status()).toMatchObject({ pid, upstreams: 0 })
}, 40_000)
