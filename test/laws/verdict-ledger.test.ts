import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { factLedger } from '../../src/core/verdict/facts/ledger.ts'
import { encoded, MARKER, shortened } from '../fixtures/verdict-cases.ts'
import { ENCODINGS } from '../fixtures/verdict-encodings.ts'
import { FLIP_KINDS, plant } from '../fixtures/verdict-flips.ts'
import { PAYLOAD_KINDS, payload } from '../fixtures/verdict-payloads.ts'
import { verifies } from '../requirements.ts'

const kind = fc.constantFrom(...PAYLOAD_KINDS)
const flip = fc.constantFrom(...FLIP_KINDS)
const encoding = fc.constantFrom(...Object.keys(ENCODINGS))
const seed = fc.integer({ min: 1, max: 1e9 })
const size = fc.integer({ min: 4, max: 12 })
const lost = (original: string, compressed: string) => factLedger(original, compressed).lost

describe('the ledger of facts', () => {
  it('catches every flip in a text that is otherwise as it was, with and without a handle', () => {
    verifies('VALID-1', 'VALID-3')
    fc.assert(
      fc.property(
        kind,
        flip,
        seed,
        size,
        fc.boolean(),
        (payloadKind, flipKind, at, statements, hasHandle) => {
          const original = payload(payloadKind, statements, at)
          const flipped = plant(original, flipKind, at)
          fc.pre(flipped !== undefined)
          expect(lost(original, flipped!.text + (hasHandle ? MARKER : ''))).not.toEqual([])
        },
      ),
      { numRuns: 1_000 },
    )
  })

  it('catches every flip in another notation', () => {
    verifies('VALID-1')
    fc.assert(
      fc.property(kind, flip, encoding, seed, size, (payloadKind, flipKind, notation, at, statements) => {
        const one = encoded(payloadKind, statements, at, notation, flipKind)
        fc.pre(one !== undefined)
        expect(lost(one!.original, one!.compressed)).not.toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  it('catches every flip in what is left of a text of which parts were left out', () => {
    verifies('VALID-1')
    fc.assert(
      fc.property(kind, flip, seed, size, (payloadKind, flipKind, at, statements) => {
        const one = shortened(payloadKind, statements, at, flipKind)
        fc.pre(one !== undefined)
        expect(lost(one!.original, one!.compressed)).not.toEqual([])
      }),
      { numRuns: 400 },
    )
  })

  it('calls no other notation a loss', () => {
    verifies('VALID-1')
    fc.assert(
      fc.property(kind, encoding, seed, size, (payloadKind, notation, at, statements) => {
        const one = encoded(payloadKind, statements, at, notation)
        fc.pre(one !== undefined)
        expect(lost(one!.original, one!.compressed)).toEqual([])
      }),
      { numRuns: 400 },
    )
  })

  it('calls what a handle leads to reachable, and the same without a handle lost', () => {
    verifies('VALID-1')
    fc.assert(
      fc.property(kind, seed, size, (payloadKind, at, statements) => {
        const one = shortened(payloadKind, statements, at)
        fc.pre(one !== undefined)
        const ledger = factLedger(one!.original, one!.compressed)
        expect(ledger.lost).toEqual([])
        const without = factLedger(one!.original, one!.compressed.replace(MARKER, ''))
        expect(without.lost.length).toBe(ledger.reachable.length)
      }),
      { numRuns: 200 },
    )
  })
})

describe('a loss', () => {
  it.each([
    [
      'a number',
      'Retry 3 times.\nThen stop.',
      'Retry 5 times.\nThen stop.',
      { kind: 'number', text: '3', line: 1 },
    ],
    ['a unit', 'Ready.\nIt waits 5 ms.', 'Ready.\nIt waits 5 s.', { kind: 'number', text: '5 ms', line: 2 }],
    [
      'a negation',
      'Do not delete the volume.',
      'Do delete the volume.',
      { kind: 'negation', text: 'not', line: 1 },
    ],
    [
      'a duty',
      'You must rotate the key.',
      'You may rotate the key.',
      { kind: 'modality', text: 'must', line: 1 },
    ],
    [
      'a path',
      'See\n  src/pool.ts:12',
      'See\n  src/pool.ts:13',
      { kind: 'path', text: 'src/pool.ts:12', line: 2 },
    ],
    [
      'who did it',
      'Alice gave Bob the key.',
      'Bob gave Alice the key.',
      { kind: 'role', text: 'Alice', line: 1 },
    ],
    ['a ratio', 'In all 3 of 5 failed.', 'In all 5 of 3 failed.', { kind: 'role', text: '3', line: 1 }],
    ['a joint', 'from main and then', 'from main or then', { kind: 'role', text: 'and', line: 1 }],
    ['a count', 'tick\ntick\ntick', 'tick (×4)', { kind: 'count', text: '3 × tick', line: 1 }],
  ])('of %s says what was there, and in which line', (_what, original, compressed, entry) => {
    verifies('VALID-1')
    expect(lost(original, compressed)).toContainEqual(entry)
  })

  it('is a number that went to another subject, even where a handle leads to the original', () => {
    verifies('VALID-1')
    const rows = (v: string) => `[{"n":"x","v":${v}}, "[1 of 2 rows: my:0123456789]"]`
    expect(lost('[{"n":"x","v":1},{"n":"y","v":2}]', rows('2'))).not.toEqual([])
    expect(lost('[{"n":"x","v":1},{"n":"y","v":2}]', rows('1'))).toEqual([])
  })

  it('is not a line folded with its count, nor the order of keys', () => {
    verifies('VALID-1')
    expect(lost('start\ntick\ntick\ntick\nend 5', 'start\ntick (×3)\nend 5')).toEqual([])
    expect(lost('{"b": 2, "a": 1}', '{"a":1,"b":2}')).toEqual([])
  })
})
