import { binaryEncoder, name, stringEncoder } from 'ai-tokenizer/encoding/claude'
import { type ByteMap, byteMap, put } from './byte-map.ts'

/** A byte-pair encoding (Sennrich, Haddow and Birch, 2016, §3.2), ready to count with. Every byte is a token. */
export interface TokenTable {
  readonly name: string
  /** Rank of each token, by the bytes of its UTF-8. */
  readonly ranks: ByteMap
}

/**
 * ai-tokenizer's Claude table (64,995 tokens). Loaded by `import()` only: it is 1.2 MB of source. Its `decoder`, which only turns tokens
 * back into text, must not be used here: scripts/build.mjs leaves it out. Its pattern is in pieces.ts.
 */
export function claudeTable(): TokenTable {
  const strings = Object.keys(stringEncoder)
  // All at once: to encode them one by one takes half as long again as the whole of this.
  const utf8 = Buffer.from(strings.join(''))
  const others = binaryEncoder.reduce((sum, [bytes]) => sum + bytes.length, 0)
  const ranks = byteMap(strings.length + binaryEncoder.length, utf8.length + others)
  let from = 0
  for (const token of strings) {
    const to = from + Buffer.byteLength(token)
    put(ranks, utf8, from, to, stringEncoder[token]!)
    from = to
  }
  for (const [bytes, rank] of binaryEncoder) put(ranks, bytes, 0, bytes.length, rank)
  return { name, ranks }
}
