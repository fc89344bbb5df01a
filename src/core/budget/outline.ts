import type { ParsedFile } from '../score/analysis.ts'
import { type Landmark, type LineRange, type Skeleton, skeletonOf, type Wanted } from './skeleton.ts'

/** A file to be shown in part. */
export interface OutlineRequest extends Wanted {
  /** As the agent named it. */
  readonly path: string
  /** As the client shows it: lines end with `\n`. */
  readonly text: string
  readonly parsed: ParsedFile | undefined
  /** Tokens that the outline may have. */
  readonly budget: number
  /** An estimate that adds up: of two texts together what it says of each. */
  readonly tokensOf: (text: string) => number
  readonly ways: Ways
}

/** How the agent gets what is not shown, in the words of its client. */
export interface Ways {
  readonly part: string
  readonly whole: string
}

/** A file in part. */
export interface Outline {
  readonly text: string
  readonly tokens: number
  readonly wholeTokens: number
  /** Lines that are in it verbatim, in order, none twice. */
  readonly shown: readonly LineRange[]
}

/** What is less worth than this is not worth a second question. */
export const MIN_SAVED_SHARE = 0.2
/** Of the budget, for the list of what there is; the rest is for lines. */
const LIST_SHARE = 0.6
/** A line longer than this is data, not text. */
const MAX_LINE_CHARS = 1_000
const MAX_IMPORTS = 30
/** A passage cut to less shows nothing. */
const MIN_PASSAGE_LINES = 3

/**
 * The outline of a file within a budget: how to get the rest, what it has with line numbers, then the passages most wanted, each line as the
 * client numbers it (`12<tab>text`), until the budget is full. The same for the same request; with a larger budget only more is added
 * behind what was there, as long as the list is whole. Undefined where it would save less than a fifth: give the file then.
 */
export function outlineOf(request: OutlineRequest): Outline | undefined {
  const { path, text, parsed, budget, tokensOf } = request
  const wholeTokens = tokensOf(text)
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  const page = new Page(tokensOf, Math.min(budget, wholeTokens * (1 - MIN_SAVED_SHARE)))
  const skeleton = skeletonOf(path, lines, parsed, request)
  page.put(headOf(request, lines.length, wholeTokens))
  // What is said last is paid first, so that there is room for it.
  page.reserve(`\n${longestShownText(lines.length)}\n`)
  putList(page, skeleton)
  const shown = putPassages(page, skeleton, lines)
  page.end(`\n${shownText(shown)}\n`)
  const outline = { text: page.text, tokens: tokensOf(page.text), wholeTokens, shown }
  return outline.tokens <= wholeTokens * (1 - MIN_SAVED_SHARE) ? outline : undefined
}

/** A text that grows until its budget is full. */
class Page {
  text = ''
  #left: number
  readonly #tokensOf: (text: string) => number

  constructor(tokensOf: (text: string) => number, budget: number) {
    this.#tokensOf = tokensOf
    this.#left = budget
  }

  get left(): number {
    return this.#left
  }

  /** Adds it whatever it costs. */
  put(text: string): void {
    this.text += text
    this.#left -= this.#tokensOf(text)
  }

