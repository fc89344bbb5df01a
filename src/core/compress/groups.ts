import { pinnedLines, withLines } from './doc.ts'
import type { Doc, Line, Problem, Strategy } from './strategy.ts'

const MIN_PREFIX = 6
const MIN_RUN = 3
/** Characters that a head of its own takes. */
const HEAD_CHARS = 12
const MIN_GAIN = 24
const HEAD = /^\[(\d+) × (.+)…\]$/
/** A beginning ends behind one of these, so that what is left is words. */
const DELIMITER = /[/:(>|,\s]/

/** Lines in a row that begin alike: the beginning once, with how many lines it is for. */
export const GROUPS: Strategy = {
  name: 'groups',
  exactness: 'text',
  lossless: true,
  execute: (doc) => {
    if (doc.lines.some(({ text }) => HEAD.test(text))) return doc
    const pinned = pinnedLines(doc)
    const texts = doc.lines.map(({ text }) => text)
    const shared = texts.map((text, i) =>
      pinned.has(i) || pinned.has(i + 1) ? 0 : sharedStart(text, texts[i + 1] ?? ''),
    )
    const lines: Line[] = []
    for (let i = 0; i < texts.length; ) {
      const group = groupAt(texts, shared, i)
      if (group === undefined) {
        lines.push(doc.lines[i++]!)
        continue
      }
      const members = doc.lines.slice(i, i + group.count)
      const prefix = texts[i]!.slice(0, group.length)
      lines.push({ text: `[${group.count} × ${prefix}…]`, from: members[0]!.from, to: members.at(-1)!.to })
      for (const line of members) lines.push({ ...line, text: line.text.slice(group.length) })
      i += group.count
    }
    if (lines.length === doc.lines.length) return doc
    return withLines(doc, lines, { notes: ['[N × P…] = the next N lines begin with P'] })
  },
  validate: (before, after) => readBack(before, after),
}

function sharedStart(a: string, b: string): number {
  const most = Math.min(a.length, b.length)
  let length = 0
  while (length < most && a.charCodeAt(length) === b.charCodeAt(length)) length++
  return length
}

/** The beginning from here on that saves most, by characters. */
function groupAt(
  texts: readonly string[],
  shared: readonly number[],
  i: number,
): { length: number; count: number } | undefined {
  let best: { length: number; count: number; gain: number } | undefined
  let least = Number.POSITIVE_INFINITY
  for (let j = i; j < texts.length - 1; j++) {
    least = Math.min(least, shared[j]!)
    if (least < MIN_PREFIX) break
    // Only where the next line has less in common is another length worth a look.
    if (shared[j + 1] !== undefined && shared[j + 1]! >= least && j + 2 < texts.length) continue
    const count = j - i + 2
    let length = least
    while (length >= MIN_PREFIX && !DELIMITER.test(texts[i]![length - 1]!)) length--
    const gain = (count - 1) * length - HEAD_CHARS
    if (count >= MIN_RUN && length >= MIN_PREFIX && gain >= MIN_GAIN && gain > (best?.gain ?? 0))
      best = { length, count, gain }
  }
  // White space alone is a word or two however long it is.
  return best !== undefined && texts[i]!.slice(0, best.length).trim().length >= MIN_PREFIX ? best : undefined
}

function readBack(before: Doc, after: Doc): readonly Problem[] {
  const out: string[] = []
  let [left, prefix] = [0, '']
  for (const { text } of after.lines) {
    const head = left === 0 ? HEAD.exec(text) : null
    if (head !== null) {
      left = Number(head[1])
      prefix = head[2]!
    } else if (left > 0) {
      out.push(prefix + text)
      left--
    } else out.push(text)
  }
  return out.join('\n') === before.text ? [] : [{ message: 'read back, it is another text' }]
}
