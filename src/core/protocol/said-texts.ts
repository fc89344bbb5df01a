import type { Frame } from './frame.ts'
import {
  COLON,
  decodeString,
  elementsOf,
  membersOf,
  OPEN_ARRAY,
  QUOTE,
  type Range,
  skipSpace,
  skipString,
  skipValue,
} from './json-text.ts'
import { type ResultTexts, type TextBlock, withTexts } from './result-texts.ts'

/** A text that a result says, in as many places as it does. */
export interface SaidText {
  readonly text: string
  /** Where it lies in the line, quoted. */
  readonly quoted: readonly Range[]
  /** Blocks that are JSON themselves, and how it is quoted there; once in each. */
  readonly within: readonly { readonly block: TextBlock; readonly quoted: string }[]
  /** Members of `structuredContent` that it is, or is in a list of. */
  readonly members: readonly { readonly name: string; readonly isInList: boolean }[]
}

/**
 * The texts of a result; of a block that is JSON and mostly texts of `minBytes` or more, those: in quotes they have no lines. Where it has a structure, those that are members of it or in a list that is one: said by a block too, or, from that length on, within
 * a block that is the structure as JSON. Deeper ones are not looked for. A server writes a text with the same escapes everywhere, so bytes are compared.
 */
export function saidTexts(
  line: Buffer,
  { blocks, structure }: Pick<ResultTexts, 'blocks' | 'structure'>,
  minBytes: number,
): readonly SaidText[] {
  if (structure === undefined) return blocks.flatMap((block) => saidIn(block, minBytes))
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

function saidIn(block: TextBlock, minBytes: number): readonly SaidText[] {
  const long = longTexts(block.text, minBytes).filter(({ quoted }) => isOnceIn(block.text, quoted))
  const length = long.reduce((sum, { quoted }) => sum + quoted.length, 0)
  if (long.length === 0 || length < block.text.length / 2)
    return [{ text: block.text, quoted: [block], within: [], members: [] }]
  return long.map(({ text, quoted }) => ({ text, quoted: [], within: [{ block, quoted }], members: [] }))
}

/** Values of a JSON text that are texts so long, however deep. */
function longTexts(text: string, minBytes: number): readonly { text: string; quoted: string }[] {
  if (!/^\s*[[{]/.test(text)) return []
  const json = Buffer.from(text)
  if (skipSpace(json, skipValue(json, skipSpace(json, 0))) !== json.length) return []
  const found: { text: string; quoted: string }[] = []
  for (let at = json.indexOf(QUOTE); at !== -1; ) {
    const end = skipString(json, at)
    if (end === -1) return []
    const isKey = json[skipSpace(json, end)] === COLON
    const own = isKey || end - at < minBytes ? undefined : decodeString(json, at, end)
    if (own !== undefined) found.push({ text: own, quoted: json.toString('utf8', at, end) })
    at = json.indexOf(QUOTE, end)
  }
  return found
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
  const quoted = JSON.stringify(text)
  const within = blocks.flatMap((block) => (isOnceIn(block.text, quoted) ? [{ block, quoted }] : []))
  return within.length === 0 ? [] : [{ text, quoted: [place], within, members: [member] }]
}

function isOnceIn(text: string, part: string): boolean {
  const at = text.indexOf(part)
  return at !== -1 && text.indexOf(part, at + 1) === -1
}

function isSame(line: Buffer, a: Range, b: Range): boolean {
  return line.compare(line, a.start, a.end, b.start, b.end) === 0
}

/** The same result with other texts in the place of some, wherever it says them; every other byte is as it was. */
export function withSaid(answer: Frame, replaced: ReadonlyMap<SaidText, string>): Frame {
  const texts = new Map<Range, string>()
  for (const [{ quoted, within }, other] of replaced) {
    for (const place of quoted) texts.set(place, other)
    for (const { block, quoted: own } of within)
      texts.set(
        block,
        (texts.get(block) ?? block.text).replace(own, () => JSON.stringify(other)),
      )
  }
  return withTexts(answer, texts)
}
