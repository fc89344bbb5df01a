import { readFileSync } from 'node:fs'
import type { Tables } from './embed.ts'
import type { ModelFiles } from './find.ts'
import { HIDDEN } from './graph.ts'
import { type Weights, weightsOf } from './weights.ts'
import { vocabularyOf } from './wordpiece.ts'

/** Weights and what is looked up in them; takes 0.1 to 0.3 s and 80 MB. Throws a plain error for files that are none. */
export function loadTables(files: ModelFiles): { readonly tables: Tables; readonly weights: Weights } {
  const weights = weightsOf(readFileSync(files.weights))
  const words = weights('embeddings.word_embeddings.weight').values
  const types = weights('embeddings.token_type_embeddings.weight').values
  const places = weights('embeddings.position_embeddings.weight').values
  for (let i = 0; i < places.length; i++) places[i]! += types[i % HIDDEN]!
  const vocabulary = vocabularyOf(readFileSync(files.tokenizer, 'utf8'))
  const addWord: Tables['addWord'] = (piece, to, at) => {
    for (let k = 0; k < HIDDEN; k++) to[at + k]! += words[piece * HIDDEN + k]!
  }
  return { weights, tables: { vocabulary, addWord, places } }
}
