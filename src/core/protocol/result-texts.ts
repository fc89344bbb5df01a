import { type Frame, scanFrame } from './frame.ts'
import {
  CLOSE_ARRAY,
  COMMA,
  decodeString,
  elementsOf,
  findMember,
  type Member,
  memberIn,
  membersOf,
  OPEN_ARRAY,
  type Range,
  sameText,
  skipSpace,
  skipValue,
} from './json-text.ts'
import { type Edit, spliceRanges } from './splice.ts'

/** A text of a tool's result that its agent's model reads: where its quoted text lies in the line. */
export interface TextBlock extends Range {
  readonly text: string
}

/** What a tool's result says in texts. */
export interface ResultTexts {
  readonly blocks: readonly TextBlock[]
  readonly isError: boolean
  /** Where `structuredContent` lies, which the texts say again and a schema may hold to its form. */
  readonly structure: Range | undefined
}

/**
 * The texts of the result of `tools/call`; undefined of anything else, or where the text is no JSON. Texts for the user alone are left out, and all of
 * them where they have more than `maxBytes` as they stand. A long text is passed over twice and read once: every other agent waits meanwhile.
 */
export function resultTexts(
  { kind, isError, line, bodyStart }: Frame,
  maxBytes = Number.POSITIVE_INFINITY,
): ResultTexts | undefined {
  if (kind !== 'response' || isError) return undefined
  const members = membersOf(line, bodyStart)
  const content = memberIn(line, members, 'content')
  const elements = content === undefined ? undefined : textsIn(line, content.start)
  if (elements === undefined) return undefined
  const failed = memberIn(line, members, 'isError')
  const bytes = elements.reduce((sum, { start, end }) => sum + end - start, 0)
  return {
    blocks: bytes > maxBytes ? [] : elements.flatMap((range) => textBlock(line, range)),
    isError: failed !== undefined && sameText(line, failed.start, failed.end, 'true'),
    structure: memberIn(line, members, 'structuredContent'),
  }
}

/** Where the texts of an array of content blocks lie; undefined where it is cut short. */
function textsIn(line: Buffer, open: number): readonly Range[] | undefined {
  if (line[open] !== OPEN_ARRAY) return undefined
  const found: Range[] = []
  let at = skipSpace(line, open + 1)
  if (line[at] === CLOSE_ARRAY) return found
  for (;;) {
    const members = membersOf(line, at)
    const last = members?.at(-1)
    // What is no object, or an empty one, is no text.
    const end = last === undefined ? skipValue(line, at) : skipSpace(line, last.end) + 1
    if (end === -1) return undefined
    const text = memberIn(line, members, 'text')
    const type = memberIn(line, members, 'type')
    if (text !== undefined && type !== undefined && stringAt(line, type) === 'text')
      if (!isForUserAlone(line, members)) found.push(text)
    at = skipSpace(line, end)
    if (line[at] === CLOSE_ARRAY) return found
    if (line[at] !== COMMA) return undefined
    at = skipSpace(line, at + 1)
  }
}

function textBlock(line: Buffer, range: Range): TextBlock[] {
  const text = stringAt(line, range)
  return text === undefined ? [] : [{ start: range.start, end: range.end, text }]
}

function isForUserAlone(line: Buffer, members: readonly Member[] | undefined): boolean {
  const annotations = memberIn(line, members, 'annotations')
  const audience = annotations === undefined ? undefined : findMember(line, annotations.start, 'audience')
  const listed = audience === undefined ? undefined : elementsOf(line, audience.start)?.elements
  return (
    listed !== undefined && listed.length > 0 && !listed.some((one) => stringAt(line, one) === 'assistant')
  )
}

function stringAt(line: Buffer, { start, end }: Range): string | undefined {
  return decodeString(line, start, end)
}

/** The same result with other texts in some places where it has quoted ones; every other byte is as it was. */
export function withTexts(answer: Frame, replaced: ReadonlyMap<Range, string>): Frame {
  const edits: Edit[] = [...replaced].map(([{ start, end }, text]) => ({
    start,
    end,
    text: Buffer.from(JSON.stringify(text)).toString('latin1'),
  }))
  edits.sort((a, b) => a.start - b.start)
  const line = spliceRanges(answer.line, edits)
  const frame = scanFrame(line.subarray(0, -1))
  if (frame === undefined || frame.kind !== 'response') throw new Error('a result became something else')
  return frame
}
