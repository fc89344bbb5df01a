import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cliHome } from '../fixtures/cli-home.ts'
import { verifies } from '../requirements.ts'

const home = cliHome()
const usage = (...args: string[]) => home.run('usage', ...args)

describe('mycelium usage where nothing was recorded and no agent left a transcript', () => {
  const SAYS: readonly (readonly [args: string[], text: RegExp])[] = [
    [['import'], /^0 files read \(0\.0 MB\), 0 unchanged: 0 answers, 0 tool uses\n$/],
    [['report'], /^nothing was recorded yet: /],
    [['report', '--by', 'model'], /^nothing was recorded yet: /],
    [['sessions'], /^nothing was recorded yet: /],
    [['tools'], /^nothing was recorded yet: /],
    [['prune'], /^nothing was recorded yet, so nothing was removed\n$/],
    [['prune', '--all', '--yes'], /^nothing was recorded yet, so nothing was removed\n$/],
    [['export', '--csv', 'out'], /^nothing was recorded yet, so nothing was written\n$/],
  ]
  it.each(SAYS)('%j says so and ends well', async (args, text) => {
    verifies('USE-3')
    const { code, stdout, stderr } = await usage(...args)
    expect(stderr).toBe('')
    expect(stdout).toMatch(text)
    expect(code).toBe(0)
    expect(existsSync(join(home.dir, '.mycelium/usage.duckdb'))).toBe(false)
    if (existsSync(join(home.dir, 'out'))) expect(readdirSync(join(home.dir, 'out'))).toEqual([])
  })

  const SHAPES: readonly (readonly [args: string[], shape: object])[] = [
    [['import'], { files: 0, unchanged: 0, responses: 0, failed: [], unpriced: [] }],
    [['report'], { by: 'day', rows: [], unpriced: [] }],
    [['sessions'], { by: 'session', rows: [], unpriced: [] }],
    [['tools'], { schemas: [], results: [] }],
    [['prune', '--yes'], { removed: {} }],
    [['export', '--parquet', 'out'], { files: [] }],
  ]
  it.each(SHAPES)('%j --json has the shape that it always has', async (args, shape) => {
    verifies('USE-3')
    const { code, stdout, stderr } = await usage(...args, '--json')
    expect([code, stderr]).toEqual([0, ''])
    expect(JSON.parse(stdout)).toMatchObject(shape)
  })
})
