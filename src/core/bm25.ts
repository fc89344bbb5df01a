/** A document as a bag of words. */
export interface Bag {
  readonly counts: ReadonlyMap<string, number>
  readonly length: number
}

const K1 = 1.2
const B = 0.75

/** Words of a text, lower case: identifiers whole and in their parts (camelCase, snake_case, digits apart), two letters at least. */
export function bagOf(text: string): Bag {
  const counts = new Map<string, number>()
  let length = 0
  const count = (word: string): void => {
    if (word.length < 2) return
    const key = word.toLowerCase()
    counts.set(key, (counts.get(key) ?? 0) + 1)
    length += 1
  }
  for (const [word] of text.matchAll(/[\p{L}\p{N}_]+/gu)) {
    const parts = word.match(/\p{Lu}+(?!\p{Ll})|\p{Lu}?\p{Ll}+|\p{N}+|\p{Lo}+/gu) ?? []
    if (parts.length !== 1) count(word)
    for (const part of parts) count(part)
  }
  return { counts, length }
}

/**
 * Okapi BM25 of a query against documents, k1 = 1.2, b = 0.75, idf = ln(1 + (N − n + 0.5) / (n + 0.5)).
 * Source: Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond, 2009, §3.
 */
export function bm25(query: Bag, documents: readonly Bag[]): Float64Array {
  const scores = new Float64Array(documents.length)
  const meanLength = meanLengthOf(documents)
  for (const term of query.counts.keys()) {
    const holders = documents.reduce((n, { counts }) => n + Number(counts.has(term)), 0)
    if (holders === 0) continue
    const idf = idfOf(holders, documents.length)
    for (const [i, { counts, length }] of documents.entries()) {
      const tf = counts.get(term)
      if (tf !== undefined) scores[i]! += idf * saturation(tf, length / meanLength)
    }
  }
  return scores
}

/** Documents that are asked often: for each word its documents and what it adds to them. */
export interface Postings {
  readonly documents: number
  readonly words: ReadonlyMap<string, { readonly documents: Int32Array; readonly weights: Float64Array }>
}

/** The same scores as bm25(), for many queries against the same documents: a query costs what its words occur. */
export function postingsOf(documents: readonly Bag[]): Postings {
  const meanLength = meanLengthOf(documents)
  const holders = new Map<string, number[]>()
  for (const [i, { counts }] of documents.entries())
    for (const word of counts.keys()) {
      const list = holders.get(word)
      if (list === undefined) holders.set(word, [i])
      else list.push(i)
    }
  const words = new Map<string, { documents: Int32Array; weights: Float64Array }>()
  for (const [word, list] of holders) {
    const idf = idfOf(list.length, documents.length)
    const weights = list.map((i) => {
      const { counts, length } = documents[i]!
      return idf * saturation(counts.get(word)!, length / meanLength)
    })
    words.set(word, { documents: Int32Array.from(list), weights: Float64Array.from(weights) })
  }
  return { documents: documents.length, words }
}

/** Adds to `scores` what the words of a query give each document. */
export function addScores(postings: Postings, words: Iterable<string>, scores: Float64Array): void {
  for (const word of words) {
    const list = postings.words.get(word)
    if (list === undefined) continue
    for (let i = 0; i < list.documents.length; i++) scores[list.documents[i]!]! += list.weights[i]!
  }
}

function meanLengthOf(documents: readonly Bag[]): number {
  return documents.reduce((sum, { length }) => sum + length, 0) / Math.max(1, documents.length)
}

function idfOf(holders: number, documents: number): number {
  return Math.log(1 + (documents - holders + 0.5) / (holders + 0.5))
}

function saturation(tf: number, relativeLength: number): number {
  return (tf * (K1 + 1)) / (tf + K1 * (1 - B + B * relativeLength))
}
