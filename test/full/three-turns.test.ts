import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { builtCli } from '../fixtures/built-cli.ts'
import { verifies } from '../requirements.ts'

interface Found {
  readonly rows: readonly Readonly<Record<string, number>>[]
  readonly saved: number
  readonly validation: {
    readonly pass: boolean
    readonly losses: readonly unknown[]
    readonly results: number
    readonly judged: number
    readonly savings: { readonly tokens: { readonly kept: number } }
  }
}

it('three turns with real servers come to fewer tokens with shortening and differences on, and nothing is lost', () => {
  verifies('VALID-2', 'SAVE-1', 'DIFF-1', 'ALLOC-1')
  builtCli()
  const script = fileURLToPath(new URL('../../docs/examples/three-turns.mjs', import.meta.url))
  const env = { PATH: process.env.PATH }
  const { rows, saved, validation } = JSON.parse(
    execFileSync(process.execPath, [script, '--json'], { encoding: 'utf8', env }),
  ) as Found
  const [analysed, followed, generated] = rows
  expect(rows).toHaveLength(3)
  for (const { tokens, offTokens } of rows) expect(tokens).toBeLessThan(offTokens!)
  expect(analysed).toMatchObject({ unchanged: 0, patches: 0 })
  expect(followed).toMatchObject({ unchanged: 1, patches: 1 })
  expect(generated).toMatchObject({ patches: 1 })
  expect(rows.reduce((sum, { granted }) => sum + granted!, 0)).toBeLessThanOrEqual(30_000)
  expect(saved).toBeGreaterThan(0.5)
  expect(validation).toMatchObject({ pass: true, losses: [] })
  expect(validation.judged).toBe(validation.results)
  // By the daemon's own count, which is by the same table.
  expect(validation.savings.tokens.kept).toBeCloseTo(generated!.offContext! - generated!.onContext!, -2)
})
