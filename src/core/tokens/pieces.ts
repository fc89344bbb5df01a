/** What the table's pattern tells apart: \p{L}, \p{N}, \s, and all other code points. */
const LETTER = 1
const NUMBER = 2
const BLANK = 3
const SIGN = 4

const SPACE = 0x20
const APOSTROPHE = 0x27

/** The kind of each code point, 0 where it was not asked for yet: the system gives memory only to those pages of it that are written. */
export type Kinds = Uint8Array

/** Kinds of all code points, of which those of ASCII are there already. */
export function kindsOfAscii(): Kinds {
  const kinds = new Uint8Array(0x110000)
  for (let codePoint = 0; codePoint < 0x80; codePoint++) kinds[codePoint] = kindOf(codePoint)
  return kinds
}

/**
 * Where the piece ends that begins at `at` in UTF-8 which ends at `end`. It is what this pattern, the table's, matches, where a run ends after
 * `maxRun` code points:
 *
 *     's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 */
export function pieceEnd(kinds: Kinds, utf8: Uint8Array, at: number, end: number, maxRun: number): number {
  const first = utf8[at]!
  if (first === APOSTROPHE) {
    const suffix = suffixLength(utf8, at + 1, end)
    if (suffix > 0) return at + 1 + suffix
  }
  let to = at
  let kind = kindAt(kinds, utf8, at)
  if (first === SPACE && at + 1 < end) {
    const next = kindAt(kinds, utf8, at + 1)
    if (next !== BLANK) {
      kind = next
      to++
    }
  }
  let last: number
  let left = maxRun
  do {
    last = to
    to += widthOf(utf8[to]!)
    left--
  } while (left > 0 && to < end && kindAt(kinds, utf8, to) === kind)
  // Of several blanks the last one is left for what follows; a single one has to be a piece.
  const leaveLast = kind === BLANK && last > at && to < end && kindAt(kinds, utf8, to) !== BLANK
  return leaveLast ? last : to
}

/** Bytes of the s, t, m, d, re, ve or ll that stands at `at`, else 0. */
function suffixLength(utf8: Uint8Array, at: number, end: number): number {
  const one = at < end ? utf8[at] : 0
  if (one === 0x73 || one === 0x74 || one === 0x6d || one === 0x64) return 1
  const two = at + 1 < end ? utf8[at + 1] : 0
  return ((one === 0x72 || one === 0x76) && two === 0x65) || (one === 0x6c && two === 0x6c) ? 2 : 0
}

function kindAt(kinds: Kinds, utf8: Uint8Array, at: number): number {
  const byte = utf8[at]!
  return byte < 0x80 ? kinds[byte]! : kindBeyondAscii(kinds, utf8, at)
}

function kindBeyondAscii(kinds: Kinds, utf8: Uint8Array, at: number): number {
  const lead = utf8[at]!
  const width = widthOf(lead)
  let codePoint = lead & (0x7f >> width)
  for (let i = 1; i < width; i++) codePoint = (codePoint << 6) | (utf8[at + i]! & 0x3f)
  const known = kinds[codePoint]!
  if (known !== 0) return known
  const kind = kindOf(codePoint)
  kinds[codePoint] = kind
  return kind
}

/** Bytes of a code point in UTF-8, by the first of them. */
function widthOf(lead: number): number {
  if (lead < 0x80) return 1
  if (lead < 0xe0) return 2
  return lead < 0xf0 ? 3 : 4
}

function kindOf(codePoint: number): number {
  const character = String.fromCodePoint(codePoint)
  if (A_LETTER.test(character)) return LETTER
  if (A_NUMBER.test(character)) return NUMBER
  return A_BLANK.test(character) ? BLANK : SIGN
}

const A_LETTER = /\p{L}/u
const A_NUMBER = /\p{N}/u
const A_BLANK = /\s/
