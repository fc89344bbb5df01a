import type { Frame } from './frame.ts'
import { decodeString, elementsOf, membersOf, OPEN_ARRAY, QUOTE, type Range } from './json-text.ts'
import { type ResultTexts, type TextBlock, withTexts } from './result-texts.ts'

/** A text that a result says, in as many places as it does. */
export interface SaidText {
  readonly text: string
  /** Where it lies in the line, quoted. */
  readonly quoted: readonly Range[]
  /** Blocks that are JSON themselves, and quote it in turn. */
  readonly within: readonly TextBlock[]
  /** Members of `structuredContent` that it is, or is in a list of. */
  readonly members: readonly { readonly name: string; readonly isInList: boolean }[]
}

/**
 * The texts of a result. Where it has a structure, those that are members of it or in a list that is one: said by a block too, or, from `minBytes` on, within
 * a block that is the structure as JSON. Deeper ones are not looked for. A server writes a text with the same escapes everywhere, so bytes are compared.
 */
export function saidTexts(
  line: Buffer,
  { blocks, structure }: Pick<ResultTexts, 'blocks' | 'structure'>,
  minBytes = 0,
): readonly SaidText[] {
  if (structure === undefined)
    return blocks.map((block) => ({ text: block.text, quoted: [block], within: [], members: [] }))
  const byLength = new Map<number, TextBlock[]>()
  for (const block of blocks) {
    const length = block.end - block.start
    byLength.set(length, [...(byLength.get(length) ?? []), block])
  }
  const copies = new Map<TextBlock, SaidText>()
  const loose: SaidText[] = []
  for (const member of membersOf(line, structure.start) ?? []) {
    const name = decodeString(line, member.keyStart, member.keyEnd)
    if (name === undefined) continue
    const isInList = line[member.start] === OPEN_ARRAY
    for (const { start, end } of isInList ? (elementsOf(line, member.start)?.elements ?? []) : [member]) {
      if (line[start] !== QUOTE) continue
      const place = { start, end }
      const block = byLength.get(end - start)?.find((one) => isSame(line, one, place))
      if (block !== undefined) copies.set(block, saidBy(block, place, { name, isInList }, copies.get(block)))
      else if (end - start >= minBytes) loose.push(...quotedWithin(line, place, blocks, { name, isInList }))
    }
  }
  return [...copies.values(), ...loose]
}

function saidBy(
  block: TextBlock,
  place: Range,
  member: SaidText['members'][number],
  before: Pick<SaidText, 'quoted' | 'members'> = { quoted: [block], members: [] },
): SaidText {
  const { quoted, members } = before
  return { text: block.text, quoted: [...quoted, place], within: [], members: [...members, member] }
}

/** None where a block says it in a way that cannot be found: what a client shows of the two would differ. */
function quotedWithin(
  line: Buffer,
  place: Range,
  blocks: readonly TextBlock[],
  member: SaidText['members'][number],
): readonly SaidText[] {
  const text = decodeString(line, place.start, place.end)
  if (text === undefined) return []
  const own = JSON.stringify(text)
  const within = blocks.filter((block) => block.text.split(own, 3).length === 2)
  return within.length === 0 ? [] : [{ text, quoted: [place], within, members: [member] }]
}

function isSame(line: Buffer, a: Range, b: Range): boolean {
  return line.compare(line, a.start, a.end, b.start, b.end) === 0
}

/** The same result with other texts in the place of some, wherever it says them; every other byte is as it was. */
export function withSaid(answer: Frame, replaced: ReadonlyMap<SaidText, string>): Frame {
  const texts = new Map<Range, string>()
  for (const [{ text, quoted, within }, other] of replaced) {
    for (const place of quoted) texts.set(place, other)
    for (const block of within) {
      const now = texts.get(block) ?? block.text
      texts.set(
        block,
        now.replace(JSON.stringify(text), () => JSON.stringify(other)),
      )
    }
  }
  return withTexts(answer, texts)
}
