import { lineIndex, partsOf } from './copies.ts'
import { labelsOf } from './labels.ts'
import { lineEdits } from './line-edits.ts'
import { DEFAULT_WORK, matchRuns, numbered, type Work } from './match.ts'
import type { Glimpse, Hunk, Part, Patch } from './patch.ts'
import { type Kind, kindOf, sectionsOf } from './sections.ts'
import { glimpse, linesOf, SHOWN_CHARS, textHash } from './text.ts'

/** How texts are compared. */
export interface DiffOptions {
  /** What kind of text it is; looked at where it is not said. */
  readonly kind?: Kind
  /** Bound on comparisons; beyond it the diff gets coarser. */
  readonly work?: number
}

/** Lines of which all are shown where they go; of more, the first and the last. */
const MAX_SHOWN = 3
/** How far ahead the line is looked for that one became. */
const NEAR_LINES = 8

/**
 * The patch from one text to another: lines put in and taken out, blocks that moved, changes inside long lines, each with its section. Exact for
 * any two strings: apply() in apply.ts makes the next text of the base, code unit by code unit. Time is bounded: where comparing takes too long,
 * more counts as changed.
 */
export function diff(base: string, next: string, options: DiffOptions = {}): Patch {
  const work: Work = { left: options.work ?? DEFAULT_WORK }
  const [a, b] = [linesOf(base), linesOf(next)]
  const [aIds, bIds] = numbered(a, b)
  const index = lineIndex(aIds, a)
  const hunks: Omit<Hunk, 'label'>[] = []
  const ranges: (readonly [number, number])[] = []
  for (const [aFrom, aTo, bFrom, bTo] of changed(a, aIds, bIds, work)) {
    const gone = a.slice(aFrom, aTo)
    const parts = withLineEdits(gone, aFrom, partsOf(bIds, b, [bFrom, bTo], index, work), work)
    const edited = new Set(parts.flatMap((part) => (part.kind === 'edit' ? [part.line - 1 - aFrom] : [])))
    const was = glimpseOf(gone.filter((_, i) => !edited.has(i)))
    hunks.push({ from: aFrom + 1, count: aTo - aFrom, parts, was })
    ranges.push([bFrom, bTo])
  }
  const kind = options.kind ?? kindOf(b.length > 0 ? b : a)
  const labels = labelsOf(hunks, ranges, {
    base: sectionsOf(a, kind),
    next: sectionsOf(b, kind),
    baseLines: a,
    nextLines: b,
  })
  return {
    base: { hash: textHash(base), lines: a.length },
    next: { hash: textHash(next), lines: b.length },
    hunks: hunks.map((hunk, i) => ({ ...hunk, label: labels[i]! })),
  }
}

/** What lies between the lines that both have; what is parted by almost nothing is one. */
function changed(
  a: readonly string[],
  aIds: Int32Array,
  bIds: Int32Array,
  work: Work,
): readonly (readonly [aFrom: number, aTo: number, bFrom: number, bTo: number])[] {
  const all: [number, number, number, number][] = []
  let [aAt, bAt] = [0, 0]
  const put = (aTo: number, bTo: number) => {
    const last = all.at(-1)
    if (aTo === aAt && bTo === bAt) return
    if (last !== undefined && charsOf(a, last[1], aAt) <= MAX_PARTING_CHARS) {
      last[1] = aTo
      last[3] = bTo
    } else all.push([aAt, aTo, bAt, bTo])
  }
  for (const run of matchRuns(aIds, bIds, work)) {
    put(run.a, run.b)
    aAt = run.a + run.length
    bAt = run.b + run.length
  }
  put(aIds.length, bIds.length)
  return all
}

/** A hunk's head costs more than to repeat these. */
const MAX_PARTING_CHARS = 6

function charsOf(lines: readonly string[], from: number, to: number): number {
  let chars = 0
  for (let at = from; at < to && chars <= MAX_PARTING_CHARS; at++) chars += lines[at]!.length
  return chars
}

/** Puts edits in the place of new lines that are an old line with something changed inside. */
function withLineEdits(gone: readonly string[], offset: number, parts: readonly Part[], work: Work): Part[] {
  let free = 0
  return parts.flatMap((part): Part[] => {
    if (part.kind !== 'text') return [part]
    const made: Part[] = []
    let text: string[] = []
    for (const line of part.lines) {
      const near = mostAlike(gone, free, line)
      const edits = near === undefined || work.left <= 0 ? undefined : lineEdits(gone[near]!, line, work)
      if (near === undefined || edits === undefined) text.push(line)
      else {
        if (text.length > 0) made.push({ kind: 'text', lines: text })
        text = []
        made.push({ kind: 'edit', line: offset + near + 1, edits })
        free = near + 1
      }
    }
    if (text.length > 0) made.push({ kind: 'text', lines: text })
    return made
  })
}

/** The old line nearby that has most in common with this one at both ends, a third of it at least. */
function mostAlike(gone: readonly string[], from: number, line: string): number | undefined {
  let [best, most] = [undefined as number | undefined, 0]
  for (let at = from; at < Math.min(gone.length, from + NEAR_LINES); at++) {
    const shared = sharedEnds(gone[at]!, line)
    if (shared <= most || shared * 3 < Math.min(gone[at]!.length, line.length, MAX_ENDS)) continue
    best = at
    most = shared
  }
  return best ?? (gone.length === 1 && from === 0 ? 0 : undefined)
}

/** Of a line's ends, how much is compared to find the one that it was. */
const MAX_ENDS = 1_000

/** Code units that two lines have in common at both ends, counted up to MAX_ENDS. */
function sharedEnds(a: string, b: string): number {
  const max = Math.min(a.length, b.length, MAX_ENDS)
  let head = 0
  while (head < max && a.charCodeAt(head) === b.charCodeAt(head)) head++
  let tail = 0
  while (head + tail < max && a.charCodeAt(a.length - 1 - tail) === b.charCodeAt(b.length - 1 - tail)) tail++
  return head + tail
}

function glimpseOf(lines: readonly string[]): Glimpse {
  const some = (from: number, to?: number) => lines.slice(from, to).map((line) => glimpse(line, SHOWN_CHARS))
  if (lines.length <= MAX_SHOWN) return { head: some(0), hidden: 0, tail: [] }
  return { head: some(0, 1), hidden: lines.length - 2, tail: some(-1) }
}
