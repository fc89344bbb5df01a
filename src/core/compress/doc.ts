import type { Doc, Kind, LeftOut, Line } from './strategy.ts'

/** A document of a whole text. */
export function docOf(text: string, kind: Kind, pinned: readonly string[] = []): Doc {
  const lines = text.split('\n').map((line, i) => ({ text: line, from: i + 1, to: i + 1 }))
  return { text, kind, pinned, lines, leftOut: [], notes: [] }
}

/** The document with other lines; what it says of itself is added to. */
export function withLines(
  doc: Doc,
  lines: readonly Line[],
  { notes = [], leftOut = [] }: { notes?: readonly string[]; leftOut?: readonly LeftOut[] } = {},
): Doc {
  const { value: _, plain: __, ...rest } = doc
  return {
    ...rest,
    text: lines.map(({ text }) => text).join('\n'),
    lines,
    notes: [...doc.notes, ...notes.filter((note) => !doc.notes.includes(note))],
    leftOut: [...doc.leftOut, ...leftOut],
  }
}

/** Indices of the lines that hold any part of what is pinned. */
export function pinnedLines({ text, pinned, lines }: Doc): ReadonlySet<number> {
  const found = new Set<number>()
  if (pinned.length === 0) return found
  const starts: number[] = []
  let offset = 0
  for (const line of lines) {
    starts.push(offset)
    offset += line.text.length + 1
  }
  for (const one of pinned) {
    if (one === '') continue
    for (let at = text.indexOf(one); at >= 0; at = text.indexOf(one, at + 1)) {
      let line = lastAtOrBefore(starts, at)
      for (; line < starts.length && starts[line]! < at + one.length; line++) found.add(line)
    }
  }
  return found
}

function lastAtOrBefore(starts: readonly number[], offset: number): number {
  let [low, high] = [0, starts.length - 1]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (starts[middle]! <= offset) low = middle
    else high = middle - 1
  }
  return low
}

/** A run of lines of a document, by their indices, both included. */
export interface Run {
  readonly from: number
  readonly to: number
  /** What they are: `38 passed tests`; their number stands before it where it has none. */
  readonly what: string
}

/** Runs of the lines that are to go, with what each run is; shorter ones than `least` stay, as a mark costs as much. */
export function runsOf(
  goes: readonly boolean[],
  least: number,
  whatOf: (from: number, to: number) => string,
): readonly Run[] {
  const runs: Run[] = []
  for (let i = 0; i < goes.length; i++) {
    if (!goes[i]) continue
    const from = i
    while (i + 1 < goes.length && goes[i + 1]) i++
    if (i - from + 1 >= least) runs.push({ from, to: i, what: whatOf(from, i) })
  }
  return runs
}

/** Takes lines out with no mark in their place; `note` says which. What is pinned stays. */
export function dropLines(doc: Doc, goes: readonly boolean[], note: string): Doc {
  const pinned = pinnedLines(doc)
  const leftOut: LeftOut[] = []
  const lines = doc.lines.filter((line, i) => {
    if (!goes[i] || pinned.has(i)) return true
    const last = leftOut.at(-1)
    if (last !== undefined && last.to === line.from - 1)
      leftOut[leftOut.length - 1] = { ...last, to: line.to }
    else leftOut.push({ from: line.from, to: line.to, what: note })
    return false
  })
  return leftOut.length === 0 ? doc : withLines(doc, lines, { notes: [`${note} left out`], leftOut })
}

/** Replaces runs of lines by one mark each, in order, none overlapping. A run that holds what is pinned stays. */
export function leaveOut(doc: Doc, runs: readonly Run[]): Doc {
  const pinned = pinnedLines(doc)
  const lines: Line[] = []
  const leftOut: LeftOut[] = []
  let next = 0
  for (const { from, to, what } of runs) {
    if (from < next || to < from || holdsAny(pinned, from, to)) continue
    lines.push(...doc.lines.slice(next, from))
    const range = { from: doc.lines[from]!.from, to: doc.lines[to]!.to }
    leftOut.push({ ...range, what })
    lines.push({ text: markOf(doc.lines[from]!.text, range, what), ...range })
    next = to + 1
  }
  if (leftOut.length === 0) return doc
  lines.push(...doc.lines.slice(next))
  return withLines(doc, lines, { leftOut })
}

function holdsAny(some: ReadonlySet<number>, from: number, to: number): boolean {
  if (some.size === 0) return false
  for (let i = from; i <= to; i++) if (some.has(i)) return true
  return false
}

/** Stands where lines were: `[… 12-96: 38 passed tests]`, indented as the first of them; pairs with put-back.ts, and marker.ts in core/verdict. */
export function markOf(first: string, { from, to }: { from: number; to: number }, what: string): string {
  return `${/^[ \t]{0,8}/.exec(first)![0]}[… ${from === to ? from : `${from}-${to}`}: ${what}]`
}
