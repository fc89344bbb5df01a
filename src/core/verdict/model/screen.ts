import { type Embed, type Tables, toUnit } from './embed.ts'
import { HIDDEN } from './graph.ts'
import { wordPieces } from './wordpiece.ts'

/** Pieces before these are marks and letters. */
const FIRST_WORD = 990
const RARITY = 1e-3
/** Zipf's law for some 30,000 pieces: the frequency of a piece is about one in twelve of its rank. */
const ZIPF = 12

/**
 * The weights without the model: the mean of a text's word embeddings, rare ones counting more (Arora, Liang and Ma 2017). It knows which
 * words are alike, and nothing of their order. Takes no time and no library.
 */
export function screenEmbed({ vocabulary, addWord }: Tables): Embed {
  const word = new Float32Array(HIDDEN)
  return async (texts) =>
    texts.map((text) => {
      const sum = new Float32Array(HIDDEN)
      for (const piece of wordPieces(text, vocabulary)) {
        const weight = RARITY / (RARITY + 1 / (ZIPF * Math.max(1, piece - FIRST_WORD)))
        word.fill(0)
        addWord(piece, word, 0)
        for (let k = 0; k < HIDDEN; k++) sum[k]! += weight * word[k]!
      }
      return toUnit(sum)
    })
}
