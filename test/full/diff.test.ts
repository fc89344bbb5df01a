import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { apply } from '../../src/core/diff/apply.ts'
import { delta } from '../../src/core/diff/delta.ts'
import { diff } from '../../src/core/diff/diff.ts'
import { encode } from '../../src/core/diff/encode.ts'
import { parse } from '../../src/core/diff/parse.ts'
import { anyText, editedText } from '../fixtures/text-edits.ts'
import { verifies } from '../requirements.ts'

const CASES = 100_000

describe('a diff', () => {
  it(`is exact in ${CASES} cases, with as much work as there is and with little`, () => {
    verifies('DIFF-1')
    const pair = fc.oneof(
      { weight: 4, arbitrary: editedText },
      { weight: 1, arbitrary: fc.tuple(anyText, anyText) },
    )
    const work = fc.oneof(fc.constant(2_000_000), fc.nat(400))
    fc.assert(
      fc.property(pair, work, ([base, next], most) => {
        const patch = diff(base, next, { work: most })
        if (apply(base, patch) !== next) throw new Error('it made another text')
        const written = parse(Buffer.from(encode(patch)).toString())
        if (written.kind !== 'patch' || apply(base, written.patch) !== next)
          throw new Error('written, it made another text')
        const { text } = delta(base, next, { work: most })
        // A head, and what two hashes of nothing take.
        if (text.length > next.length + 64) throw new Error('it is longer than the text')
      }),
      { numRuns: CASES },
    )
    expect(CASES).toBe(100_000)
  }, 600_000)

  it.each<[string, string, string]>([
    ['lines of three kinds', letters(40_000, 3, '\n', 1), letters(40_000, 3, '\n', 2)],
    ['one line of words', letters(200_000, 9, '', 3), letters(200_000, 9, '', 4)],
    ['the same line over and over', 'x\n'.repeat(60_000), 'x\n'.repeat(50_000)],
    ['nothing in common', letters(30_000, 26, 'a\n', 5), letters(30_000, 26, 'b\n', 6)],
    ['all lines in the other order', numbers(30_000).join(''), numbers(30_000).reverse().join('')],
  ])(
    'of %s is exact, and bounded',
    (_, base, next) => {
      verifies('DIFF-1')
      expect(apply(base, diff(base, next)) === next).toBe(true)
    },
    60_000,
  )
})

function numbers(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${i}\n`)
}

/** The same letters each time: a linear congruential generator. */
function letters(count: number, kinds: number, between: string, seed: number): string {
  let state = seed
  const one = () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    const which = (state >> 8) % kinds
    return which === 8 ? ' ' : String.fromCharCode(97 + which)
  }
  return Array.from({ length: count }, () => one() + between).join('')
}
