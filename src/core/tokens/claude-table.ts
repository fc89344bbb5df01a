import { binaryEncoder, name, pat_str, stringEncoder } from 'ai-tokenizer/encoding/claude'
import { asBytes } from './bytes.ts'

/** A byte-pair encoding (Sennrich, Haddow and Birch, 2016, §3.2), ready to count with. */
export interface TokenTable {
  readonly name: string
  /** Rank of each token; a token is spelled in bytes, one character (U+0000 to U+00FF) for each byte of its UTF-8. */
  readonly ranks: ReadonlyMap<string, number>
  /** Matches the pieces, none longer than `maxPiece` code points and a space, that are encoded each by itself. Global: one user at a time. */
  readonly pieces: RegExp
}

/**
 * ai-tokenizer's Claude table (64,995 tokens). Loaded by `import()` only: it is 1.2 MB of source. Its `decoder`, which only turns tokens
 * back into text, must not be used here: scripts/build.mjs leaves it out.
 *
 * A run of letters, digits, signs or blanks is one piece however long it is, and encoding a piece costs the square of its length. Here a
 * run ends after `maxPiece` code points.
 */
export function claudeTable(maxPiece: number): TokenTable {
  const ranks = new Map<string, number>()
  for (const [token, rank] of Object.entries(stringEncoder)) ranks.set(asBytes(token), rank)
  for (const [bytes, rank] of binaryEncoder) ranks.set(Buffer.from(bytes).toString('latin1'), rank)
  // Of the pattern's signs `+` stands for nothing but "one or more"; a test pins the pattern.
  return { name, ranks, pieces: new RegExp(pat_str.replaceAll('+', `{1,${maxPiece}}`), 'gu') }
}
