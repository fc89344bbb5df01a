import { byteMap, clear, get, put } from './byte-map.ts'
import type { TokenTable } from './claude-table.ts'
import { mergedLength, mergeSpace } from './merge.ts'
import { kindsOfAscii, pieceEnd } from './pieces.ts'

/** Tokens of a text: a whole number, 0 for the empty text. Never throws; what looks like a special token is text like any other. */
export type CountTokens = (text: string) => number

/**
 * Longest run of one kind of character that is encoded as a whole, as encoding a piece costs the square of its length. Rules of comments and
 * indentation are shorter; where longer runs are cut, the count may be one token too high for each cut.
 */
export const MAX_PIECE = 128
/** Code units that are looked at in one go. */
const CHUNK_UNITS = 1 << 16
/** Pieces whose count is remembered, and their bytes: the words of a repository. Together they take up to 2.3 MB. */
const MAX_REMEMBERED = 1 << 16
const MAX_REMEMBERED_BYTES = 1 << 20

/** Loads the table (0.1 s, 30 MB, once for a thread; in worker threads too) and gives what counts with it. */
export async function loadCounter(): Promise<CountTokens> {
  const { claudeTable } = await import('./claude-table.ts')
  return counterOf(claudeTable())
}

/**
 * Counts as the table's own encoder does, but in linear time and bounded memory for any text. Texts are taken in chunks; a chunk ends before
 * a blank that follows something else, where a piece begins in any case, so that the sum is exactly the count of the whole. Only where 64 Ki
 * code units hold no such place is a run cut, for at most a few tokens more.
 *
 * A repository has millions of pieces: each is looked at where it stands in the bytes of its chunk, without a string or a match of its own.
 */
export function counterOf({ ranks }: TokenTable): CountTokens {
  const encoder = new TextEncoder()
  // Half a surrogate pair is U+FFFD here, as in everything that is sent. No code unit has more than three bytes.
  const utf8 = new Uint8Array(3 * CHUNK_UNITS)
  const kinds = kindsOfAscii()
  const space = mergeSpace(1 + 4 * MAX_PIECE)
  const remembered = byteMap(MAX_REMEMBERED, MAX_REMEMBERED_BYTES)
  const countPiece = (from: number, to: number): number => {
    if (to === from + 1 || get(ranks, utf8, from, to) >= 0) return 1
    const known = get(remembered, utf8, from, to)
    if (known >= 0) return known
    const tokens = mergedLength(ranks, space, utf8, from, to)
    if (!put(remembered, utf8, from, to, tokens)) {
      clear(remembered)
      put(remembered, utf8, from, to, tokens)
    }
    return tokens
  }
  return (text) => {
    let tokens = 0
    for (let from = 0; from < text.length; ) {
      const to = chunkEnd(text, from)
      const end = encoder.encodeInto(text.slice(from, to), utf8).written
      for (let at = 0; at < end; ) {
        const next = pieceEnd(kinds, utf8, at, end, MAX_PIECE)
        tokens += countPiece(at, next)
        at = next
      }
      from = to
    }
    return tokens
  }
}

function chunkEnd(text: string, from: number): number {
  const most = from + CHUNK_UNITS
  if (most >= text.length) return text.length
  for (let at = most; at > from + 1; at--)
    if (isAsciiBlank(text.charCodeAt(at)) && !ANY_BLANK.test(text.charAt(at - 1))) return at
  // Not between the halves of a surrogate pair.
  return (text.charCodeAt(most) & 0xfc00) === 0xdc00 && (text.charCodeAt(most - 1) & 0xfc00) === 0xd800
    ? most - 1
    : most
}

/** As the table's pattern has it; these stand in one piece with those of ASCII. */
const ANY_BLANK = /\s/

function isAsciiBlank(unit: number): boolean {
  return unit === 0x20 || (unit >= 0x09 && unit <= 0x0d)
}
