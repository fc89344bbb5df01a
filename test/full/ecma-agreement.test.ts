import { expect, it } from 'vitest'
import { loadOxc } from '../../src/core/score/ecma/oxc.ts'
import { agreementOn } from '../fixtures/complexity-agreement.ts'
import { publishedSources } from '../fixtures/published-sources.ts'
import { verifies } from '../requirements.ts'

it('published packages score as ESLint and SonarJS score them, but for what a known rule explains', async () => {
  verifies('SCORE-1')
  const oxc = await loadOxc()
  const agreements = publishedSources().flatMap((source) => agreementOn(oxc, source) ?? [])
  const cyclomatic = agreements.flatMap((one) => one.cyclomatic)
  const cognitive = agreements.flatMap((one) => one.cognitive)
  const paths = agreements.reduce((sum, one) => sum + one.paths, 0)
  const functions = agreements.reduce((sum, one) => sum + one.functions, 0)
  const rules = [...new Set(cognitive.map(({ rule }) => rule))].map(
    (rule) => `${rule}: ${cognitive.filter((one) => one.rule === rule).length}`,
  )
  console.log(
    `${agreements.length} files; cyclomatic: ${paths} code paths, ${cyclomatic.length} differ; ` +
      `cognitive: ${functions} functions, ${cognitive.length} differ (${rules.join(', ')})`,
  )
  expect(agreements.length).toBeGreaterThan(2000)
  expect(functions).toBeGreaterThan(10_000)
  expect(cyclomatic).toEqual([])
  expect(cognitive.filter(({ rule }) => rule === 'unexplained')).toEqual([])
  expect(cognitive.length / functions).toBeLessThan(0.005)
})
