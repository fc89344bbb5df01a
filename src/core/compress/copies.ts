import { pinnedLines, withLines } from './doc.ts'
import type { Context, Doc, Line, Problem, Strategy } from './strategy.ts'

/** A shorter passage costs about as much as its mark. */
const MIN_LINES = 3
const MIN_CHARS = 80
/** Places of one beginning that are looked at: more are rules and blank lines. */
const MAX_PLACES = 8
/** Lines that repeat together. */
const MAX_PERIOD = 8
const HINT_CHARS = 32
/** JSON in pieces can be written in no other form, so it must be worth it. */
const MIN_JSON_SHARE = 0.6

const MARK = /^\[= (?:(my:[0-9a-f]+|[\w.:-]+) )?(\d+)-(\d+)(?: (.*)…)?\]$/
const TIMES = /^\[(?:last (\d+) lines )?×(\d+)\]$/

/** Passages that the session has had in an earlier result, by their lines there. */
export const EARLIER: Strategy = {
  name: 'earlier',
  exactness: 'text',
  lossless: true,
  execute: (doc, _target, context) => {
    if (context.earlier.length === 0 || !isClear(doc)) return doc
    const sources = context.earlier.map(({ id, text }) => ({ id, lines: text.split('\n') }))
    const { lines, copied } = withCopies(doc, sources, false)
    if (copied === 0 || (doc.kind === 'json' && copied < MIN_JSON_SHARE * doc.text.length)) return doc
    return withLines(doc, lines, {
      notes: ['[= ID A-B] = lines A-B of an earlier text, had by expand ID --lines A-B'],
    })
  },
  validate: readsBack,
}

/** Passages that come again: in a row with their number, else by the lines where they stood first. */
export const REPEATS: Strategy = {
  name: 'repeats',
  exactness: 'text',
  lossless: true,
  execute: (doc) => {
    if (doc.kind === 'json' || !isClear(doc)) return doc
    const folded = withRuns(doc)
    const { lines, copied } = withCopies(folded, [], true)
    if (folded === doc && copied === 0) return doc
    const notes = [
      ...(folded === doc ? [] : ['[×N] = N times in all']),
      ...(copied === 0 ? [] : ['[= A-B] = lines A-B of the original again']),
    ]
    return withLines(doc, lines, { notes })
  },
  validate: readsBack,
}

/** A text that has such marks of its own would be read in two ways. */
function isClear({ lines }: Doc): boolean {
  return !lines.some(({ text }) => text.startsWith('[') && (MARK.test(text) || TIMES.test(text)))
}

/** Runs of the same lines, or of the same few lines, once with their number. */
function withRuns(doc: Doc): Doc {
  const texts = doc.lines.map(({ text }) => text)
  const pinned = pinnedLines(doc)
  const lines: Line[] = []
  let changed = false
  for (let i = 0; i < texts.length; ) {
    const found = pinned.has(i) ? undefined : runAt(texts, i)
    if (found === undefined) {
      lines.push(doc.lines[i++]!)
      continue
    }
    const { period, times } = found
    const end = i + period * times
    lines.push(...doc.lines.slice(i, i + period))
    lines.push({
      text: period === 1 ? `[×${times}]` : `[last ${period} lines ×${times}]`,
      from: doc.lines[i + period]!.from,
      to: doc.lines[end - 1]!.to,
    })
    changed = true
    i = end
  }
  return changed ? withLines(doc, lines) : doc
}

function runAt(texts: readonly string[], i: number): { period: number; times: number } | undefined {
  for (let period = 1; period <= MAX_PERIOD; period++) {
    let end = i + period
    while (end < texts.length && texts[end] === texts[end - period]) end++
    const times = Math.floor((end - i) / period)
    if (times < 2) continue
    const chars = texts.slice(i, i + period).join('\n').length
    if ((times - 1) * (chars + 1) > MIN_CHARS / 2) return { period, times }
  }
  return undefined
}

interface Source {
  /** Undefined for the text itself. */
  readonly id?: string
  readonly lines: readonly string[]
}

