import type { ParsedFile } from '../score/analysis.ts'

/** Lines `from` to `to`, both included, counted from 1. */
export interface LineRange {
  readonly from: number
  readonly to: number
}

/** One line of the list of what a file has. */
export interface Landmark extends LineRange {
  readonly label: string
  /** 0 for what stands at the top. */
  readonly depth: number
  /** Goes before others of its depth where there is no room for all. */
  readonly first: boolean
}

/** Lines that are worth showing, and what they are. */
export interface Passage extends LineRange {
  readonly title: string
}

/** What an outline is written from: landmarks in the order of lines, passages with the one most wanted first. */
export interface Skeleton {
  /** What the file takes from others; empty where it is not known. */
  readonly imports: readonly string[]
  readonly landmarks: readonly Landmark[]
  readonly passages: readonly Passage[]
}

/** Lines that somebody has asked for or edited go before what the file itself says is important. */
export interface Wanted {
  readonly asked?: readonly LineRange[]
  readonly edited?: readonly LineRange[]
}

const MAX_LABEL_CHARS = 200
/** Shown around an edited line. */
const CONTEXT_LINES = 3
const HEAD_LINES = 30
const TAIL_LINES = 15

/**
 * The skeleton of a file: of its syntax tree where there is one, else of what headings and indentation say. Functions come by cognitive
 * complexity, exported ones before others of the same. Never throws.
 */
export function skeletonOf(
  path: string,
  lines: readonly string[],
  parsed: ParsedFile | undefined,
  { asked = [], edited = [] }: Wanted = {},
): Skeleton {
  const own =
    parsed === undefined || parsed.outline.length === 0 ? plainSkeleton(path, lines) : fromTree(parsed)
  const near = edited.map(({ from, to }) => ({
    title: 'edited lately',
    from: from - CONTEXT_LINES,
    to: to + CONTEXT_LINES,
  }))
  const passages = [...asked.map((range) => ({ ...range, title: 'asked for' })), ...near, ...own.passages]
  const inFile = passages.map(({ title, from, to }) => ({
    title,
    from: Math.max(1, from),
    to: Math.min(lines.length, to),
  }))
  return { ...own, passages: inFile.filter(({ from, to }) => from <= to) }
}

function fromTree({ outline, functions, imports }: ParsedFile): Skeleton {
  const exported = new Set(outline.filter((entry) => entry.exported).map(({ line }) => line))
  const byWorth = functions.toSorted(
    (a, b) =>
      b.cognitive - a.cognitive ||
      Number(exported.has(b.line)) - Number(exported.has(a.line)) ||
      b.lines - a.lines ||
      a.line - b.line,
  )
  return {
    imports: [...new Set(imports.map(({ specifier }) => specifier))],
    landmarks: outline
      .map(({ signature, line, endLine, depth, exported: isExported }) => ({
        from: line,
        to: endLine,
        depth,
        label: cut(signature),
        first: isExported,
      }))
      .toSorted((a, b) => a.from - b.from || a.depth - b.depth),
    passages: byWorth.map(({ name, line, endLine }) => ({ title: name, from: line, to: endLine })),
  }
}

/** Headings, or what the next line is indented under; then the head and the tail of the file. */
function plainSkeleton(path: string, lines: readonly string[]): Skeleton {
  const isMarkdown = /\.(md|mdx|markdown|mdc)$/i.test(path)
  const tail = Math.max(HEAD_LINES + 1, lines.length - TAIL_LINES + 1)
  return {
    imports: [],
    landmarks: isMarkdown ? headings(lines) : blocks(lines),
    passages: [
      { title: 'head', from: 1, to: HEAD_LINES },
      { title: 'end', from: tail, to: lines.length },
    ],
  }
}

function headings(lines: readonly string[]): readonly Landmark[] {
  const found: { from: number; depth: number; label: string }[] = []
  let fence = ''
  for (const [i, line] of lines.entries()) {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1]
    if (mark !== undefined && fence === '') fence = mark
    else if (mark !== undefined && mark[0] === fence[0] && mark.length >= fence.length) fence = ''
    const heading = fence === '' ? /^ {0,3}(#{1,6})\s+\S/.exec(line)?.[1] : undefined
    if (heading !== undefined) found.push({ from: i + 1, depth: heading.length - 1, label: cut(line.trim()) })
  }
  const landmarks: Landmark[] = []
  /** By depth: the line of the next heading that deep, seen from the end. */
  const next: number[] = Array(6).fill(lines.length + 1)
  for (const one of found.toReversed()) {
    landmarks.push({ ...one, to: Math.min(...next.slice(0, one.depth + 1)) - 1, first: false })
    next[one.depth] = one.from
  }
  return landmarks.reverse()
}

function blocks(lines: readonly string[]): readonly Landmark[] {
  const starts: number[] = []
  for (const [i, line] of lines.entries()) {
    if (!/^[^\s#/*;})\]<>-]/.test(line) && !/^<\w|^\[/.test(line)) continue
    const next = lines.slice(i + 1, i + 4).find((other) => other.trim() !== '')
    // A section of an .ini or .toml file has nothing indented under it.
    if ((next !== undefined && /^\s/.test(next)) || /^\[[^\]]+\]\s*$/.test(line)) starts.push(i)
  }
  return starts.map((start, i) => {
    let end = (starts[i + 1] ?? lines.length) - 1
    while (end > start && lines[end]!.trim() === '') end--
    return { from: start + 1, to: end + 1, depth: 0, label: cut(lines[start]!.trim()), first: false }
  })
}

function cut(text: string): string {
  return text.length <= MAX_LABEL_CHARS ? text : `${text.slice(0, MAX_LABEL_CHARS - 1)}…`
}
