import { expect, it } from 'vitest'
import { compress } from '../../src/core/compress/compress.ts'
import type { Judge, JudgeOptions } from '../../src/core/compress/verdict-type.ts'
import { judgedAgain } from '../../src/core/shorten/noted.ts'
import { verifies } from '../requirements.ts'

const count = (text: string) => Math.ceil(text.length / 4)

it('a text that another version shortened is judged by the lines that are gone from it, like any other', async () => {
  verifies('VALID-1')
  const passed = Array.from({ length: 40 }, (_, i) => `✓ case ${i} of the pool holds what it promised`)
  const original = [...passed, '✗ one fails'].join('\n')
  const asked: JudgeOptions[] = []
  const judge: Judge = async (_, __, options = {}) => {
    asked.push(options)
    const coverage = { mean: 1, p5: 1, min: 1 }
    return { pass: true, tier: 'none', similarity: 1, coverage, lost: [], facts: { kept: 0, lost: 0 } }
  }
  const done = await compress(original, { count, judge, keep: () => 'my:0123456789', target: 20 })
  expect(done.gone).toEqual([{ from: 1, to: 40 }])
  await judgedAgain(original, { ...done, content: `${done.content}.` }, { count, judge })
  expect(asked.at(-1)).toEqual({ leftOut: done.leftOut, gone: done.gone })
})