/** The longest passage that stands in a source, or earlier in the text itself, becomes a mark; then on behind it. */
function withCopies(doc: Doc, sources: readonly Source[], own: boolean): { lines: Line[]; copied: number } {
  const texts = doc.lines.map(({ text }) => text)
  const pinned = pinnedLines(doc)
  const all: readonly Source[] = own ? [{ lines: texts }] : sources
  const places = new Map<string, { source: Source; at: number }[]>()
  const remember = (source: Source, at: number): void => {
    if (at + MIN_LINES > source.lines.length) return
    const key = source.lines.slice(at, at + MIN_LINES).join('\n')
    const known = places.get(key)
    if (known === undefined) places.set(key, [{ source, at }])
    else if (known.length < MAX_PLACES) known.push({ source, at })
  }
  if (!own)
    for (const source of sources) for (let at = 0; at < source.lines.length; at++) remember(source, at)
  const lines: Line[] = []
  let [copied, known] = [0, 0]
  for (let i = 0; i < texts.length; ) {
    // A passage must have ended before it is copied, and where its lines have no numbers of their own there is nothing to name.
    if (own)
      for (; known + MIN_LINES <= i; known++)
        if (hasNumbers(doc.lines, known, known + MIN_LINES)) remember(all[0]!, known)
    const starts = places.get(texts.slice(i, i + MIN_LINES).join('\n')) ?? []
    const best = longest(starts, texts, i, own, doc.lines, pinned)
    const chars = best === undefined ? 0 : texts.slice(i, i + best.length).join('\n').length
    if (best === undefined || chars < MIN_CHARS) {
      lines.push(doc.lines[i++]!)
      continue
    }
    const [from, to] = own
      ? [doc.lines[best.at]!.from, doc.lines[best.at + best.length - 1]!.to]
      : [best.at + 1, best.at + best.length]
    const hint = (texts.slice(i, i + best.length).find((line) => line.trim() !== '') ?? '')
      .trim()
      .slice(0, HINT_CHARS)
    const id = best.source.id === undefined ? '' : `${best.source.id} `
    const origin = { from: doc.lines[i]!.from, to: doc.lines[i + best.length - 1]!.to }
    lines.push({ text: `[= ${id}${from}-${to} ${hint}…]`, ...origin })
    copied += chars
    i += best.length
  }
  return { lines, copied }
}

function longest(
  starts: readonly { source: Source; at: number }[],
  texts: readonly string[],
  i: number,
  own: boolean,
  origin: readonly Line[],
  pinned: ReadonlySet<number>,
): { source: Source; at: number; length: number } | undefined {
  let best: { source: Source; at: number; length: number } | undefined
  for (const { source, at } of starts) {
    const most = own ? i - at : Number.POSITIVE_INFINITY
    let length = 0
    while (
      length < most &&
      i + length < texts.length &&
      !pinned.has(i + length) &&
      at + length < source.lines.length &&
      source.lines[at + length] === texts[i + length]
    )
      length++
    while (own && length >= MIN_LINES && !hasNumbers(origin, at, at + length)) length--
    if (length >= MIN_LINES && length > (best?.length ?? 0)) best = { source, at, length }
  }
  return best
}

/** Whether each of the lines stands for one line of the original, and the next for the one behind it. */
function hasNumbers(lines: readonly Line[], from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const { from: first, to: last, text } = lines[i]!
    if (first !== last || TIMES.test(text) || (i > from && first <= lines[i - 1]!.to)) return false
  }
  return true
}

/** Follows each mark, as a reader would, and compares. */
function readsBack(before: Doc, after: Doc, { earlier }: Context): readonly Problem[] {
  const byNumber = new Map(before.lines.map((line) => [line.from, line.text]))
  const sources = new Map(earlier.map(({ id, text }) => [id, text.split('\n')]))
  const out: string[] = []
  for (const { text } of after.lines) {
    const copy = MARK.exec(text)
    const times = TIMES.exec(text)
    if (copy !== null) {
      const [from, to] = [Number(copy[2]), Number(copy[3])]
      const source = copy[1] === undefined ? undefined : sources.get(copy[1])
      for (let line = from; line <= to; line++) {
        const of = source === undefined ? byNumber.get(line) : source[line - 1]
        // Lines that were only cleaned away have no number any more.
        if (of !== undefined) out.push(of)
      }
      // What the mark says of them is how they begin.
      const copied = out.slice(-(to - from + 1))
      if (copy[4] !== undefined && !copied.some((line) => line.trim().startsWith(copy[4]!.trim())))
        return [{ message: 'a mark says something else than what it stands for' }]
    } else if (times !== null) {
      const block = out.slice(-Number(times[1] ?? 1))
      for (let i = 1; i < Number(times[2]); i++) out.push(...block)
    } else out.push(text)
  }
  return out.join('\n') === before.text ? [] : [{ message: 'read back, it is another text' }]
}
