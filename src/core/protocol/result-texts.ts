import { type Frame, scanFrame } from './frame.ts'
import { decodeString, elementsOf, findMember, type Range, sameText } from './json-text.ts'
import { type Edit, spliceRanges } from './splice.ts'

/** A text of a tool's result that its agent's model reads: where its quoted text lies in the line. */
export interface TextBlock extends Range {
  readonly text: string
}

/** What a tool's result says in texts. */
export interface ResultTexts {
  readonly blocks: readonly TextBlock[]
  readonly isError: boolean
  /** There is `structuredContent`, which the texts say again and a schema may hold to its form. */
  readonly hasStructure: boolean
}

/** The texts of the result of `tools/call`; undefined of anything else, or where the text is no JSON. Texts for the user alone are left out. */
export function resultTexts({ kind, isError, line, bodyStart }: Frame): ResultTexts | undefined {
  if (kind !== 'response' || isError) return undefined
  const content = findMember(line, bodyStart, 'content')
  const elements = content === undefined ? undefined : elementsOf(line, content.start)?.elements
  if (elements === undefined) return undefined
  const failed = findMember(line, bodyStart, 'isError')
  return {
    blocks: elements.flatMap((element) => textBlock(line, element)),
    isError: failed !== undefined && sameText(line, failed.start, failed.end, 'true'),
    hasStructure: findMember(line, bodyStart, 'structuredContent') !== undefined,
  }
}

function textBlock(line: Buffer, { start }: Range): TextBlock[] {
  const type = findMember(line, start, 'type')
  const range =
    type !== undefined && stringAt(line, type) === 'text' ? findMember(line, start, 'text') : undefined
  const text = range === undefined ? undefined : stringAt(line, range)
  return range === undefined || text === undefined || isForUserAlone(line, start) ? [] : [{ ...range, text }]
}

function isForUserAlone(line: Buffer, block: number): boolean {
  const annotations = findMember(line, block, 'annotations')
  const audience = annotations === undefined ? undefined : findMember(line, annotations.start, 'audience')
  const listed = audience === undefined ? undefined : elementsOf(line, audience.start)?.elements
  return (
    listed !== undefined && listed.length > 0 && !listed.some((one) => stringAt(line, one) === 'assistant')
  )
}

function stringAt(line: Buffer, { start, end }: Range): string | undefined {
  return decodeString(line, start, end)
}

/** The same result with other texts in the place of some blocks; every other byte is as it was. */
export function withTexts(answer: Frame, replaced: ReadonlyMap<TextBlock, string>): Frame {
  const edits: Edit[] = [...replaced].map(([{ start, end }, text]) => ({
    start,
    end,
    text: Buffer.from(JSON.stringify(text)).toString('latin1'),
  }))
  const line = spliceRanges(answer.line, edits)
  const frame = scanFrame(line.subarray(0, -1))
  if (frame === undefined || frame.kind !== 'response') throw new Error('a result became something else')
  return frame
}
