import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { cliHome } from '../fixtures/cli-home.ts'
import { commitAll, gitEnv, layFiles } from '../fixtures/scored-repository.ts'
import { verifies } from '../requirements.ts'

// A real run over a history in which three files of thirty are edited in turns, so that a ranking by history must find them.

const home = cliHome({ cwd: 'repo', env: { COLUMNS: '80' }, per: 'file' })
const evaluate = (...args: string[]) => home.run('score', 'evaluate', ...args)

beforeAll(() => {
  const repo = join(home.dir, 'repo')
  const text = (name: string, of: number) => `def ${name}(x):\n    return x + ${of}\n`.repeat(10)
  const files = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`m${i}.py`, text('f', i)]))
  layFiles(repo, files)
  commitAll(repo, home.dir)
  for (let i = 0; i < 60; i++) {
    layFiles(repo, { [`m${10 + (i % 3)}.py`]: text('g', i) })
    execFileSync('git', ['commit', '-qam', `change ${i}`], { cwd: repo, env: gitEnv(home.dir) })
  }
})

describe('mycelium score evaluate', () => {
  it('replays commits beside simple rankings, with intervals, the same each time', async () => {
    verifies('SCORE-2')
    const run = await evaluate('--json')
    expect({ code: run.code, stderr: run.stderr }).toEqual({ code: 0, stderr: '' })
    const told = JSON.parse(run.stdout)
    expect(told).toMatchObject({ commits: 13, files: 30, budgets: [0.1, 0.25, 0.5] })
    expect(Object.keys(told.recall)).toEqual(
      expect.arrayContaining(['importance', 'smallFirst', 'largeFirst', 'complexity', 'recency', 'message']),
    )
    expect(told.recall.importance[1]).toBe(1)
    expect(told.recall.random[1]).toBeLessThan(0.7)
    const { value, low, high } = told.gain.random[1]
    expect(low).toBeLessThanOrEqual(value)
    expect(high).toBeGreaterThanOrEqual(value)
    expect((await evaluate('--json')).stdout).toBe(run.stdout)
  })

  it('is two tables for people, each whole in a narrow terminal', async () => {
    const { stdout } = await evaluate()
    expect(stdout).toMatch(/^mycelium score {2,}100\.0 %/m)
    expect(stdout).toMatch(/^size, small first {2,}\d+ \[/m)
    expect(stdout).not.toContain('…')
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
  })
})
