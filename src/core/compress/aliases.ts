import { withLines } from './doc.ts'
import type { Doc, Problem, Strategy } from './strategy.ts'

const NAMES = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ']
const MIN_CHARS = 12
/** Tokens of `@A`, and of what says what it stands for besides the text. */
const NAME_TOKENS = 2
const DEFINITION_TOKENS = 4
const MIN_GAIN = 12
/** Roughly, to choose by; what is chosen is counted. */
const CHARS_PER_TOKEN = 3.2
const NAMED = /@[A-Z](?![A-Za-z0-9_])/
const WORDS = /[\w@./:~%?&=+#-]{12,}/g
const MAX_CANDIDATES = 4_000

/** Long paths, addresses and words that come again and again: a letter each, said once. */
export const ALIASES: Strategy = {
  name: 'aliases',
  exactness: 'text',
  lossless: true,
  execute: (doc) => {
    if (NAMED.test(doc.text)) return doc
    const chosen = choose(doc)
    if (chosen.length === 0) return doc
    const lines = doc.lines.map((line) => {
      let { text } = line
      for (const { name, whole } of chosen) if (text.includes(whole)) text = replaced(text, whole, name)
      return text === line.text ? line : { ...line, text }
    })
    const notes = chosen.map(({ name, whole }) => `${name}=${whole}`)
    return withLines(doc, lines, { notes: [notes.join(' ')] })
  },
  validate: (before, after) => readBack(before, after),
}

interface Alias {
  readonly name: string
  readonly whole: string
}

function choose({ text, pinned }: Doc): readonly Alias[] {
  const counts = new Map<string, number>()
  for (const [word] of text.matchAll(WORDS)) {
    for (const part of beginnings(word)) {
      const known = counts.get(part)
      if (known !== undefined) counts.set(part, known + 1)
      else if (counts.size < MAX_CANDIDATES) counts.set(part, 1)
    }
  }
  const gainOf = (whole: string, count: number) => {
    const tokens = whole.length / CHARS_PER_TOKEN
    return count * (tokens - NAME_TOKENS) - tokens - DEFINITION_TOKENS
  }
  const ranked = [...counts]
    .filter(
      ([whole, count]) =>
        count > 2 && gainOf(whole, count) >= MIN_GAIN && !pinned.some((one) => one.includes(whole)),
    )
    .sort(([a, n], [b, m]) => gainOf(b, m) - gainOf(a, n) || (a < b ? -1 : 1))
  const chosen: string[] = []
  for (const [whole] of ranked) {
    if (chosen.length >= NAMES.length) break
    if (chosen.some((one) => one.includes(whole) || whole.startsWith(one))) continue
    chosen.push(whole)
  }
  // The longest first, so that none is cut by a shorter one.
  return chosen
    .sort((a, b) => b.length - a.length || (a < b ? -1 : 1))
    .map((whole, i) => ({ name: `@${NAMES[i]!}`, whole }))
}

/** A word and what it begins with, up to each slash. */
function beginnings(word: string): string[] {
  const found = [word]
  for (let at = word.length - 1; at >= MIN_CHARS; at--)
    if (word[at] === '/' && at + 1 < word.length) found.push(word.slice(0, at))
  return found
}

/** Where a letter or digit follows, the name would be read as a longer one. */
function replaced(text: string, whole: string, name: string): string {
  let out = ''
  let from = 0
  for (let at = text.indexOf(whole); at >= 0; at = text.indexOf(whole, at + whole.length)) {
    if (/\w/.test(text[at + whole.length] ?? '') || /[\w@]/.test(text[at - 1] ?? '')) continue
    out += text.slice(from, at) + name
    from = at + whole.length
  }
  return out + text.slice(from)
}

function readBack(before: Doc, after: Doc): readonly Problem[] {
  const known = new Map<string, string>()
  for (const word of after.notes.at(-1)!.split(' ')) known.set(word.slice(0, 2), word.slice(3))
  const back = after.text.replace(/@[A-Z](?![A-Za-z0-9_])/g, (name) => known.get(name) ?? name)
  return back === before.text ? [] : [{ message: 'read back, it is another text' }]
}
