import { type Cluster, clustersOf, SEVERE, type Words, wordsOf } from './clusters.ts'
import { pinnedLines, withLines } from './doc.ts'
import { type Slot, slotsOf, templateText, varying, wordAt } from './slots.ts'
import type { Doc, Line, Problem, Strategy } from './strategy.ts'

const MIN_LINES = 4
/** Few lines that say what went wrong are worth reading as they are. */
const MIN_SEVERE_LINES = 8
const MIN_SAVED_CHARS = 40
const MIN_RUN = 3
const NAMES = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ']
const MARK = /^~[A-Z](:| |$)/
/** Stands for a value of no characters. */
const EMPTY = '∅'

interface Template {
  readonly name: string
  readonly text: string
  readonly slots: readonly Slot[]
}

/** Lines of one pattern: the pattern once, then what varies in each. */
export const TEMPLATES: Strategy = {
  name: 'templates',
  exactness: 'text',
  lossless: true,
  execute: (doc) => {
    if (doc.lines.some(({ text }) => MARK.test(text))) return doc
    const pinned = pinnedLines(doc)
    const words = doc.lines.map(({ text }, i) =>
      pinned.has(i) || text.startsWith('[') ? undefined : wordsOf(text),
    )
    const byLine = templatesOf(doc, words)
    if (byLine.size === 0) return doc
    return withLines(doc, linesBy(doc, words, byLine), {
      notes: ['~A: pattern; ~A values fill its {}; ~A ×N: N lines of values'],
    })
  },
  validate: (before, after) => readBack(before, after),
}

function templatesOf(doc: Doc, words: readonly (Words | undefined)[]): ReadonlyMap<number, Template> {
  const byLine = new Map<number, Template>()
  const worth = clustersOf(words)
    .filter(({ lines }) => lines.length >= MIN_LINES)
    .flatMap((cluster) => {
      const slots = slotsOf(cluster, words)
      if (slots === undefined) return []
      const saved = savedChars(doc, cluster, slots, words)
      const isSevere = cluster.lines.some((i) => SEVERE.test(doc.lines[i]!.text))
      return saved < MIN_SAVED_CHARS || (isSevere && cluster.lines.length < MIN_SEVERE_LINES)
        ? []
        : [{ cluster, slots, saved }]
    })
    .sort((a, b) => b.saved - a.saved || a.cluster.lines[0]! - b.cluster.lines[0]!)
    .slice(0, NAMES.length)
    .sort((a, b) => a.cluster.lines[0]! - b.cluster.lines[0]!)
  for (const [n, { cluster, slots }] of worth.entries()) {
    const template = { name: `~${NAMES[n]!}`, text: templateText(slots), slots }
    for (const line of cluster.lines) byLine.set(line, template)
  }
  return byLine
}

function savedChars(
  doc: Doc,
  { lines }: Cluster,
  slots: readonly Slot[],
  words: readonly (Words | undefined)[],
): number {
  const before = lines.reduce((sum, i) => sum + doc.lines[i]!.text.length, 0)
  const after = lines.reduce((sum, i) => sum + valuesOf(slots, words[i]!).length + 4, 0)
  return before - after - templateText(slots).length
}

function valuesOf(slots: readonly Slot[], words: Words): string {
  return slots
    .flatMap((slot, at) => (slot.word === undefined ? varying(slot, words.words[at]!) || EMPTY : []))
    .join(' ')
}

function linesBy(
  doc: Doc,
  words: readonly (Words | undefined)[],
  byLine: ReadonlyMap<number, Template>,
): Line[] {
  const lines: Line[] = []
  const said = new Set<Template>()
  for (let i = 0; i < doc.lines.length; ) {
    const line = doc.lines[i]!
    const template = byLine.get(i)
    if (template === undefined) {
      lines.push(line)
      i++
      continue
    }
    if (!said.has(template)) lines.push({ ...line, text: `${template.name}: ${template.text}` })
    said.add(template)
    let end = i + 1
    while (byLine.get(end) === template) end++
    const isRun = end - i >= MIN_RUN
    if (isRun) lines.push({ ...line, text: `${template.name} ×${end - i}` })
    for (; i < end; i++) {
      const values = valuesOf(template.slots, words[i]!)
      lines.push({ ...doc.lines[i]!, text: isRun ? values : `${template.name} ${values}`.trimEnd() })
    }
  }
  return lines
}

/** As a reader would: by what the text says alone. */
function readBack(before: Doc, after: Doc): readonly Problem[] {
  const patterns = new Map<string, string>()
  const out: string[] = []
  let [left, current] = [0, '']
  for (const { text } of after.lines) {
    const name = /^~[A-Z]/.exec(text)?.[0] ?? ''
    if (left > 0) {
      out.push(filled(patterns.get(current)!, text))
      left--
    } else if (name === '' || !MARK.test(text)) out.push(text)
    else if (text[2] === ':') patterns.set(name, text.slice(4))
    else if (/^~[A-Z] ×\d+$/.test(text)) [left, current] = [Number(text.slice(4)), name]
    else out.push(filled(patterns.get(name)!, text.slice(3)))
  }
  return out.join('\n') === before.text ? [] : [{ message: 'read back, it is another text' }]
}

function filled(pattern: string, values: string): string {
  const all = values.split(' ')
  let next = 0
  return pattern.replace(/( *)\{([<>]?)(\d*)\}/g, (_, blanks: string, side: string, width: string) => {
    const value = all[next++] ?? ''
    return wordAt(blanks, side, Number(width), value === EMPTY ? '' : value)
  })
}
