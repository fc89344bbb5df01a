import { asBytes } from './bytes.ts'
import type { TokenTable } from './claude-table.ts'

/** Tokens of a text: a whole number, 0 for the empty text. Never throws; what looks like a special token is text like any other. */
export type CountTokens = (text: string) => number

/**
 * Longest run of one kind of character that is encoded as a whole. Rules of comments and indentation are shorter; where longer runs are cut,
 * the count may be one token too high for each cut.
 */
export const MAX_PIECE = 128
/** Code units that are looked at in one go. */
const CHUNK_UNITS = 1 << 16
/** Bytes of pieces whose count is remembered: the words of a repository. With them come some 100 bytes for each. */
const MAX_REMEMBERED_BYTES = 1 << 20

/** Loads the table (0.1 s, 30 MB, once for a thread; in worker threads too) and gives what counts with it. */
export async function loadCounter(): Promise<CountTokens> {
  const { claudeTable } = await import('./claude-table.ts')
  return counterOf(claudeTable(MAX_PIECE))
}

/**
 * Counts as the table's own encoder does, but in linear time and bounded memory for any text. Texts are taken in chunks; a chunk ends before
 * a blank that follows something else, where a piece begins in any case, so that the sum is exactly the count of the whole. Only where 64 Ki
 * code units hold no such place is a run cut, for at most a few tokens more.
 */
export function counterOf({ ranks, pieces }: TokenTable): CountTokens {
  const remembered = new Map<string, number>()
  let rememberedBytes = 0
  const countPiece = (piece: string): number => {
    const bytes = asBytes(piece)
    if (ranks.has(bytes)) return 1
    const known = remembered.get(bytes)
    if (known !== undefined) return known
    const tokens = mergedLength(bytes, ranks)
    if (rememberedBytes + bytes.length > MAX_REMEMBERED_BYTES) {
      remembered.clear()
      rememberedBytes = 0
    }
    rememberedBytes += bytes.length
    // A copy: a substring would hold on to the whole text that it is of.
    remembered.set(Buffer.from(bytes, 'latin1').toString('latin1'), tokens)
    return tokens
  }
  return (text) => {
    let tokens = 0
    for (let from = 0; from < text.length; ) {
      const to = chunkEnd(text, from)
      const chunk = from === 0 && to === text.length ? text : text.slice(from, to)
      pieces.lastIndex = 0
      for (let match = pieces.exec(chunk); match !== null; match = pieces.exec(chunk))
        tokens += countPiece(match[0])
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

/**
 * How many tokens remain when, as long as there is one, the leftmost pair of neighbours that together are the token of lowest rank is
 * joined. Quadratic in the bytes; pieces are short.
 */
function mergedLength(bytes: string, ranks: ReadonlyMap<string, number>): number {
  // starts[i] is where the i-th part begins; the last one is the end.
  const starts = Array.from({ length: bytes.length + 1 }, (_, i) => i)
  const rankAt = (i: number): number =>
    i + 2 < starts.length ? (ranks.get(bytes.slice(starts[i], starts[i + 2])) ?? Infinity) : Infinity
  const pairs = starts.map((_, i) => rankAt(i))
  for (;;) {
    let best = 0
    for (let i = 1; i < pairs.length; i++) if (pairs[i]! < pairs[best]!) best = i
    if (pairs[best] === Infinity) return starts.length - 1
    starts.splice(best + 1, 1)
    pairs.splice(best + 1, 1)
    pairs[best] = rankAt(best)
    if (best > 0) pairs[best - 1] = rankAt(best - 1)
  }
}
