import { decodeString, elementsOf, membersOf, OPEN_ARRAY, QUOTE, type Range } from './json-text.ts'
import type { TextBlock } from './result-texts.ts'

/** A place of `structuredContent` that says what a text of the same result says. */
export interface StructuredText extends Range {
  readonly block: TextBlock
  /** The member that it is, or the list that it is in. */
  readonly member: string
  readonly isInList: boolean
}

/**
 * The texts that a result says twice: as a block, and as a member of its structure or in a list that is one. That is how servers give a text where
 * everything has a schema. Deeper ones are not looked for. A server writes both with the same escapes, so bytes are compared.
 */
export function structuredTexts(
  line: Buffer,
  structure: Range,
  blocks: readonly TextBlock[],
): readonly StructuredText[] {
  const byLength = new Map<number, TextBlock[]>()
  for (const block of blocks) {
    const length = block.end - block.start
    byLength.set(length, [...(byLength.get(length) ?? []), block])
  }
  return (membersOf(line, structure.start) ?? []).flatMap((member) => {
    const isInList = line[member.start] === OPEN_ARRAY
    const values = isInList ? (elementsOf(line, member.start)?.elements ?? []) : [member]
    const name = decodeString(line, member.keyStart, member.keyEnd)
    if (name === undefined) return []
    return values.flatMap(({ start, end }): StructuredText[] => {
      if (line[start] !== QUOTE) return []
      const block = byLength.get(end - start)?.find((one) => isSame(line, one, start, end))
      return block ? [{ start, end, block, member: name, isInList }] : []
    })
  })
}

function isSame(line: Buffer, { start, end }: Range, otherStart: number, otherEnd: number): boolean {
  return line.compare(line, start, end, otherStart, otherEnd) === 0
}