  /** Adds it if it fits. */
  fits(text: string, below = this.#left): boolean {
    const cost = this.#tokensOf(text)
    if (cost > below || cost > this.#left) return false
    this.text += text
    this.#left -= cost
    return true
  }

  cost(text: string): number {
    return this.#tokensOf(text)
  }

  reserve(text: string): void {
    this.#left -= this.#tokensOf(text)
  }

  end(text: string): void {
    this.text += text
  }
}

function headOf({ path, ways }: OutlineRequest, lines: number, tokens: number): string {
  return `Outline of ${path}: ${lines} lines, about ${Math.round(tokens)} tokens, which is more than the budget of this file. \
Nothing is kept from you:
- ${ways.part}
- ${ways.whole}
Below, a line that begins with its number and a tab is verbatim; everything else is a summary.
`
}

function putList(page: Page, { imports, landmarks }: Skeleton): void {
  const room = page.left * LIST_SHARE
  if (imports.length > 0) {
    const more = imports.length > MAX_IMPORTS ? `, and ${imports.length - MAX_IMPORTS} more` : ''
    page.fits(`\nImports: ${imports.slice(0, MAX_IMPORTS).join(', ')}${more}\n`, room / 2)
  }
  const chosen = landmarksWithin(page, landmarks, room)
  if (chosen.length === 0) return
  page.put('\nLines and what they hold:\n')
  for (const landmark of chosen) page.put(landmarkText(landmark))
  if (chosen.length < landmarks.length) page.put(leftOutText(landmarks.length - chosen.length))
}

/** As deep as there is room for all of a depth; of the top only, those that others may take first. */
function landmarksWithin(page: Page, landmarks: readonly Landmark[], room: number): readonly Landmark[] {
  const least = page.cost(`\nLines and what they hold:\n${leftOutText(landmarks.length)}`)
  const cost = (some: readonly Landmark[]) =>
    some.reduce((sum, one) => sum + page.cost(landmarkText(one)), least)
  const deepest = landmarks.reduce((depth, one) => Math.max(depth, one.depth), 0)
  for (let depth = deepest; depth >= 0; depth--) {
    const some = landmarks.filter((one) => one.depth <= depth)
    if (cost(some) <= room) return some
  }
  const top = landmarks.filter(({ depth }) => depth === 0)
  let left = room - least
  const kept = new Set<Landmark>()
  for (const one of [...top.filter(({ first }) => first), ...top.filter(({ first }) => !first)]) {
    left -= page.cost(landmarkText(one))
    if (left < 0) break
    kept.add(one)
  }
  return top.filter((one) => kept.has(one))
}

function leftOutText(count: number): string {
  return `(${count} more are left out of this list; search the file for a name)\n`
}

function landmarkText({ from, to, depth, label }: Landmark): string {
  return `${'  '.repeat(depth)}${from === to ? from : `${from}-${to}`}: ${label}\n`
}

/** Stops at the first line that does not fit: what comes behind it is worth less. */
function putPassages(page: Page, { passages }: Skeleton, lines: readonly string[]): readonly LineRange[] {
  const shown = new Set<number>()
  for (const { title, from, to } of passages) {
    const wanted = numbers(from, to).filter((line) => !shown.has(line))
    if (wanted.length === 0) continue
    const head = `\n${title} (lines ${from}-${to}):\n`
    const first = wanted.slice(0, MIN_PASSAGE_LINES).map((line) => lineText(lines, line))
    if (page.cost(head + first.join('')) > page.left) break
    page.put(head)
    for (const line of wanted) {
      if (!page.fits(lineText(lines, line))) return rangesOf(shown)
      if (isText(lines[line - 1]!)) shown.add(line)
    }
  }
  return rangesOf(shown)
}

function lineText(lines: readonly string[], line: number): string {
  const text = lines[line - 1]!
  return isText(text) ? `${line}\t${text}\n` : `(line ${line} has ${text.length} characters)\n`
}

function isText(line: string): boolean {
  return line.length <= MAX_LINE_CHARS
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i)
}

function rangesOf(lines: ReadonlySet<number>): readonly LineRange[] {
  const ranges: { from: number; to: number }[] = []
  for (const line of [...lines].sort((a, b) => a - b)) {
    const last = ranges.at(-1)
    if (last !== undefined && last.to === line - 1) last.to = line
    else ranges.push({ from: line, to: line })
  }
  return ranges
}

/** Long lists of ranges would cost what they save. */
const MAX_RANGES = 8

function longestShownText(lines: number): string {
  return shownText(Array.from({ length: MAX_RANGES + 1 }, () => ({ from: lines - 1, to: lines })))
}

function shownText(shown: readonly LineRange[]): string {
  if (shown.length === 0) return 'Shown: no line.'
  const some = shown.slice(0, MAX_RANGES).map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`))
  const more = shown.length > MAX_RANGES ? `, and ${shown.length - MAX_RANGES} more ranges` : ''
  return `Shown: lines ${some.join(', ')}${more}.`
}
