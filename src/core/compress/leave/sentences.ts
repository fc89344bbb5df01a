import { addScores, bagOf, postingsOf } from '../../bm25.ts'
import { markOf, pinnedLines, withLines } from '../doc.ts'
import type { Context, Doc, LeftOut, Line } from '../strategy.ts'
import { type Passage, passagesOf } from './passages.ts'
import { leaving } from './strategy.ts'

/** What can be asked about: numbers, negation, names, paths, code. A sentence with none of it goes first. */
const FACT =
  /\d|`|https?:|[\w-]+\/[\w-]+|\b(not|no|never|none|must|only|unless|except|without|cannot)\b|n't\b|[a-z][A-Z]|_/i
const FACT_WORTH = 0.5
/** The beginning of a text says what it is about. */
const FIRST_WORTH = 0.3
/** More are no text that somebody wrote for reading. */
const MAX_PASSAGES = 1_200
/** Less than this of them is no text any more. */
const MIN_KEPT = 0.4
/** What is gone of a line, by its number; pairs with marker.ts in core/verdict. */
const markIn = (line: number) => `[… ${line}]`

/**
 * The sentences that say most, in their order: nearest to the query, by meaning where something reads it, else by words; without one those with most
 * of the words of the text. A paragraph that is wrapped stays or goes as a whole, and so does a text in the tree of a page. Headings, tables and code stay.
 */
export const SENTENCES = leaving('sentences', async (doc, target, context) => {
  const passages = passagesOf(doc, pinnedLines(doc))
  if (passages.length < 4 || passages.length > MAX_PASSAGES) return doc
  if (doc.kind !== 'tree' && !isProse(passages)) return doc
  const worth = await worthOf(passages, context)
  const order = passages.map((_, i) => i).sort((a, b) => worth[a]! - worth[b]! || b - a)
  let over = context.count(doc.text) - target
  const gone = new Set<Passage>()
  for (const i of order) {
    if (over <= 0 || gone.size >= passages.length * (1 - MIN_KEPT)) break
    const passage = passages[i]!
    gone.add(passage)
    over -= context.count(passage.text)
  }
  return without(doc, passages, gone)
})

/** Names, paths and numbers a line are no sentences, and there is no telling which of them is wanted. */
function isProse(passages: readonly Passage[]): boolean {
  const said = passages.filter(({ text }) => /[.!?:"')]$/.test(text) && text.split(' ').length > 4)
  return said.length > passages.length / 3
}

async function worthOf(passages: readonly Passage[], { near, query }: Context): Promise<readonly number[]> {
  const texts = passages.map(({ text }) => text)
  const byMeaning = query === '' ? undefined : await near?.(query, texts).catch(() => undefined)
  const worth = byMeaning ?? byWords(passages, query)
  const most = Math.max(...worth, Number.EPSILON)
  return passages.map(({ text, from }, i) => {
    const first = i === 0 || passages[i - 1]!.from !== from ? FIRST_WORTH / (1 + i / passages.length) : 0
    return Math.max(0, worth[i]!) / most + (FACT.test(text) ? FACT_WORTH : 0) + first
  })
}

function byWords(passages: readonly Passage[], query: string): readonly number[] {
  const bags = passages.map(({ text }) => bagOf(text))
  const postings = postingsOf(bags)
  const scores = new Float64Array(bags.length)
  addScores(postings, query === '' ? postings.words.keys() : bagOf(query).counts.keys(), scores)
  // Without a query a long sentence has more of everything.
  return bags.map(({ length }, i) =>
    query === '' ? scores[i]! / Math.sqrt(Math.max(1, length)) : scores[i]!,
  )
}

/** Each line in which nothing is left goes under a mark with its neighbours; in others a mark stands where something stood. */
function without(doc: Doc, passages: readonly Passage[], gone: ReadonlySet<Passage>): Doc {
  if (gone.size === 0) return doc
  const byLine = new Map<number, Passage[]>()
  for (const passage of passages)
    for (let line = passage.from; line <= passage.to; line++)
      byLine.get(line)?.push(passage) ?? byLine.set(line, [passage])
  const isEmpty = doc.lines.map((_, i) => byLine.get(i)?.every((passage) => gone.has(passage)) ?? false)
  const lines: Line[] = []
  const leftOut: LeftOut[] = []
  let isInner = false
  for (let i = 0; i < doc.lines.length; i++) {
    const line = doc.lines[i]!
    if (isEmpty[i]) {
      const from = i
      // Blank lines between lines that are gone say nothing.
      for (let to = i; to < doc.lines.length && (isEmpty[to] || doc.lines[to]!.text.trim() === ''); to++)
        if (isEmpty[to]) i = to
      const range = { from: line.from, to: doc.lines[i]!.to, what: whatOf(from, i, byLine) }
      leftOut.push(range)
      lines.push({ ...range, text: markOf(line.text, range, range.what) })
      continue
    }
    const here = byLine.get(i)
    if (here === undefined || !here.some((passage) => gone.has(passage))) {
      lines.push(line)
      continue
    }
    isInner = true
    const parts: string[] = []
    for (const passage of here)
      if (!gone.has(passage)) parts.push(passage.text)
      else if (parts.at(-1) !== markIn(line.from)) parts.push(markIn(line.from))
    leftOut.push({ from: line.from, to: line.to, what: 'sentences' })
    lines.push({ ...line, text: /^\s*/.exec(line.text)![0] + parts.join(' ') })
  }
  return withLines(doc, lines, { notes: isInner ? ['[… N] = sentences of line N left out'] : [], leftOut })
}

function whatOf(from: number, to: number, byLine: ReadonlyMap<number, readonly Passage[]>): string {
  const found = new Set<Passage>()
  for (let line = from; line <= to; line++) for (const passage of byLine.get(line) ?? []) found.add(passage)
  return found.size === 1 ? 'a passage' : `${found.size} passages`
}
