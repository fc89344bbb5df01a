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
  const meanLength = documents.reduce((sum, { length }) => sum + length, 0) / Math.max(1, documents.length)
  for (const term of query.counts.keys()) {
    const holders = documents.reduce((n, { counts }) => n + Number(counts.has(term)), 0)
    if (holders === 0) continue
    const idf = Math.log(1 + (documents.length - holders + 0.5) / (holders + 0.5))
    for (const [i, { counts, length }] of documents.entries()) {
      const tf = counts.get(term)
      if (tf !== undefined)
        scores[i]! += (idf * tf * (K1 + 1)) / (tf + K1 * (1 - B + (B * length) / meanLength))
    }
  }
  return scores
}
