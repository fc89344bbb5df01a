/** A line in words and what stands before each. */
export interface Words {
  readonly words: readonly string[]
  readonly blanks: readonly string[]
}

/** Lines of one pattern, by their indices, in order. */
export interface Cluster {
  /** The word where all have the same, else undefined. */
  readonly words: readonly (string | undefined)[]
  readonly lines: readonly number[]
}

const MAX_WORDS = 60
/** With what ends it: cells and values are words of their own. */
const WORD = /(\s*)([^\s|,;=]+[|,;=]*|[|,;=]+)/g
/** Of the words of a line, so many are as in its pattern; source: He et al., Drain: An Online Log Parsing Approach, ICWS 2017, §IV (0.5 there). */
const MIN_SIMILARITY = 0.5
/** Patterns of as many words that a line is held against. */
const MAX_PATTERNS = 48
const VARIES = /\d/

/** A line in words; undefined for one that is too long to be of a pattern, or that ends in white space. */
export function wordsOf(line: string): Words | undefined {
  const words: string[] = []
  const blanks: string[] = []
  for (const [, blank, word] of line.matchAll(WORD)) {
    if (words.length >= MAX_WORDS) return undefined
    words.push(word!)
    blanks.push(blank!)
  }
  return words.length === 0 || /\s$/.test(line) ? undefined : { words, blanks }
}

/**
 * Lines that say the same but for some words, as Drain finds them: of as many words, most of them alike; words with digits are taken to vary. In
 * the order of their first lines. By shape, lines of which each word varies are alike where the words differ in digits only.
 */
export function clustersOf(
  lines: readonly (Words | undefined)[],
  { byShape = false } = {},
): readonly Cluster[] {
  const byLength = new Map<number, Growing[]>()
  const all: Growing[] = []
  for (const [i, line] of lines.entries()) {
    if (line === undefined) continue
    const { words } = line
    const patterns = byLength.get(words.length) ?? []
    if (patterns.length === 0) byLength.set(words.length, patterns)
    let [best, likeness] = [undefined as Growing | undefined, 0]
    const shapes = byShape ? words.map(shapeOf) : undefined
    for (const pattern of patterns) {
      const found = similarity(pattern, words, shapes)
      if (found > likeness) [best, likeness] = [pattern, found]
    }
    if (best === undefined || likeness < MIN_SIMILARITY) {
      if (patterns.length >= MAX_PATTERNS) continue
      const cluster = {
        words: words.map((word) => (VARIES.test(word) ? undefined : word)),
        lines: [i],
        ...(shapes && { shapes }),
      }
      patterns.push(cluster)
      all.push(cluster)
      continue
    }
    for (let at = 0; at < words.length; at++) if (best.words[at] !== words[at]) best.words[at] = undefined
    best.lines.push(i)
  }
  return all
}

interface Growing {
  readonly words: (string | undefined)[]
  readonly lines: number[]
  readonly shapes?: readonly string[]
}

/** A word with its numbers all alike: rows of a table may have nothing else in common. */
function shapeOf(word: string): string {
  return word.replace(/\d+(?:\.\d+)?/g, '0')
}

/** Share of the words that are the pattern's; what varies in it counts half. */
function similarity(
  { words: pattern, shapes: known }: Growing,
  words: readonly string[],
  shapes: readonly string[] | undefined,
): number {
  let same = 0
  let fixed = 0
  for (let i = 0; i < words.length; i++) {
    if (pattern[i] === undefined) {
      const isLike = shapes !== undefined && known?.[i] === shapes[i]
      same += isLike ? 1 : 0.5
      if (isLike) fixed++
    } else if (pattern[i] === words[i]) {
      same++
      fixed++
    }
  }
  return fixed === 0 ? 0 : same / words.length
}

/** What says that something went wrong, in any language of tools. */
export const SEVERE =
  /\b(err(or|no)?s?|fail(ed|ure|ures|s)?|fatal|panic(ked)?|exception|traceback|critical|crit|emerg|alert|denied|refused|abort(ed)?|timed? ?out|timeout|unhandled|uncaught|cannot|could not|unable|killed|segfault|corrupt(ed)?|conflict|missing|not found|undefined|invalid|warn(ing)?s?|deprecated|E[A-Z]{4,})\b|✗|✖|×|❌|\b[45]\d\d\b(?= )/i
