import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { compress } from '../../src/core/compress/compress.ts'
import type { Judge } from '../../src/core/compress/verdict-type.ts'
import { originalsIn } from '../../src/core/originals/store.ts'
import { loadCounter } from '../../src/core/tokens/count.ts'
import { toolOutputs } from '../fixtures/tool-outputs.ts'
import { verifies } from '../requirements.ts'

const dir = mkdtempSync(join(tmpdir(), 'my-'))
const originals = originalsIn(join(dir, 'originals'), { maxBytes: 1 << 26, maxAgeMs: 1e9 }, () => 0)
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/** Passes everything: whatever a strategy leaves out is left out. */
const lenient: Judge = async () => ({
  pass: true,
  tier: 'none',
  similarity: 1,
  coverage: { mean: 1, p5: 1, min: 1 },
  lost: [],
  facts: { kept: 0, lost: 0 },
})
const count = await loadCounter()
const outputs = toolOutputs()

describe('what a real tool said', () => {
  it.each(outputs)(
    '$name: what went wrong stays in sight, any other fact is in sight or where a mark says',
    async ({ text, wrong, facts }) => {
      verifies('COMP-1', 'COMP-2')
      const done = await compress(text, { count, keep: originals.keep, judge: lenient })
      const original = done.handle === undefined ? text : originals.read(done.handle)!.toString()
      expect(original).toBe(text)
      for (const one of [...wrong, ...facts]) expect(text).toContain(one)
      for (const one of wrong) expect(done.content).toContain(one)
      const marked = done.leftOut.map((range) => originals.read(done.handle!, range)!.toString())
      // An exact form may say it in two places; it was read back.
      const isSaid = (fact: string) => fact.split(/\W+/).every((word) => done.content.includes(word))
      for (const fact of facts)
        expect(isSaid(fact) || marked.some((lines) => lines.includes(fact)), fact).toBe(true)
    },
  )

  it('takes a quarter fewer tokens in all without a judge, and half with one that passes everything', async () => {
    verifies('COMP-1')
    const sums = { before: 0, exact: 0, judged: 0 }
    for (const { text } of outputs) {
      sums.before += count(text)
      sums.exact += (await compress(text, { count, keep: originals.keep })).tokensAfter
      sums.judged += (await compress(text, { count, keep: originals.keep, judge: lenient })).tokensAfter
    }
    expect(sums.exact / sums.before).toBeLessThan(0.75)
    expect(sums.judged / sums.before).toBeLessThan(0.5)
  })
})
