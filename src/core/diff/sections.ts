import { skeletonOf } from '../budget/skeleton.ts'
import { glimpse } from './text.ts'

/** What a text is divided by: headings, declarations, members of the outermost object, blocks between blank lines, turns; `text` by nothing. */
export type Kind = 'markdown' | 'code' | 'json' | 'log' | 'transcript' | 'text'

/** Lines `from` to `to`, both included and counted from 1, under a name. */
export interface Section {
  /** One line; empty for what stands before the first. */
  readonly name: string
  readonly from: number
  readonly to: number
}

const MAX_NAME_CHARS = 60
/** Lines that are looked at to see what kind of text it is. */
const LOOKED_AT = 400

const HEADING = /^ {0,3}#{1,6}\s+\S/
/** A turn of a transcript, as people and as clients write it. */
const TURN_MARK =
  /^(?:#+ |\*\*)?(?:human|user|assistant|system|tool(?: result)?|agent)(?:\*\*)?:|^\{"(?:type|role)": ?"/i
const LOG_LINE =
  /^\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d|^\[?\d\d:\d\d:\d\d|^(?:DEBUG|INFO|WARN|WARNING|ERROR|FATAL|TRACE)\b|^[A-Z][a-z]{2} +\d{1,2} \d\d:\d\d:\d\d/
const DECLARATION =
  /^(?:export |public |private |static |async |pub |abstract )*(?:function|class|interface|type|const|def|fn|func|struct|enum|impl|trait|module|package|import|from|use|#include)\b/

/** The kind of a text by its lines; cheap, and only for naming places: nothing depends on its being right. */
export function kindOf(lines: readonly string[]): Kind {
  const some = lines.slice(0, LOOKED_AT)
  const share = (pattern: RegExp) => some.filter((line) => pattern.test(line)).length
  const first = some.find((line) => line.trim() !== '')?.trimStart() ?? ''
  if (/^[{[]\s*$/.test(first)) return 'json'
  if (share(TURN_MARK) >= 2) return 'transcript'
  if (share(LOG_LINE) * 3 > some.length) return 'log'
  if (share(DECLARATION) >= 2) return 'code'
  if (share(HEADING) > 0) return 'markdown'
  return 'text'
}

/** The sections of a text, in order and without a gap; none for no lines. Never throws. */
export function sectionsOf(lines: readonly string[], kind: Kind = kindOf(lines)): readonly Section[] {
  if (lines.length === 0) return []
  const starts = startsOf(lines, kind)
  const all = starts[0]?.from === 1 ? starts : [{ from: 1, name: '' }, ...starts]
  return all.map(({ from, name }, i) => ({
    name: glimpse(name, MAX_NAME_CHARS),
    from,
    to: (all[i + 1]?.from ?? lines.length + 1) - 1,
  }))
}

interface Start {
  readonly from: number
  readonly name: string
}

function startsOf(lines: readonly string[], kind: Kind): readonly Start[] {
  if (kind === 'json') return members(lines)
  if (kind === 'log') return blocks(lines)
  if (kind === 'transcript') return where(lines, (line) => TURN_MARK.test(line) && line)
  if (kind === 'text') return []
  const bare = lines.map((line) => line.replace(/\r?\n$/, ''))
  const { landmarks } = skeletonOf(kind === 'markdown' ? 'text.md' : 'text', bare, undefined)
  return landmarks.map(({ from, label }) => ({ from, name: label }))
}

function where(
  lines: readonly string[],
  nameOf: (line: string, at: number) => string | false,
): readonly Start[] {
  return lines.flatMap((line, at) => {
    const name = nameOf(line, at)
    return name === false ? [] : [{ from: at + 1, name: name.trim() }]
  })
}

/** Members of the outermost object, or elements of the outermost array, of JSON that is indented: they are what is indented least. */
function members(lines: readonly string[]): readonly Start[] {
  const indent = lines
    .map((line) => /^[ \t]+(?=["{[\w-])/.exec(line)?.[0])
    .find((found) => found !== undefined)
  if (indent === undefined) return []
  let element = 0
  return where(lines, (line) => {
    if (!line.startsWith(indent) || /[\s}\]]/.test(line[indent.length] ?? ' ')) return false
    const key = /^"((?:[^"\\]|\\.)*)"\s*:/.exec(line.slice(indent.length))?.[1]
    return key ?? `[${element++}]`
  })
}

/** What stands between blank lines, by its first line. */
function blocks(lines: readonly string[]): readonly Start[] {
  return where(lines, (line, at) => line.trim() !== '' && (at === 0 || lines[at - 1]!.trim() === '') && line)
}
