import { contentClassOf } from '../../tokens/content-class.ts'
import { dropLines, leaveOut, type Run } from '../doc.ts'
import type { Doc } from '../strategy.ts'
import { leaving } from './strategy.ts'

/** Unchanged lines on each side of a change. */
const CONTEXT = 1
const MAX_ADDED = 40
const SHOWN_OF_ADDED = 15
const GENERATED =
  /(^|\/)(dist|build|vendor|node_modules|__snapshots__)\/|\.(min\.(js|css)|map|snap|svg|pb\.go)$/

/** Changes of lock files and of what is generated are counted; what the first line of a file's diff says already is not said again. */
export const LOCK_HUNKS = leaving('locks', (doc) => {
  const runs: Run[] = []
  for (const { path, from, to } of filesOf(doc)) {
    if (contentClassOf(path) !== 'lock' && !GENERATED.test(path)) continue
    const texts = doc.lines.slice(from + 1, to + 1).map(({ text }) => text)
    const [added, removed] = ['+', '-'].map((sign) => texts.filter((text) => text.startsWith(sign)).length)
    if (texts.length > 3)
      runs.push({ from: from + 1, to, what: `generated file, +${added} -${removed} lines` })
  }
  return leaveOut(doc, runs)
})

/** Unchanged lines further from a change than one, and headers that repeat the path. */
export const CONTEXT_LINES = leaving('context', (doc) => {
  const texts = doc.lines.map(({ text }) => text)
  const isIn = inHunks(texts)
  const goes = texts.map((text, i) => {
    if (!isIn[i]) return /^index [0-9a-f]+\.\.[0-9a-f]+/.test(text)
    if (!text.startsWith(' ') && text !== '') return false
    for (let at = i - CONTEXT; at <= i + CONTEXT; at++)
      if (isIn[at] && /^[-+]/.test(texts[at] ?? '')) return false
    return true
  })
  return dropLines(doc, goes, 'context lines of the diff')
})

/** Long passages of nothing but added or removed lines, but for how they begin. */
export const LONG_ADDITIONS = leaving('additions', (doc) => {
  const texts = doc.lines.map(({ text }) => text)
  const isIn = inHunks(texts)
  const runs: Run[] = []
  for (let i = 0; i < texts.length; i++) {
    const sign = isIn[i] ? texts[i]![0] : undefined
    if (sign !== '+' && sign !== '-') continue
    const from = i
    while (isIn[i + 1] && texts[i + 1]![0] === sign) i++
    const count = i - from + 1
    if (count > MAX_ADDED)
      runs.push({ from: from + SHOWN_OF_ADDED, to: i, what: `${count - SHOWN_OF_ADDED} more ${sign} lines` })
  }
  return leaveOut(doc, runs)
})

/** Whether each line is of a hunk, by the numbers in its head: a line of a text that looks like a head is none. */
function inHunks(texts: readonly string[]): readonly boolean[] {
  let [before, after] = [0, 0]
  return texts.map((text) => {
    if (before <= 0 && after <= 0) {
      const head = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/.exec(text)
      if (head !== null) [before, after] = [Number(head[1] ?? 1), Number(head[2] ?? 1)]
      return false
    }
    if (text.startsWith('\\')) return true
    if (!text.startsWith('+')) before--
    if (!text.startsWith('-')) after--
    return true
  })
}

function filesOf({ lines }: Doc): { path: string; from: number; to: number }[] {
  const starts = lines.flatMap(({ text }, i) => {
    const path = /^diff --git a\/(.+) b\/.+$/.exec(text)?.[1]
    return path === undefined ? [] : [{ path, from: i }]
  })
  return starts.map(({ path, from }, i) => ({ path, from, to: (starts[i + 1]?.from ?? lines.length) - 1 }))
}
