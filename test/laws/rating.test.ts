import fc from 'fast-check'
import { expect, it } from 'vitest'
import { seededRandom } from '../../src/core/bench/statistics.ts'
import { agreementOf, type Rating } from '../../src/core/rating/agreement.ts'
import { blinded, pairsOf } from '../../src/core/rating/pairs.ts'
import { planted } from '../../src/core/rating/plant.ts'
import { verifies } from '../requirements.ts'

const rating = (person: boolean, gate: boolean, kind: string | null = null): Rating => ({
  ...{ id: '', at: 0, handle: '', planted: kind, person, gate, tier: 'native' },
})
const of = (counts: readonly (readonly [boolean, boolean, number])[]) =>
  counts.flatMap(([person, gate, n]) => Array.from({ length: n }, () => rating(person, gate)))

it('kappa is agreement beyond chance', () => {
  verifies('VALID-2')
  // 20 and 15 of 50 alike, 5 and 10 not: 0.7 observed, 0.5 by chance.
  const { share, kappa } = agreementOf(
    of([
      [true, true, 20],
      [true, false, 5],
      [false, true, 10],
      [false, false, 15],
    ]),
  )
  expect(share).toBeCloseTo(0.7, 12)
  expect(kappa).toBeCloseTo(0.4, 12)
  expect(
    agreementOf(
      of([
        [true, true, 9],
        [false, false, 1],
      ]),
    ).kappa,
  ).toBe(1)
  expect(
    agreementOf(
      of([
        [true, true, 9],
        [true, false, 1],
      ]),
    ),
  ).toMatchObject({ share: 0.9, kappa: null })
  expect(agreementOf([])).toMatchObject({ n: 0, share: null, kappa: null })
})

it('who saw what was turned round is counted apart', () => {
  verifies('VALID-2')
  const ratings = [rating(true, true), rating(true, false, 'number'), rating(false, false, 'duty')]
  expect(agreementOf(ratings).planted).toEqual({ n: 2, seenByPerson: 1, seenByGate: 2 })
})

it('one statement is turned round, the same one each time, and never in the head', () => {
  verifies('VALID-2', 'VALID-3')
  const line = fc.constantFrom('it took 12 ms', 'you must not stop it', 'plain words', '[… 3-9: 4 lines]', '')
  fc.assert(
    fc.property(fc.array(line, { maxLength: 20 }), fc.nat(), (lines, seed) => {
      const text = ['[shortened 5. Original: my:0123456789]', ...lines].join('\n')
      const flip = planted(text, seed)
      expect(planted(text, seed)).toEqual(flip)
      if (flip === undefined) {
        expect(lines.some((one) => /took|must/.test(one))).toBe(false)
        return
      }
      const after = flip.text.split('\n')
      const changed = text.split('\n').flatMap((one, i) => (one === after[i] ? [] : [i + 1]))
      expect(changed).toEqual([flip.line])
      expect(flip.line).toBeGreaterThan(1)
      expect(text.split('\n')[flip.line - 1]).not.toMatch(/^\[/)
    }),
  )
})

it('one pair of each text is shown, and either may be', () => {
  verifies('VALID-2')
  const texts = ['a', 'b', 'c'].map((handle) => ({
    handle,
    original: 'o',
    content: `head ${handle}\nit took 12 ms`,
  }))
  const pairs = pairsOf(texts)
  expect(pairs).toHaveLength(6)
  const kinds = new Set<string | null>()
  for (let seed = 0; seed < 20; seed++) {
    const shown = blinded(pairs, seededRandom(seed))
    expect(shown.map(({ handle }) => handle).sort()).toEqual(['a', 'b', 'c'])
    for (const { planted: kind } of shown) kinds.add(kind)
  }
  expect(kinds).toEqual(new Set([null, 'number']))
})
