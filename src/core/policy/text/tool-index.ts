import { addScores, type Bag, bagOf, type Postings, postingsOf } from '../../bm25.ts'
import { stemOf, wordsOf } from './words.ts'

/** What a tool is described by. */
export interface Described {
  /** Number of its server. */
  readonly server: number
  readonly name: string
  readonly description: string
}

/** How well a text fits each tool and each server, 0 to 1: 1 is the best of them. */
export interface TextFit {
  readonly tools: Float64Array
  readonly servers: Float64Array
  /** The best tool of each server. */
  readonly bestOfServer: Float64Array
  /** The share of the words of a tool's name, and of a server's, that the text has, the rare ones counting more. */
  readonly toolNames: Float64Array
  readonly serverNames: Float64Array
}

/** The index of all tools, for texts to be held against. */
export interface ToolIndex {
  /** How well a text fits. */
  fit(text: string): TextFit
}

/** A name says more of a tool than a word of its description. */
const NAME_WEIGHT = 2
/** Longer texts are cut: what is asked for is at either end. */
const HEAD_CHARS = 1_500
const TAIL_CHARS = 1_500

/** Makes the index. `servers` are names; descriptions may be empty, then the names alone count. */
export function toolIndexOf(tools: readonly Described[], servers: readonly string[]): ToolIndex {
  const documents = tools.map(({ server, name, description }) =>
    stemmed(`${`${name} `.repeat(NAME_WEIGHT)}${servers[server]} ${description}`),
  )
  const serverDocuments = servers.map((name, server) => {
    const own = tools.filter((tool) => tool.server === server)
    return stemmed(`${name} ${name} ${own.map((tool) => `${tool.name} ${tool.description}`).join('\n')}`)
  })
  const byTool = postingsOf(documents)
  const byServer = postingsOf(serverDocuments)
  const toolNames = namePostings(tools.map(({ name }) => name))
  const serverNames = namePostings(servers)
  const serverOf = Int32Array.from(tools, ({ server }) => server)
  return {
    fit: (text) => {
      const words = wordsOf(cut(text))
      const fit = {
        tools: scaled(scoresOf(byTool, words)),
        servers: scaled(scoresOf(byServer, words)),
        bestOfServer: new Float64Array(servers.length),
        toolNames: scoresOf(toolNames, words),
        serverNames: scoresOf(serverNames, words),
      }
      for (let i = 0; i < serverOf.length; i++) {
        const server = serverOf[i]!
        if (fit.tools[i]! > fit.bestOfServer[server]!) fit.bestOfServer[server] = fit.tools[i]!
      }
      return fit
    },
  }
}

function cut(text: string): string {
  if (text.length <= HEAD_CHARS + TAIL_CHARS) return text
  return `${text.slice(0, HEAD_CHARS)}\n${text.slice(-TAIL_CHARS)}`
}

function scoresOf(postings: Postings, words: ReadonlySet<string>): Float64Array {
  const scores = new Float64Array(postings.documents)
  addScores(postings, words, scores)
  return scores
}

function scaled(scores: Float64Array): Float64Array {
  let best = 0
  for (const score of scores) if (score > best) best = score
  if (best > 0) for (let i = 0; i < scores.length; i++) scores[i]! /= best
  return scores
}

function stemmed(text: string): Bag {
  const { counts, length } = bagOf(text)
  const stems = new Map<string, number>()
  for (const [word, count] of counts) {
    const stem = stemOf(word)
    stems.set(stem, (stems.get(stem) ?? 0) + count)
  }
  return { counts: stems, length }
}

/** Weights such that a text with all words of a name scores 1. */
function namePostings(names: readonly string[]): Postings {
  const bags = names.map((name) => wordsOf(name))
  const holders = new Map<string, number[]>()
  for (const [i, words] of bags.entries())
    for (const word of words) {
      const list = holders.get(word)
      if (list === undefined) holders.set(word, [i])
      else list.push(i)
    }
  const idf = (word: string) => Math.log(1 + names.length / holders.get(word)!.length)
  const whole = bags.map((words) => [...words].reduce((sum, word) => sum + idf(word), 0))
  const words = new Map(
    [...holders].map(([word, list]) => [
      word,
      { documents: Int32Array.from(list), weights: Float64Array.from(list, (i) => idf(word) / whole[i]!) },
    ]),
  )
  return { documents: names.length, words }
}
