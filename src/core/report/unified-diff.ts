import type { Paint } from './paint.ts'
import { printable } from './printable.ts'

/** Unchanged lines shown around a change. */
const CONTEXT_LINES = 3
/** A longer line is shown cut: some configs are one line of a megabyte. */
const MAX_SHOWN_LENGTH = 300
/** Of such a line, characters shown on each side of what changed. */
const AROUND_LENGTH = 40

interface Step {
  readonly kind: ' ' | '-' | '+'
  readonly line: string
  readonly before: number
  readonly after: number
}

/** The unified diff of two texts, or '' when they are equal. */
export function unifiedDiff(file: string, before: string, after: string, paint: Paint): string {
  if (before === after) return ''
  const steps = stepsBetween(linesOf(before), linesOf(after))
  const hunks = hunksOf(steps).map((hunk) => hunkText(hunk, paint))
  return `${paint.strong(`--- ${printable(file)}\n+++ ${printable(file)}`)}\n${hunks.join('')}`
}

function linesOf(text: string): readonly string[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}

/** Myers' shortest edit script (An O(ND) Difference Algorithm, 1986), between the common head and tail. */
function stepsBetween(before: readonly string[], after: readonly string[]): readonly Step[] {
  let head = 0
  while (head < before.length && before[head] === after[head]) head += 1
  let tail = 0
  const rest = Math.min(before.length, after.length) - head
  while (tail < rest && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1
  const a = before.slice(head, before.length - tail)
  const b = after.slice(head, after.length - tail)
  const kinds = [' '.repeat(head), ...script(a, b), ' '.repeat(tail)].join('')
  let i = 0
  let j = 0
  return [...kinds].map((kind) => {
    const step = {
      kind: kind as Step['kind'],
      line: (kind === '+' ? after[j] : before[i])!,
      before: i,
      after: j,
    }
    if (kind !== '+') i += 1
    if (kind !== '-') j += 1
    return step
  })
}

function script(a: readonly string[], b: readonly string[]): readonly string[] {
  const trace: Map<number, number>[] = []
  let reach = new Map([[1, 0]])
  for (let depth = 0; ; depth += 1) {
    trace.push(reach)
    const next = new Map(reach)
    for (let k = -depth; k <= depth; k += 2) {
      let x = goesDown(reach, k, depth) ? reach.get(k + 1)! : reach.get(k - 1)! + 1
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x += 1
      next.set(k, x)
      if (x >= a.length && x - k >= b.length) return walkBack(trace, a.length, b.length)
    }
    reach = next
  }
}

function goesDown(reach: ReadonlyMap<number, number>, k: number, depth: number): boolean {
  return k === -depth || (k !== depth && reach.get(k - 1)! < reach.get(k + 1)!)
}

function walkBack(trace: readonly ReadonlyMap<number, number>[], x: number, y: number): readonly string[] {
  const kinds: string[] = []
  for (let depth = trace.length - 1; depth >= 0; depth -= 1) {
    const reach = trace[depth]!
    const k = x - y
    const down = goesDown(reach, k, depth)
    const fromX = depth === 0 ? 0 : reach.get(down ? k + 1 : k - 1)!
    const fromY = depth === 0 ? 0 : fromX - (down ? k + 1 : k - 1)
    while (x > fromX && y > fromY) {
      kinds.push(' ')
      x -= 1
      y -= 1
    }
    if (depth > 0) kinds.push(down ? '+' : '-')
    x = fromX
    y = fromY
  }
  return kinds.reverse()
}

function hunksOf(steps: readonly Step[]): readonly (readonly Step[])[] {
  const hunks: Step[][] = []
  let lastShown = -1
  steps.forEach((step, index) => {
    if (step.kind === ' ') return
    const from = Math.max(index - CONTEXT_LINES, lastShown + 1)
    if (hunks.length === 0 || from > lastShown + 1) hunks.push([])
    const to = Math.min(index + CONTEXT_LINES, steps.length - 1)
    hunks.at(-1)!.push(...steps.slice(Math.max(from, lastShown + 1), to + 1))
    lastShown = Math.max(lastShown, to)
  })
  return hunks
}

function hunkText(hunk: readonly Step[], paint: Paint): string {
  const first = hunk[0]!
  const count = (kind: string) => hunk.filter((step) => step.kind !== kind).length
  const head = `@@ -${first.before + 1},${count('+')} +${first.after + 1},${count('-')} @@`
  const partners = partnersIn(hunk)
  const lines = hunk.map((step) => {
    const { kind, line } = step
    const text = kind + printable(cut(line.replace(/\r$/, ''), partners.get(step)?.line.replace(/\r$/, '')))
    return kind === '-' ? paint.bad(text) : kind === '+' ? paint.good(text) : text
  })
  return `${[paint.faint(head), ...lines].join('\n')}\n`
}

/** The line that replaces each line, and the other way round, where as many lines go as come. */
function partnersIn(hunk: readonly Step[]): ReadonlyMap<Step, Step> {
  const partners = new Map<Step, Step>()
  for (let at = 0; at < hunk.length; ) {
    const run = (kind: Step['kind'], from: number) => {
      let to = from
      while (hunk[to]?.kind === kind) to += 1
      return hunk.slice(from, to)
    }
    const gone = run('-', at)
    const come = run('+', at + gone.length)
    if (gone.length === come.length) {
      for (const [index, step] of gone.entries()) {
        partners.set(step, come[index]!)
        partners.set(come[index]!, step)
      }
    }
    at += Math.max(gone.length + come.length, 1)
  }
  return partners
}

/** A long line is shown around what sets it apart from its partner; of a long difference, both ends. */
function cut(line: string, partner: string | undefined): string {
  if (line.length <= MAX_SHOWN_LENGTH) return line
  const [from, to] = partner === undefined ? [0, line.length] : differenceIn(line, partner)
  const parts =
    to - from <= MAX_SHOWN_LENGTH
      ? [line.slice(from, to)]
      : [line.slice(from, from + MAX_SHOWN_LENGTH / 2), line.slice(to - MAX_SHOWN_LENGTH / 2, to)]
  return `${from > 0 ? '…' : ''}${parts.join('…')}${to < line.length ? '…' : ''} (${line.length} characters)`
}

function differenceIn(line: string, partner: string): readonly [from: number, to: number] {
  const most = Math.min(line.length, partner.length)
  let head = 0
  while (head < most && line[head] === partner[head]) head += 1
  let tail = 0
  while (tail < most - head && line.at(-1 - tail) === partner.at(-1 - tail)) tail += 1
  return [Math.max(0, head - AROUND_LENGTH), Math.min(line.length, line.length - tail + AROUND_LENGTH)]
}
