import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { readHistory } from '../../src/core/score/history/read.ts'
import { evaluate } from '../../src/core/score/importance/evaluate.ts'
import { type Analyse, replay } from '../../src/core/score/importance/replay.ts'
import { verifies } from '../requirements.ts'

let dir = ''
const env = { PATH: process.env.PATH, HOME: '/nonexistent' }
const place = () => ({ cwd: dir, env, clock: systemClock })

/** 100 commits over 40 files: a few files at a time are worked on for ten commits each; commit 85 moves a file, commit 90 creates one. */
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'my-eval-'))
  const blob = (text: string): string => `data ${Buffer.byteLength(text)}\n${text}\n`
  const text = (n: number, i: number): string => `file ${n} as of ${i}\n`.repeat(3 + (n % 9))
  let stream = ''
  for (let i = 0; i < 100; i += 1) {
    stream += `commit refs/heads/main\nauthor a <a@x> ${1_700_000_000 + i * 100} +0000\ncommitter a <a@x> ${1_700_000_000 + i * 100} +0000\n${blob(`work on f${Math.floor(i / 10)}`)}`
    const touched =
      i === 0 ? Array.from({ length: 20 }, (_, n) => n) : [Math.floor(i / 10), 10 + Math.floor(i / 10)]
    if (i === 85) stream += 'R d0/f0.x d1/moved.x\n'
    else if (i === 90) stream += `M 100644 inline d1/fresh.x\n${blob('fresh')}`
    else for (const n of touched) stream += `M 100644 inline d${n % 2}/f${n}.x\n${blob(text(n, i))}`
  }
  execFileSync('git', ['init', '-q', '-b', 'main'], { cwd: dir, env })
  execFileSync('git', ['fast-import', '--quiet'], { cwd: dir, env, input: stream })
})
afterAll(() => rmSync(dir, { recursive: true }))

const analyse: Analyse = (_, content) => ({
  language: 'text',
  nature: 'source',
  tokens: content.length,
  cyclomatic: 0,
  cognitive: 0,
  imports: [],
  exports: [],
})

it('a replay shows each tree as it was before the commit, under names that files have at the end', async () => {
  verifies('SCORE-2')
  const history = await readHistory(place())
  const seen = new Map<number, { paths: readonly string[]; keys: readonly string[]; told: number }>()
  for await (const { index, tree, past } of replay(place(), history, { from: 80, analyse }))
    seen.set(index, {
      paths: tree.files.map(({ path }) => path),
      keys: tree.files.map(({ key, path }) => key ?? path),
      told: past.length,
    })
  expect([...seen.keys()]).toEqual(Array.from({ length: 20 }, (_, n) => 80 + n))
  for (const [index, { told }] of seen) expect(told).toBe(index)
  expect(seen.get(85)!.paths).toContain('d0/f0.x')
  expect(seen.get(85)!.keys).toContain('d1/moved.x')
  expect(seen.get(86)!.paths).toContain('d1/moved.x')
  expect(seen.get(90)!.paths).not.toContain('d1/fresh.x')
  expect(seen.get(91)!.paths).toContain('d1/fresh.x')
})

it('an evaluation judges the newest fifth, leaves out what a commit creates, and is the same each time', async () => {
  const found = await evaluate(place(), { analyse })
  // Of commits 80 … 99 one only creates a file.
  expect(found.commits).toBe(19)
  expect(found.files).toBe(21)
  for (const recall of Object.values(found.recall)) expect(recall).toEqual([...recall].sort((a, b) => a - b))
  expect(found.recall.importance[1]).toBeGreaterThan(found.recall.random[1]!)
  expect(found.gain.random[1]!.low).toBeGreaterThan(0)
  expect(await evaluate(place(), { analyse })).toEqual(found)
})

it('an evaluation of no history judges nothing and says why', async () => {
  const found = await evaluate({ ...place(), cwd: tmpdir() }, { analyse })
  expect(found).toMatchObject({ commits: 0, gap: { why: 'no_repository' } })
})
