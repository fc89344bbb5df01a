import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { KeepWarm, type KeepWarmServices, slotSoon } from '../../src/core/daemon/keep-warm.ts'
import { Keeper } from '../../src/core/policy/idle/keeper.ts'
import { verifies } from '../requirements.ts'

const MINUTE_MS = 60_000
const COSTS = { coldMs: 1_500, memoryMb: 80 }

it('what is due by the clock is wanted early enough to have started when its minute begins', () => {
  verifies('PRE-2')
  const dir = mkdtempSync(join(tmpdir(), 'mycelium-early-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const keeper = new Keeper()
  const periods = { hourly: 60, often: 2, rare: 700 }
  for (let slot = 0; slot < 2_399; slot++) {
    const used = Object.entries(periods).flatMap(([server, period]) => (slot % period === 0 ? [server] : []))
    keeper.pass(
      slot,
      new Set(used),
      () => COSTS,
      () => 5,
      new Set(),
    )
  }
  const keepWarm = join(dir, 'keep-warm.json')
  writeFileSync(keepWarm, JSON.stringify(keeper.data()))
  // The first minute in which it is worth it; it was used in 2,340.
  const due = Array.from({ length: 30 }, (_, i) => 2_371 + i).find(
    (slot) => keeper.wishFor('hourly', slot, COSTS)!.warm,
  )!
  expect(due).toBeGreaterThan(2_390)
  expect(due).toBeLessThanOrEqual(2_400)
  const wantedAt = (minute: number, second: number) => {
    const wallMs = minute * MINUTE_MS + second * 1_000
    const services = {
      paths: { keepWarm },
      clock: { now: () => wallMs, wall: () => wallMs, after: () => () => {} },
      settings: { get: () => true },
    }
    return new KeepWarm(services as unknown as KeepWarmServices).wishFor('hourly')?.warm
  }
  expect(wantedAt(due, 0)).toBe(true)
  expect(wantedAt(due - 1, 45)).toBe(true)
  expect(wantedAt(due - 1, 40)).toBe(false)
  expect(wantedAt(due - 2, 59)).toBe(false)
  // The longer a start takes, the earlier.
  expect(slotSoon(2_399 * MINUTE_MS + 30_000, { ...COSTS, coldMs: 14_999 })).toBe(2_399)
  expect(slotSoon(2_399 * MINUTE_MS + 30_000, { ...COSTS, coldMs: 15_000 })).toBe(2_400)
})
