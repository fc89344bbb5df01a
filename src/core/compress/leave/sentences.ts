import { type Bag, bagOf, bm25 } from '../../bm25.ts'
import { pinnedLines, withLines } from '../doc.ts'
import type { Context, Doc, LeftOut, Line } from '../strategy.ts'
import { leaving } from './strategy.ts'

/** What can be asked about: numbers, negation, names, paths, code. A sentence with none of it goes first. */
const FACT =
  /\d|`|https?:|[\w-]+\/[\w-]+|\b(not|no|never|none|must|only|unless|except|without|cannot)\b|n't\b|[a-z][A-Z]|_/i
const FACT_WORTH = 0.5
/** The beginning of a text says what it is about. */
const FIRST_WORTH = 0.3
/** More are no text that somebody wrote for reading. */
const MAX_SENTENCES = 600
/** Less than this of the sentences is no text any more. */
const MIN_KEPT = 0.4
const KEPT_LINE = /^\s*(#|```|~~~|\||[-=*]{3,}|$)/

interface Sentence {
  readonly line: number
  readonly text: string
}

/**
 * The sentences that say most, in their order: nearest to the query, or without one to the text as a whole, by embeddings where there are any, else
 * by words and place. Headings, tables and code stay.
 */
export const SENTENCES = leaving('sentences', async (doc, target, context) => {
  const sentences = sentencesOf(doc)
  if (sentences.length < 4 || sentences.length > MAX_SENTENCES || !isProse(sentences)) return doc
  const worth = await worthOf(sentences, context)
  const order = sentences.map((_, i) => i).sort((a, b) => worth[a]! - worth[b]! || b - a)
  let over = context.count(doc.text) - target
  const gone = new Set<number>()
  for (const i of order) {
    if (over <= 0 || gone.size >= sentences.length * (1 - MIN_KEPT)) break
    gone.add(i)
    over -= context.count(sentences[i]!.text)
  }
  return without(doc, sentences, gone)
})

/** Names, paths and numbers a line are no sentences, and there is no telling which of them is wanted. */
function isProse(sentences: readonly Sentence[]): boolean {
  const said = sentences.filter(({ text }) => /[.!?:"')]$/.test(text) && text.split(' ').length > 4)
  return said.length > sentences.length / 3
}

function sentencesOf(doc: Doc): readonly Sentence[] {
  const pinned = pinnedLines(doc)
  const found: Sentence[] = []
  let inCode = false
  for (const [line, { text }] of doc.lines.entries()) {
    if (/^\s*(```|~~~)/.test(text)) inCode = !inCode
    if (inCode || pinned.has(line) || KEPT_LINE.test(text)) continue
    for (const [sentence] of text.matchAll(/\S.*?(?:[.!?]["')\]]*(?=\s+["'(]?[\p{Lu}\d`])|$)/gu))
      found.push({ line, text: sentence })
  }
  return found
}

async function worthOf(
  sentences: readonly Sentence[],
  { embed, query }: Context,
): Promise<readonly number[]> {
  const near = embed === undefined ? byWords(sentences, query) : await byMeaning(sentences, query, embed)
  const most = Math.max(...near, Number.EPSILON)
  return sentences.map(({ text }, i) => {
    const first =
      i === 0 || sentences[i - 1]!.line !== sentences[i]!.line ? FIRST_WORTH / (1 + i / sentences.length) : 0
    return near[i]! / most + (FACT.test(text) ? FACT_WORTH : 0) + first
  })
}

function byWords(sentences: readonly Sentence[], query: string): readonly number[] {
  const bags = sentences.map(({ text }) => bagOf(text))
  const asked: Bag = query === '' ? bagOf(sentences.map(({ text }) => text).join(' ')) : bagOf(query)
  const scores = bm25(asked, bags)
  // Without a query a long sentence has more of everything.
  return bags.map(({ length }, i) =>
    query === '' ? scores[i]! / Math.sqrt(Math.max(1, length)) : scores[i]!,
  )
}

async function byMeaning(
  sentences: readonly Sentence[],
  query: string,
  embed: NonNullable<Context['embed']>,
): Promise<readonly number[]> {
  const texts = sentences.map(({ text }) => text)
  const vectors = await embed(query === '' ? texts : [...texts, query])
  const aim = query === '' ? meanOf(vectors) : vectors.at(-1)!
  return texts.map((_, i) =>
    Math.max(
      0,
      vectors[i]!.reduce((sum, x, at) => sum + x * aim[at]!, 0),
    ),
  )
}

function meanOf(vectors: readonly Float32Array[]): Float32Array {
  const mean = new Float32Array(vectors[0]?.length ?? 0)
  for (const vector of vectors) for (let i = 0; i < mean.length; i++) mean[i]! += vector[i]! / vectors.length
  return mean
}

function without(doc: Doc, sentences: readonly Sentence[], gone: ReadonlySet<number>): Doc {
  if (gone.size === 0) return doc
  const byLine = new Map<number, string[]>()
  const touched = new Set<number>()
  for (const [i, { line, text }] of sentences.entries()) {
    const kept = byLine.get(line) ?? []
    byLine.set(line, kept)
    if (!gone.has(i)) kept.push(text)
    else {
      touched.add(line)
      if (kept.at(-1) !== '…') kept.push('…')
    }
  }
  const lines: Line[] = []
  const leftOut: LeftOut[] = []
  for (const [i, line] of doc.lines.entries()) {
    if (!touched.has(i)) {
      lines.push(line)
      continue
    }
    leftOut.push({ from: line.from, to: line.to, what: 'sentences' })
    const text = byLine.get(i)!.join(' ')
    // One sign for lines that are gone one after the other.
    if (text !== '…' || lines.at(-1)?.text !== '…')
      lines.push({ ...line, text: text === '…' ? text : /^\s*/.exec(line.text)![0] + text })
  }
  return withLines(doc, lines, { notes: ['… = sentences left out'], leftOut })
}
