import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { Enforcement } from '../../src/core/daemon/wire-envelopes.ts'
import { type DaemonHome, daemonHome, SERVERS, until } from '../fixtures/daemon-home.ts'
import { keepLimits } from '../fixtures/kept-limits.ts'
import { verifies } from '../requirements.ts'

let home: DaemonHome
afterEach(() => home?.close())

const LEAKY = [process.execPath, join(SERVERS, 'leaky.mjs')]
const enforcement = () => home.ask<Enforcement>('enforcement')
const logged = (event: string) =>
  readFileSync(join(home.paths.log, 'daemon.log'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter((one) => one.event === event)

function begin(limit: { softMb: number; hardMb: number }): void {
  home = daemonHome()
  home.define({ name: 'leaky', argv: LEAKY, mode: 'shared' })
  keepLimits(home.paths, { leaky: limit })
  writeFileSync(
    home.paths.settings,
    JSON.stringify({ 'envelope.enabled': true, 'envelope.lend': false, 'envelope.mechanism': 'polling' }),
  )
}

describe('a server above its soft limit', () => {
  it('is replaced once it is at rest, without its session noticing, and gets no more processes', async () => {
    verifies('ENV-1')
    begin({ softMb: 80, hardMb: 400 })
    const agent = await home.agent('leaky')
    await agent.initialize()
    const before = await agent.call('pid')
    await agent.call('hold', { mb: 100 })
    await until('it weighs', async () => ((await enforcement()).servers[0]?.processes[0]?.memoryMb ?? 0) > 80)
    const [warmed] = await home.ask<{ state: string; detail: string }[]>('warm', {
      targets: [{ id: 'leaky', argv: LEAKY, env: home.env, cwd: home.dir }],
    })
    expect(warmed).toMatchObject({
      state: 'failed',
      detail: expect.stringMatching(/over its soft limit of 80 MB$/),
    })
    await until('it was replaced', () => logged('memory-renewed').length > 0, 20_000)
    expect(await agent.call('echo', { text: 'x' })).toBe('x')
    expect(await agent.call('pid')).not.toBe(before)
    expect(logged('memory-renewed')[0].because).toMatch(/^\d+ MB is over its soft limit of 80 MB$/)
  }, 40_000)
})

describe('a server that leaks in each call', () => {
  it('trips no breaker: its user has it back each time, a little later', async () => {
    verifies('ENV-1', 'POOL-2')
    begin({ softMb: 80, hardMb: 100 })
    const agent = await home.agent('leaky')
    await agent.initialize()
    for (let round = 0; round < 6; round++)
      expect(await agent.call('leak', { mbPerStep: 60, stepMs: 20 })).toContain('out-of-memory')
    expect(await agent.call('echo', { text: 'still' })).toBe('still')
  }, 40_000)
})
