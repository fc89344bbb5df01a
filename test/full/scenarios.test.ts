import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { benchIn, checkSeed, type Sums } from '../fixtures/scenario-bench.ts'
import { verifies } from '../requirements.ts'

const SEEDS = Array.from({ length: 44 }, (_, i) => i + 5)
const dir = mkdtempSync(join(tmpdir(), 'my-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))
const bench = await benchIn(dir, 1)

describe('shortening and its gate together', () => {
  const sums: Sums = { scenarios: 0, flips: 0, before: 0, after: 0 }

  it.each(SEEDS)(
    'seed %i: facts are in sight or one expand away, and no planted flip passes',
    async (seed) => {
      verifies('VALID-3', 'COMP-1', 'VALID-1')
      expect(await checkSeed(seed, bench, sums)).toEqual([])
    },
  )

  it('takes more than 40 % of the tokens of 1,000 scenarios, in which thousands of flips were caught', () => {
    verifies('VALID-3', 'COMP-1')
    expect(sums.scenarios).toBeGreaterThanOrEqual(1_000)
    expect(sums.flips).toBeGreaterThan(10_000)
    expect(sums.after / sums.before).toBeLessThan(0.6)
  })
})
