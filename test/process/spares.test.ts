import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { seededRandom } from '../../src/core/bench/statistics.ts'
import { Keeper } from '../../src/core/policy/idle/keeper.ts'
import { type DaemonHome, daemonHome, until } from '../fixtures/daemon-home.ts'
import type { RawAgent } from '../fixtures/raw-agent.ts'
import { verifies } from '../requirements.ts'

let home: DaemonHome
afterEach(() => home.close())

const MINUTE_MS = 60_000

/** A home whose time can be put forward, with one server that each session has to itself. */
function begin(settings: Record<string, unknown> = {}): void {
  home = daemonHome()
  home.env.MYCELIUM_BENCH_CLOCK = join(home.dir, 'clock')
  writeFileSync(home.env.MYCELIUM_BENCH_CLOCK, '0')
  writeFileSync(home.paths.settings, JSON.stringify(settings))
  home.define({ name: 'own' })
}

async function agent(): Promise<RawAgent> {
  const one = await home.agent('own')
  await one.initialize()
  return one
}

async function leave(one: RawAgent, left: number): Promise<void> {
  one.socket.end()
  await until('the session is over', async () => (await home.status()).sessions === left)
}

const pass = (minutes: number) => home.ask('advance', { ms: minutes * MINUTE_MS })

const processes = async () => (await home.servers())[0]!.processes

it('a spare is there for three minutes after a session came, and again after it left', async () => {
  verifies('POOL-1')
  begin()
  const one = await agent()
  await pass(2)
  expect(await processes()).toBe(2)
  await pass(2)
  // Its session goes on, and nobody came meanwhile.
  expect(await processes()).toBe(1)
  await one.call('echo', { text: 'x' })
  await pass(1)
  expect(await processes()).toBe(1)
  await leave(one, 0)
  await pass(2)
  expect(await processes()).toBe(1)
  await pass(2)
  expect(await processes()).toBe(0)
}, 30_000)

it('where each session has a process, there is at most one more of each server, and none three minutes after the last', async () => {
  verifies('POOL-1')
  begin()
  let [held, direct] = [0, 0]
  const open: RawAgent[] = []
  // +1: a session comes, -1: the oldest leaves, 0: half a minute passes.
  const deeds = [1, 0, 1, 1, 0, -1, 0, 0, 0, 0, 0, 0, 0, 0, 1, -1, 0, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0, 0]
  for (const deed of deeds) {
    if (deed === 1) open.push(await agent())
    else if (deed === -1) await leave(open.shift()!, open.length)
    else {
      await pass(0.5)
      const now = await processes()
      expect(now).toBeLessThanOrEqual(open.length + 1)
      held += now
      direct += open.length
    }
  }
  expect(await processes()).toBe(0)
  // Half minutes: of those that one more was there for, six follow each of the three times that somebody came or left.
  expect(held - direct).toBeLessThanOrEqual(3 * 6)
}, 30_000)

/** What a daemon would have learnt of a server whose sessions come so many minutes apart, the last just now, beside one whose come as they like. */
function learnt(everyMinutes: number): void {
  const keeper = new Keeper()
  const now = Math.floor(Date.now() / MINUTE_MS)
  const random = seededRandom(7)
  const costs = { coldMs: 500, memoryMb: 50 }
  for (let slot = now - 3_000; slot <= now; slot++)
    keeper.pass(
      slot,
      new Set([...((now - slot) % everyMinutes === 0 ? ['own'] : []), ...(random() < 0.1 ? ['other'] : [])]),
      () => costs,
      () => 3,
      new Set(),
    )
  mkdirSync(dirname(home.paths.keepWarm), { recursive: true })
  writeFileSync(home.paths.keepWarm, JSON.stringify(keeper.data()))
}

it('with prewarm.enabled a spare is there for as long as was learnt, which may be longer or not at all', async () => {
  verifies('PRE-2')
  begin({ 'prewarm.enabled': true })
  learnt(1)
  const one = await agent()
  await pass(1)
  // Sessions come every minute.
  expect(await processes()).toBe(2)
  await leave(one, 0)
  await home.close()
  begin({ 'prewarm.enabled': true })
  learnt(60)
  await agent()
  await pass(1.5)
  // The next is due in an hour.
  expect(await processes()).toBe(1)
}, 30_000)
