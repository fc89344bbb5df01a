import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Analyzer } from './analysis.ts'
import { type FileFacts, factsWithout } from './facts.ts'
import { type Language, languageOf } from './languages.ts'
import { HEAD_BYTES, isBinary, natureOf } from './nature.ts'
import type { Nature } from './ranked.ts'

/** What looking at files needs: parsers by language, and a tokenizer. */
export interface Tools {
  /** Undefined where nothing here parses the language. Throws where its parser cannot be had. */
  analyzerOf(language: Language): Promise<Analyzer | undefined>
  countTokens(text: string): number
}

/** Bytes above which a file is not parsed: nobody wrote it by hand, and it would take seconds. */
const MAX_PARSED_BYTES = 1024 * 1024
/** Bytes above which tokens are counted of a part only. */
const MAX_COUNTED_BYTES = 1024 * 1024
/** Bytes above which a file is not read at all. */
const MAX_READ_BYTES = 64 * 1024 * 1024
/** Nobody reads these for their structure. */
const UNPARSED: readonly Nature[] = ['minified', 'vendored', 'lock', 'generated']

/** A file to look at. */
export interface Order {
  /** For whoever asks, to tell two texts of one path apart: it comes back with the answer. */
  readonly id?: number
  /** Below the root, with `/`. */
  readonly path: string
  readonly bytes: number
  /** Of the bytes whose facts are known. */
  readonly knownHash?: string
  /** Its text, where that is not what is on the disk. */
  readonly text?: string
  /** Why it is not to be parsed. */
  readonly unparsed?: string
}

/** Looks at one file; undefined when its bytes are those that are known. Throws the system's error when it cannot be read. */
export async function analyze(
  root: string,
  { path, bytes, knownHash, text: given, unparsed }: Order,
  tools: Tools,
): Promise<FileFacts | undefined> {
  if (bytes > MAX_READ_BYTES)
    return {
      ...factsWithout('', 'text', bytes),
      hash: `size-${bytes}`,
      nature: 'data',
      tokens: Math.round(bytes / 3),
      fallback: `over ${MAX_READ_BYTES / 1024 / 1024} MB: not read, tokens by its size`,
    }
  const content = given === undefined ? readFileSync(join(root, path)) : Buffer.from(given)
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 32)
  if (hash === knownHash) return undefined
  if (isBinary(content)) return { ...factsWithout('binary', 'binary', content.length), hash }
  const text = content.toString('utf8')
  const { lines, longestLine } = measure(text)
  const head = text.slice(0, HEAD_BYTES)
  const language = languageOf(path, head.slice(0, head.indexOf('\n') >>> 0))
  const nature = natureOf({ path, head, bytes: content.length, lines, longestLine })
  const parsed =
    unparsed === undefined ? await parse(path, text, language, nature, tools) : { fallback: unparsed }
  return {
    ...{ hash, language: language.name, nature, bytes: content.length, lines, tokens: tokensOf(text, tools) },
    ...{ cyclomatic: 0, cognitive: 0, ...parsed },
  }
}

/** A syntax tree's facts, or why there are none. */
async function parse(
  path: string,
  text: string,
  language: Language,
  nature: Nature,
  tools: Tools,
): Promise<Partial<FileFacts>> {
  if (language.parser === 'none') return { fallback: `no parser for ${language.name}` }
  if (UNPARSED.includes(nature)) return { fallback: nature }
  if (text.length > MAX_PARSED_BYTES) return { fallback: 'over 1 MB' }
  let analyzer: Analyzer | undefined
  try {
    analyzer = await tools.analyzerOf(language)
  } catch {
    return { fallback: `the parser of ${language.name} is not installed`, unloaded: true }
  }
  if (analyzer === undefined) return { fallback: `no parser for ${language.name}` }
  try {
    const { outline: _, cyclomatic, cognitive, ...tree } = analyzer.parse(path, text)
    return { cyclomatic, cognitive, tree }
  } catch (error) {
    return { fallback: `not parsed: ${error instanceof Error ? error.message.slice(0, 200) : error}` }
  }
}

/** Tokens of the whole; of a very long text as its beginning, middle and end have them. */
function tokensOf(text: string, { countTokens }: Tools): number {
  if (text.length <= MAX_COUNTED_BYTES) return countTokens(text)
  const part = MAX_COUNTED_BYTES / 4
  const middle = (text.length - part) >>> 1
  const parts = [text.slice(0, part), text.slice(middle, middle + part), text.slice(-part)]
  return Math.round((parts.reduce((sum, one) => sum + countTokens(one), 0) / (3 * part)) * text.length)
}

function measure(text: string): { lines: number; longestLine: number } {
  let [lines, longestLine, from] = [0, 0, 0]
  while (from < text.length) {
    const end = text.indexOf('\n', from)
    const to = end < 0 ? text.length : end
    longestLine = Math.max(longestLine, to - from)
    lines++
    from = to + 1
  }
  return { lines, longestLine }
}
