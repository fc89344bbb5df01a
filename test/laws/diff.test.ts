import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { apply } from '../../src/core/diff/apply.ts'
import { diff } from '../../src/core/diff/diff.ts'
import { encode, encodeWhole } from '../../src/core/diff/encode.ts'
import { receive } from '../../src/core/diff/merge.ts'
import { parse } from '../../src/core/diff/parse.ts'
import { textHash } from '../../src/core/diff/text.ts'
import { MyceliumError } from '../../src/core/errors.ts'
import { anyText, editedText } from '../fixtures/text-edits.ts'
import { verifies } from '../requirements.ts'

const pair = fc.oneof(
  { weight: 4, arbitrary: editedText },
  { weight: 1, arbitrary: fc.tuple(anyText, anyText) },
)
const patchIn = (text: string) => {
  const written = parse(text)
  if (written.kind !== 'patch') throw new Error('not a patch')
  return written.patch
}

describe('a diff', () => {
  it('leads from any text to any other, exactly, also when written, stored as UTF-8 and read', () => {
    verifies('DIFF-1')
    fc.assert(
      fc.property(pair, ([base, next]) => {
        const patch = diff(base, next)
        expect(apply(base, patch)).toBe(next)
        const written = Buffer.from(encode(patch)).toString()
        expect(apply(base, patchIn(written))).toBe(next)
        expect(encode(patchIn(written))).toBe(written)
      }),
      { numRuns: 2_000 },
    )
  })

  it('is as exact where it runs out of work', () => {
    verifies('DIFF-1')
    fc.assert(
      fc.property(pair, fc.integer({ min: 0, max: 300 }), ([base, next], work) => {
        expect(apply(base, patchIn(encode(diff(base, next, { work }))))).toBe(next)
      }),
      { numRuns: 600 },
    )
  })

  it('is never made on another text than its own', () => {
    verifies('DIFF-1')
    fc.assert(
      fc.property(pair, anyText, ([base, next], other) => {
        fc.pre(other !== base)
        expect(() => apply(other, diff(base, next))).toThrow(
          expect.objectContaining({ code: 'diff_base_wrong' }),
        )
      }),
      { numRuns: 300 },
    )
  })

  it('that is damaged is refused, or still says the same', () => {
    verifies('DIFF-1')
    const damage = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      take: fc.integer({ min: 0, max: 3 }),
      put: fc.oneof(
        fc.string({ maxLength: 2 }),
        fc.constantFrom('\n', '-', '+', '0', '1', '>1-1\n', '@@ -1 +1 @@\n', '.1\n'),
      ),
    })
    fc.assert(
      fc.property(pair, damage, ([base, next], { at, take, put }) => {
        const text = encode(diff(base, next))
        const place = Math.floor(at * text.length)
        const bad = text.slice(0, place) + put + text.slice(place + take)
        fc.pre(bad !== text)
        try {
          const written = parse(bad)
          expect(written.kind === 'whole' ? written.text : apply(base, written.patch)).toBe(next)
        } catch (error) {
          if (!(error instanceof MyceliumError)) throw error
          expect(['diff_invalid', 'diff_base_wrong']).toContain(error.code)
        }
      }),
      { numRuns: 600 },
    )
  })

  it('gives a receiver the next text and no other, from whatever it holds', () => {
    verifies('DIFF-1')
    fc.assert(
      fc.property(pair, fc.array(anyText, { maxLength: 2 }), fc.nat(3), ([base, next], others, which) => {
        const patch = diff(base, next)
        const held = which === 0 ? [...others, base] : which === 1 ? [...others, next] : others
        const got = receive(held, patch)
        if (got.kind === 'text') expect(got.text).toBe(next)
        else expect(held.includes(base) || held.includes(next)).toBe(false)
      }),
      { numRuns: 300 },
    )
  })
})

describe('hashes', () => {
  it('tell halves of pairs from what UTF-8 makes of them', () => {
    expect(textHash('\ud800')).not.toBe(textHash('\ufffd'))
    expect(textHash('\ud800')).not.toBe(textHash('\ud801'))
    expect(textHash('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  })
})

describe('a whole text in the place of a patch', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const { next } = diff('', text)
        expect(parse(encodeWhole(text, next))).toEqual({
          kind: 'whole',
          next: { ...next, hash: next.hash.slice(0, 16) },
          text,
        })
      }),
      { numRuns: 100 },
    )
  })
})
