import { HIDDEN } from './graph.ts'
import { MAX_PIECES, type Vocabulary, wordPieces } from './wordpiece.ts'

/** Unit vectors of texts, in their order. */
export type Embed = (texts: readonly string[]) => Promise<readonly Float32Array[]>

/** Runs the encoder: sums of embeddings and a mask of one batch to its last hidden states, both (batch, pieces, 384). */
export type RunEncoder = (
  x: Float32Array,
  mask: Float32Array,
  batch: number,
  pieces: number,
) => Promise<Float32Array>

/** The tables that are looked up before the encoder. */
export interface Tables {
  readonly vocabulary: Vocabulary
  /** Adds the word embedding of a piece to 384 numbers from `at`. */
  addWord(piece: number, to: Float32Array, at: number): void
  /** Place and type embeddings, (512, 384). */
  readonly places: Float32Array
}

/** Pieces of one batch, padding and all: enough to use the processor, few enough that texts of other lengths need no padding. */
const BATCH_PIECES = 512
const FORBIDDEN = -10_000

/**
 * Sentence embeddings as all-MiniLM-L6-v2 makes them: mean of the last hidden states of all pieces, [CLS] and [SEP] among them, to length 1.
 * Texts are cut after 256 pieces, as in training. Of like lengths some are run together.
 */
export function encoderEmbed({ vocabulary, addWord, places }: Tables, run: RunEncoder): Embed {
  const [begin, end] = [vocabulary.get('[CLS]')!, vocabulary.get('[SEP]')!]
  return async (texts) => {
    const all = texts.map((text) => [begin, ...wordPieces(text, vocabulary).slice(0, MAX_PIECES - 2), end])
    const order = [...all.keys()].sort((a, b) => all[a]!.length - all[b]!.length)
    const vectors: Float32Array[] = Array.from({ length: texts.length })
    for (let from = 0; from < order.length; ) {
      let to = from + 1
      while (to < order.length && all[order[to]!]!.length * (to + 1 - from) <= BATCH_PIECES) to++
      const batch = order.slice(from, to)
      const length = all[batch.at(-1)!]!.length
      const x = new Float32Array(batch.length * length * HIDDEN)
      const mask = new Float32Array(batch.length * length).fill(FORBIDDEN)
      for (const [row, index] of batch.entries())
        for (const [place, piece] of all[index]!.entries()) {
          const at = (row * length + place) * HIDDEN
          for (let k = 0; k < HIDDEN; k++) x[at + k] = places[place * HIDDEN + k]!
          addWord(piece, x, at)
          mask[row * length + place] = 0
        }
      const y = await run(x, mask, batch.length, length)
      for (const [row, index] of batch.entries())
        vectors[index] = mean(y, row * length * HIDDEN, all[index]!.length)
      from = to
    }
    return vectors
  }
}

function mean(y: Float32Array, at: number, pieces: number): Float32Array {
  const sum = new Float32Array(HIDDEN)
  for (let i = 0; i < pieces; i++) for (let k = 0; k < HIDDEN; k++) sum[k]! += y[at + i * HIDDEN + k]!
  return toUnit(sum)
}

/** Divides a vector by its length, in place. */
export function toUnit(vector: Float32Array): Float32Array {
  let squares = 0
  for (const value of vector) squares += value * value
  const scale = 1 / Math.sqrt(Math.max(squares, 1e-24))
  for (let k = 0; k < vector.length; k++) vector[k]! *= scale
  return vector
}
