import { addScores, type Bag, bagOf, type Postings, postingsOf } from '../bm25.ts'
import { stemOf, wordsOf } from '../policy/text/words.ts'
import { alikeTo } from './alike-words.ts'
import { glossOf } from './gloss.ts'
import { MAX_QUERY, wantedOf } from './query.ts'
import type { KnownTool } from './tool.ts'

/** A tool that was found, by its place in the list that is searched. */
export interface Found {
  readonly index: number
  /** Only to be compared within one search. */
  readonly score: number
}

/** What a search may be helped by. */
export interface SearchHelp {
  /** How often each tool was used before, decayed; 0 for never. */
  readonly used?: (index: number) => number
  /** How near each tool's meaning is to the query's, −1 to 1, by place in the list: cosines of embeddings. Undefined where there are none. */
  readonly near?: ArrayLike<number> | undefined
}

/** The tools of an agent, to be searched. */
export interface ToolSearch {
  /** The best `limit` tools, best first; none that has nothing of the query. */
  find(query: string, limit: number, help?: SearchHelp): readonly Found[]
}

/** How often the words of each part count: what a tool is called says more than what its parameters are. */
const WEIGHTS = { name: 3, title: 2, server: 2, description: 2, parameters: 0.5 } as const
/** A word that only means the same counts this much of the word itself. */
const ALIKE = 0.5
/** A name of which the query has every word makes its tool so much likelier than one of which it has none. */
const NAMED = 0.5
/** A tool that was used before is worth this much more at most, of the best score: habits settle what words leave open. */
const HABIT = 0.15
/** A tool that shares no word with the query and is no nearer than that has nothing to do with it. */
const NEAREST_NOTHING = 0.15
/** A cosine of 1 is worth this much of the best score of words. Absolute, not by the nearest: where nothing is near, words decide. */
const MEANING = 2

/** Makes the index: Okapi BM25 over names, descriptions and parameters, by stems, identifiers whole and in parts. */
export function toolSearchOf(tools: readonly KnownTool[]): ToolSearch {
  const postings = postingsOf(tools.map(documentOf))
  const nameWords = tools.map(({ name, server }) => ({ name: wordsOf(name), server: wordsOf(server) }))
  return {
    find: (query, limit, help = {}) => {
      const scores = lexical(postings, wantedOf(query), nameWords)
      addMeaning(scores, help.near)
      const best = scores.reduce((most, score) => Math.max(most, score), 0)
      const named = namedIn(tools, query.slice(0, MAX_QUERY))
      return [...scores.entries()]
        .map(([index, score]) => ({
          index,
          score: score + (named.has(index) ? 2 * best + 1 : 0) + habit(help.used?.(index) ?? 0, score, best),
        }))
        .filter(({ score }) => score > 0)
        .sort((a, b) => b.score - a.score || a.index - b.index)
        .slice(0, limit)
    },
  }
}

function documentOf(tool: KnownTool): Bag {
  const counts = new Map<string, number>()
  let length = 0
  for (const [part, weight] of Object.entries(WEIGHTS)) {
    const text = tool[part as keyof typeof WEIGHTS]
    for (const [word, count] of wordsIn(`${text} ${glossOf(text)}`)) {
      // A parameter that is named in every sentence says no more than one that is named once.
      const times = weight * (part === 'parameters' ? 1 : count)
      counts.set(word, (counts.get(word) ?? 0) + times)
      length += times
    }
  }
  return { counts, length }
}

/** Stems with how often they occur; of writings without spaces also each pair of characters. */
function wordsIn(text: string): ReadonlyMap<string, number> {
  const stems = new Map<string, number>()
  const note = (word: string, count: number) => stems.set(word, (stems.get(word) ?? 0) + count)
  for (const [word, count] of bagOf(text).counts) {
    note(stemOf(word), count)
    for (const pair of pairsOf(word)) note(pair, count)
  }
  return stems
}

function pairsOf(word: string): readonly string[] {
  if (!/^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]{3,}$/u.test(word)) return []
  const characters = [...word]
  return characters.slice(1).map((character, i) => characters[i]! + character)
}

function queryWords(text: string): ReadonlySet<string> {
  const words = new Set(wordsOf(text))
  for (const word of [...words]) for (const pair of pairsOf(word)) words.add(pair)
  return words
}

function lexical(
  postings: Postings,
  query: string,
  names: readonly { readonly name: ReadonlySet<string>; readonly server: ReadonlySet<string> }[],
): Float64Array {
  const words = queryWords(query)
  const scores = new Float64Array(postings.documents)
  addScores(postings, words, scores)
  const alike = new Set([...words].flatMap(alikeTo).filter((word) => !words.has(word)))
  const more = new Float64Array(postings.documents)
  addScores(postings, alike, more)
  for (let i = 0; i < scores.length; i++) {
    scores[i] = (scores[i]! + ALIKE * more[i]!) * (1 + NAMED * shareOf(names[i]!.name, words, alike))
  }
  return scores
}

function shareOf(name: ReadonlySet<string>, words: ReadonlySet<string>, alike: ReadonlySet<string>): number {
  let held = 0
  for (const word of name) held += words.has(word) ? 1 : alike.has(word) ? 0.5 : 0
  return name.size === 0 ? 0 : held / name.size
}

function addMeaning(scores: Float64Array, near: ArrayLike<number> | undefined): void {
  if (near === undefined) return
  const best = scores.reduce((most, score) => Math.max(most, score), 0) || 1
  for (let i = 0; i < scores.length; i++) {
    const cosine = near[i] ?? 0
    if (scores[i]! > 0 || cosine > NEAREST_NOTHING) scores[i]! += MEANING * best * Math.max(0, cosine)
  }
}

/** Saturates: ten uses are not ten times one. */
function habit(used: number, score: number, best: number): number {
  return score === 0 ? 0 : (HABIT * best * used) / (used + 3)
}

/** The tools that a query names in so many letters. */
function namedIn(tools: readonly KnownTool[], query: string): ReadonlySet<number> {
  const tokens = new Set(query.split(/[\s,;:"'`()]+/))
  return new Set(
    tools.flatMap(({ server, name }, index) =>
      (isIdentifier(name) && tokens.has(name)) ||
      tokens.has(`${server}/${name}`) ||
      tokens.has(`${server}.${name}`)
        ? [index]
        : [],
    ),
  )
}

/** `read_file`, not `read`: a plain word may mean anything. */
function isIdentifier(name: string): boolean {
  return /[_\-.]|[a-z][A-Z]/.test(name)
}
