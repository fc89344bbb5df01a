import { bagOf } from '../../bm25.ts'
import { clustersOf, SEVERE, wordsOf } from '../clusters.ts'
import { leaveOut, runsOf } from '../doc.ts'
import { leaving } from './strategy.ts'

const MIN_LINES = 6
const MIN_RUN = 3
const SHOWN_CHARS = 60
/** Roughly, to stop by. */
const CHARS_PER_TOKEN = 3

/**
 * Lines that say the same but for some words are counted, those of the most frequent patterns first, until it is enough. What stays: the first and the last of each pattern, the largest of each of its numbers,
 * rare lines, and each that says that something went wrong or has a word of the query.
 */
export const FOLD = leaving('fold', (doc, target, { count, query }) => {
  const texts = doc.lines.map(({ text }) => text)
  const wanted = [...bagOf(query).counts.keys()]
  const words = texts.map(wordsOf)
  const goes = texts.map(() => false)
  const patternOf = new Map<number, string>()
  let over = count(doc.text) - target
  const clusters = clustersOf(words, { byShape: true }).toSorted((a, b) => b.lines.length - a.lines.length)
  for (const { words: pattern, lines } of clusters) {
    if (lines.length < MIN_LINES || over <= 0) break
    const stays = new Set([lines[0]!, lines.at(-1)!, ...largest(lines, pattern, words)])
    const text = pattern.map((word) => word ?? '{}').join(' ')
    for (const line of lines) {
      const isWanted = wanted.some((word) => texts[line]!.toLowerCase().includes(word))
      if (stays.has(line) || SEVERE.test(texts[line]!) || isWanted) continue
      goes[line] = true
      over -= texts[line]!.length / CHARS_PER_TOKEN
      patternOf.set(line, text)
    }
  }
  return leaveOut(
    doc,
    runsOf(goes, MIN_RUN, (from, to) => {
      const patterns = new Set(Array.from({ length: to - from + 1 }, (_, i) => patternOf.get(from + i)!))
      const [first] = patterns
      const shown = first!.length > SHOWN_CHARS ? `${first!.slice(0, SHOWN_CHARS - 1)}…` : first!
      return `${to - from + 1} like "${shown}"${patterns.size > 1 ? ` and ${patterns.size - 1} more` : ''}`
    }),
  )
})

/** For each place that holds a number in every line, the line with the largest. */
function largest(
  lines: readonly number[],
  pattern: readonly (string | undefined)[],
  words: readonly ReturnType<typeof wordsOf>[],
): number[] {
  const found: number[] = []
  for (const [at, word] of pattern.entries()) {
    if (word !== undefined) continue
    let [best, most, same] = [-1, Number.NEGATIVE_INFINITY, 0]
    for (const line of lines) {
      const number = Number(
        /^\D{0,24}(\d+(?:\.\d+)?)[a-zµ%|,;]{0,4}$/.exec(words[line]!.words[at]!)?.[1] ?? Number.NaN,
      )
      if (Number.isNaN(number)) {
        best = -1
        break
      }
      if (number > most) [best, most, same] = [line, number, 1]
      else if (number === most) same++
    }
    // A number that many have stands out nowhere.
    if (best >= 0 && same <= 2) found.push(best)
  }
  return found
}
