import { readFileSync } from 'node:fs'
import * as claude from 'ai-tokenizer/encoding/claude'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { type CountTokens, loadCounter, MAX_PIECE } from '../../src/core/tokens/count.ts'
import { kindsOfAscii, pieceEnd } from '../../src/core/tokens/pieces.ts'
import { FEWER_RUNS } from './message-text.ts'

let count: CountTokens
beforeAll(async () => {
  count = await loadCounter()
})

/** The table's pattern, in which `+` is only ever a quantifier (test/core/tokens-count.test.ts pins it), with bounded runs. */
const pattern = new RegExp(claude.pat_str.replaceAll('+', `{1,${MAX_PIECE}}`), 'gu')

/** Strings here have one character for each byte of UTF-8. */
const bytesOf = (text: string) => Buffer.from(text).toString('latin1')
const ranks = new Map([
  ...Object.entries(claude.stringEncoder).map(([token, rank]): [string, number] => [bytesOf(token), rank]),
  ...claude.binaryEncoder.map(([bytes, rank]): [string, number] => [
    Buffer.from(bytes).toString('latin1'),
    rank,
  ]),
])

/** Plain and slow: a regular expression, a map of strings, and joining by the definition. For texts that are one chunk. */
function slowCount(text: string): number {
  let tokens = 0
  for (const [piece] of text.matchAll(pattern)) tokens += slowMerge(bytesOf(piece))
  return tokens
}

function slowMerge(bytes: string): number {
  if (ranks.has(bytes)) return 1
  const parts = [...bytes]
  for (;;) {
    const joined = parts.slice(1).map((part, i) => ranks.get(parts[i]! + part) ?? Number.POSITIVE_INFINITY)
    const lowest = joined.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
    if (lowest === Number.POSITIVE_INFINITY) return parts.length
    const at = joined.indexOf(lowest)
    parts.splice(at, 2, parts[at]! + parts[at + 1]!)
  }
}

const kinds = kindsOfAscii()

function lengthsOfPieces(text: string): number[] {
  const utf8 = Buffer.from(text)
  const lengths = []
  for (let at = 0; at < utf8.length; ) {
    const end = pieceEnd(kinds, utf8, at, utf8.length, MAX_PIECE)
    lengths.push(end - at)
    at = end
  }
  return lengths
}

const lengthsOfMatches = (text: string) =>
  [...text.matchAll(pattern)].map(([piece]) => Buffer.byteLength(piece))

const word = fc.constantFrom(...'getElementById naïve 変数名 Ελληνικά हिन्दी ﬁ 𝒳 🙂 👩‍👩‍👧'.split(' '))
const blank = fc.constantFrom('  ', '\r\n', ...' \t\n\r\v\f\u00a0\u2028\u3000\ufeff')
const contraction = fc.constantFrom(" 's", ..."'s 't 're 've 'm 'll 'd 'S 'r 'l ' ''s ’s".split(' '))
const digits = fc.constantFrom('0', '42', '3.14159', '1_000', '٣', 'Ⅷ', '½', '²')
const half = fc.constantFrom('\ud800', '\udbff', '\udc00', '\udfff', '\udc00\ud800')
/** Around the length at which a run is cut. */
const run = fc
  .tuple(
    fc.constantFrom('a', 'é', '語', '𝒳', '7', '-', '=', "'", '\0', '\ud800', ' ', '\n', '\u2003'),
    fc.integer({ min: 120, max: 270 }),
  )
  .map(([unit, times]) => unit.repeat(times))
const unit = fc.oneof(
  word,
  blank,
  contraction,
  digits,
  half,
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
)
const text = fc
  .array(fc.oneof({ weight: 9, arbitrary: unit }, { weight: 1, arbitrary: run }), { maxLength: 30 })
  .map((parts) => parts.join(''))

describe('a count', () => {
  test('of any text is that of the table taken at its word', () => {
    fc.assert(
      fc.property(text, (some) => {
        expect(count(some)).toBe(slowCount(some))
      }),
      { numRuns: FEWER_RUNS },
    )
  })

  test.each(['ja', 'ru', 'ko', 'zh-cn', 'pl'])(
    'of a file in %s is that of the table taken at its word',
    (language) => {
      const source = readFileSync(
        new URL(
          `../../node_modules/typescript/lib/${language}/diagnosticMessages.generated.json`,
          import.meta.url,
        ),
        'utf8',
      )
      for (const line of source.split(/(?<=\n)/)) expect([line, count(line)]).toEqual([line, slowCount(line)])
    },
  )

  test('stays the same when more pieces were seen than are remembered', () => {
    const words = Array.from({ length: 100_000 }, (_, i) =>
      ((i + 1) * 2_654_435_761).toString(36).replace(/\d/g, (digit) => 'βγδζηθκλμξ'.charAt(Number(digit))),
    )
    const first = words.map((one) => count(one))
    expect(words.map((one) => count(one))).toEqual(first)
    for (let i = 0; i < words.length; i += 100) expect(first[i]).toBe(slowCount(words[i]!))
  })
})

describe('pieces', () => {
  test('are what the pattern matches', () => {
    fc.assert(
      fc.property(text, (some) => {
        expect(lengthsOfPieces(some)).toEqual(lengthsOfMatches(some))
      }),
      { numRuns: FEWER_RUNS },
    )
  })

  test('have every code point in them as the pattern has it', () => {
    for (let block = 0; block < 0x110000; block += 0x1000) {
      const codePoints = Array.from({ length: 0x1000 }, (_, i) => String.fromCodePoint(block + i))
      const some = codePoints.map((one) => `a${one}1${one}!`).join('')
      expect(lengthsOfPieces(some).join()).toBe(lengthsOfMatches(some).join())
    }
  })
})
