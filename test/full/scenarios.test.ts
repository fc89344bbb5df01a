import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { analyzerFor } from '../../src/core/budget/parsers.ts'
import { originalsIn } from '../../src/core/originals/store.ts'
import { loadCounter } from '../../src/core/tokens/count.ts'
import { judgeBy } from '../../src/core/verdict/judge-by.ts'
import { openTier } from '../../src/core/verdict/model/tier.ts'
import { checkScenario } from '../fixtures/check-scenario.ts'
import { scenariosOf } from '../fixtures/scenarios.ts'
import { verifies } from '../requirements.ts'

const SEEDS = Array.from({ length: 36 }, (_, i) => i + 5)
const dir = mkdtempSync(join(tmpdir(), 'my-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))
const bench = {
  count: await loadCounter(),
  judge: judgeBy(await openTier({ models: join(dir, 'models') })),
  originals: originalsIn(join(dir, 'originals'), { maxBytes: 1 << 26, maxAgeMs: 1e9 }, () => 0),
  parse: async (path: string, text: string) => (await analyzerFor(path))?.parse(path, text),
  each: 1,
}

describe('shortening and its gate together', () => {
  const sums = { scenarios: 0, flips: 0, before: 0, after: 0 }

  it.each(SEEDS)(
    'seed %i: facts are in sight or one expand away, and no planted flip passes',
    async (seed) => {
      verifies('VALID-3', 'COMP-1', 'VALID-1')
      const wrong: string[] = []
      for (const scenario of scenariosOf(seed)) {
        const { done, problems, flips } = await checkScenario(scenario, bench, seed)
        wrong.push(...problems.map((problem) => `${scenario.name}: ${problem}`))
        sums.scenarios++
        sums.flips += flips
        sums.before += done.tokensBefore
        sums.after += done.tokensAfter
      }
      expect(wrong).toEqual([])
    },
  )

  it('takes more than 40 % of the tokens of 1,000 scenarios, in which thousands of flips were caught', () => {
    verifies('VALID-3', 'COMP-1')
    expect(sums.scenarios).toBeGreaterThanOrEqual(1_000)
    expect(sums.flips).toBeGreaterThan(8_000)
    expect(sums.after / sums.before).toBeLessThan(0.6)
  })
})
