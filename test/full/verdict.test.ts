import { expect, it } from 'vitest'
import { factLedger } from '../../src/core/verdict/facts/ledger.ts'
import { encoded, MARKER, shortened } from '../fixtures/verdict-cases.ts'
import { ENCODINGS } from '../fixtures/verdict-encodings.ts'
import { FLIP_KINDS, plant } from '../fixtures/verdict-flips.ts'
import { PAYLOAD_KINDS, payload } from '../fixtures/verdict-payloads.ts'
import { verifies } from '../requirements.ts'

const CASES = 50_000
const NOTATIONS = Object.keys(ENCODINGS)

it(`the ledger catches ${CASES} planted flips of every kind, and calls no other notation a loss`, () => {
  verifies('VALID-1', 'VALID-3')
  const missed: string[] = []
  const alarms: string[] = []
  let cases = 0
  for (let i = 0; cases < CASES; i++) {
    const seed = ((i + 1) * 2_654_435_761) >>> 0
    const kind = PAYLOAD_KINDS[i % PAYLOAD_KINDS.length]!
    const flip = FLIP_KINDS[Math.floor(i / PAYLOAD_KINDS.length) % FLIP_KINDS.length]!
    const notation = NOTATIONS[i % NOTATIONS.length]!
    const size = 4 + (seed % 10)
    const original = payload(kind, size, seed)
    const flipped = plant(original, flip, seed)?.text
    const pairs = [
      flipped === undefined ? undefined : { original, compressed: flipped + (i % 2 === 0 ? MARKER : '') },
      encoded(kind, size, seed, notation, flip),
      shortened(kind, size, seed, flip),
    ]
    for (const [what, pair] of pairs.entries()) {
      if (pair === undefined) continue
      cases++
      if (factLedger(pair.original, pair.compressed).lost.length === 0)
        missed.push([what, kind, flip, notation, seed, size].join(' '))
    }
    for (const pair of [encoded(kind, size, seed, notation), shortened(kind, size, seed)])
      if (pair !== undefined && factLedger(pair.original, pair.compressed).lost.length > 0)
        alarms.push([kind, notation, seed, size].join(' '))
  }
  expect(missed).toEqual([])
  expect(alarms).toEqual([])
})
