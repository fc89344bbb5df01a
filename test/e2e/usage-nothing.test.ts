import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { builtCli, type Ended, ended } from '../fixtures/built-cli.ts'
import { verifies } from '../requirements.ts'

let bin: string
let home: string
beforeAll(() => {
  bin = builtCli()
}, 120_000)
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'my-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

const usage = (...args: string[]): Promise<Ended> =>
  ended(process.execPath, [bin, 'usage', ...args], { HOME: home, PATH: process.env.PATH }, home)

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
    expect(existsSync(join(home, '.mycelium/usage.duckdb'))).toBe(false)
    if (existsSync(join(home, 'out'))) expect(readdirSync(join(home, 'out'))).toEqual([])
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
