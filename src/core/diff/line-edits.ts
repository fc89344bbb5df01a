import { matchRuns, numbered, type Work } from './match.ts'
import type { Edit } from './patch.ts'
import { glimpse } from './text.ts'

/** Shorter lines are easier to read whole. */
const MIN_LINE_CHARS = 60
/** What one edit costs besides its text. */
const EDIT_CHARS = 24
/** Less than this between two edits costs more than it saves. */
const MIN_KEPT_CHARS = 24
const BEFORE_CHARS = 24
const MAX_WAS_CHARS = 80
/** Words, blanks and single characters; a surrogate pair is one, half of one too. */
const TOKEN = /[\p{L}\p{N}_]+|[^\S\n]+|[\s\S]/gu

/**
 * What changed inside a line, by words; undefined where the whole line is not worth it. Each edit brings what stands before it, as nobody finds a
 * place in a long line by counting.
 */
export function lineEdits(base: string, next: string, work: Work): readonly Edit[] | undefined {
  if (Math.min(base.length, next.length) < MIN_LINE_CHARS) return undefined
  const head = commonStart(base, next)
  const tail = commonEnd(base, next, head)
  const [was, is] = [base.slice(head, base.length - tail), next.slice(head, next.length - tail)]
  // Without anything in common but the ends, words cannot save much: they are not looked at where there are too many of them.
  const edits =
    was === '' || is === ''
      ? [{ at: head, to: head + was.length, text: is }]
      : changedWords(was, is, head, work)
  const cost = edits.reduce((sum, { at, to, text }) => {
    return sum + EDIT_CHARS + BEFORE_CHARS + Math.min(to - at, MAX_WAS_CHARS) + text.length
  }, 0)
  if (cost >= (next.length + Math.min(base.length, 100)) * 0.75) return undefined
  return edits.map(({ at, to, text }) => ({
    at,
    removed: to - at,
    text,
    before: glimpse(base.slice(Math.max(0, at - BEFORE_CHARS), at), BEFORE_CHARS),
    was: to - at <= MAX_WAS_CHARS ? base.slice(at, to) : undefined,
  }))
}

/** One line with its edits made. Throws nothing: places beyond its end take nothing. */
export function withEdits(line: string, edits: readonly Edit[]): string {
  const parts: string[] = []
  let from = 0
  for (const { at, removed, text } of edits) {
    parts.push(line.slice(from, at), text)
    from = at + removed
  }
  parts.push(line.slice(from))
  return parts.join('')
}

interface Change {
  readonly at: number
  readonly to: number
  readonly text: string
}

function changedWords(was: string, is: string, offset: number, work: Work): readonly Change[] {
  const [a, b] = [was.match(TOKEN) ?? [], is.match(TOKEN) ?? []]
  work.left -= a.length + b.length
  const [aIds, bIds] = numbered(a, b)
  const changes: { at: number; to: number; text: string }[] = []
  const [aStarts, bStarts] = [startsOf(a), startsOf(b)]
  let [aAt, bAt] = [0, 0]
  const put = (aTo: number, bTo: number) => {
    const change = {
      at: offset + aStarts[aAt]!,
      to: offset + aStarts[aTo]!,
      text: is.slice(bStarts[bAt], bStarts[bTo]),
    }
    const last = changes.at(-1)
    if (last !== undefined && change.at - last.to < MIN_KEPT_CHARS) {
      last.text += was.slice(last.to - offset, change.at - offset) + change.text
      last.to = change.to
    } else changes.push(change)
  }
  for (const { a: from, b: bFrom, length } of matchRuns(aIds, bIds, work)) {
    if (from > aAt || bFrom > bAt) put(from, bFrom)
    aAt = from + length
    bAt = bFrom + length
  }
  if (aAt < a.length || bAt < b.length) put(a.length, b.length)
  return changes
}

function startsOf(tokens: readonly string[]): Int32Array {
  const starts = new Int32Array(tokens.length + 1)
  for (let at = 0; at < tokens.length; at++) starts[at + 1] = starts[at]! + tokens[at]!.length
  return starts
}

/** Code units that both begin with; a word or a pair is not cut. */
function commonStart(a: string, b: string): number {
  const max = Math.min(a.length, b.length)
  let at = 0
  while (at < max && a.charCodeAt(at) === b.charCodeAt(at)) at++
  let kept = at
  while (kept > 0 && at - kept < MAX_WORD && isInWord(a.charCodeAt(kept - 1))) kept--
  return kept > 0 && isHigh(a.charCodeAt(kept - 1)) ? kept - 1 : kept
}

/** A number or a word of which a part changed is shown whole, unless it is none that people read. */
const MAX_WORD = 24

function isInWord(unit: number): boolean {
  return (
    (unit >= 48 && unit <= 57) || (unit >= 65 && unit <= 90) || (unit >= 97 && unit <= 122) || unit === 95
  )
}

function commonEnd(a: string, b: string, head: number): number {
  const max = Math.min(a.length, b.length) - head
  let at = 0
  while (at < max && a.charCodeAt(a.length - 1 - at) === b.charCodeAt(b.length - 1 - at)) at++
  let kept = at
  while (kept > 0 && at - kept < MAX_WORD && isInWord(a.charCodeAt(a.length - kept))) kept--
  return kept > 0 && isLow(a.charCodeAt(a.length - kept)) ? kept - 1 : kept
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff
}
