import type { ParsedFile } from '../score/analysis.ts'
import type { CountTokens } from '../tokens/count.ts'
import type { JsonNode } from './json/read.ts'
import type { Judge, Verdict } from './verdict-type.ts'

/** Kinds of text that are shortened in different ways. */
export const KINDS = [
  'json',
  'log',
  'code',
  'markdown',
  'diff',
  'table',
  'trace',
  'test',
  'tree',
  'text',
] as const

/** One of the kinds. */
export type Kind = (typeof KINDS)[number]

/** One line of a document, and the lines of the original that it stands for, counted from 1. */
export interface Line {
  readonly text: string
  readonly from: number
  readonly to: number
}

/** Lines of the original that are left out under a mark. */
export interface LeftOut {
  readonly from: number
  readonly to: number
  readonly what: string
}

/** A text on its way: `text` is its lines, joined by `\n`. */
export interface Doc {
  readonly text: string
  readonly kind: Kind
  /** Texts that must stay as they are. */
  readonly pinned: readonly string[]
  readonly lines: readonly Line[]
  readonly leftOut: readonly LeftOut[]
  /** What a reader has to know to read the text, in a few words each. */
  readonly notes: readonly string[]
  /** What a judge is to read for the text where a strategy puts words or numbers of its own into lines; its marks it knows. */
  readonly plain?: string
  /** The value of a text that is JSON, until it is written in another form. */
  readonly value?: JsonNode
}

/** A text that the session has had before, and what it is called by. */
export interface Earlier {
  readonly id: string
  readonly text: string
}

/** What strategies may use. */
export interface Context {
  readonly count: CountTokens
  readonly earlier: readonly Earlier[]
  readonly query: string
  readonly path: string
  /** Syntax trees; none where nobody parses. */
  readonly parse?: (path: string, text: string) => Promise<ParsedFile | undefined>
  /** How near each sentence is to the query in meaning, 0 to 1; undefined, or none, where nothing reads meaning. */
  readonly near?: (query: string, sentences: readonly string[]) => Promise<readonly number[] | undefined>
}

/** Why a step cannot stand. */
export interface Problem {
  readonly message: string
}

/**
 * How far a shortened text determines its original: `text`, its content follows from the text alone (and from the earlier texts it names);
 * `rendering`, what a terminal would show of it does; `handle`, what is left out is marked, and got by the handle only.
 */
export type Exactness = 'text' | 'rendering' | 'handle'

/** One way to shorten. Taking it back is keeping the document that it was given. */
export interface Strategy {
  readonly name: string
  readonly exactness: Exactness
  /** Anything but `handle`. */
  readonly lossless: boolean
  /** The document in fewer tokens, or the same one where it has nothing to do. `target` is in tokens. */
  execute(doc: Doc, target: number, context: Context): Doc | Promise<Doc>
  /** What is wrong with the result; an exact strategy reads it back. */
  validate(before: Doc, after: Doc, context: Context): readonly Problem[]
}

/** How a text is to be shortened. */
export interface CompressOptions {
  /** Tokens that are few enough; half of the text's when left out. */
  readonly target?: number
  /** Names of strategies; all that fit the kind when left out. */
  readonly strategies?: readonly string[]
  /** What is looked for in the text. */
  readonly query?: string
  readonly path?: string
  readonly mime?: string
  readonly kind?: Kind
  readonly pinned?: readonly string[]
  readonly earlier?: readonly Earlier[]
  readonly count: CountTokens
  /** Without one no step is taken that leaves anything out. */
  readonly judge?: Judge
  /** Stores the original and gives its handle; what it throws lets the original go out. */
  readonly keep: (text: string) => string
  readonly parse?: Context['parse']
  readonly near?: Context['near']
}

/** One strategy that was tried, and what came of it. */
export interface Step {
  readonly strategy: string
  readonly lossless: boolean
  readonly exactness: Exactness
  readonly tokensBefore: number
  readonly tokensAfter: number
  readonly taken: boolean
  readonly because: string
}

/** A text in fewer tokens, or as it was. */
export interface Compression {
  readonly content: string
  /** Of the original; undefined where the content is the original. */
  readonly handle: string | undefined
  readonly kind: Kind
  readonly tokensBefore: number
  readonly tokensAfter: number
  /** Names of those that were taken. */
  readonly strategies: readonly string[]
  readonly lossless: boolean
  readonly steps: readonly Step[]
  readonly leftOut: readonly LeftOut[]
  /** Of the last step that left anything out. */
  readonly verdict?: Verdict
  /** With a verdict: lines of the original of which nothing at all stands in what was judged. */
  readonly gone?: readonly { readonly from: number; readonly to: number }[]
}
