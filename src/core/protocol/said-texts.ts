import type { Frame } from './frame.ts'
import {
  decodeString,
  elementsOf,
  membersOf,
  OPEN_ARRAY,
  QUOTE,
  type Range,
  skipSpace,
  skipValue,
} from './json-text.ts'
import { type QuotedPlace, quotedIn, withQuoted } from './quoted-in.ts'
import { type ResultTexts, type TextBlock, withTexts } from './result-texts.ts'

/** A text that a result says, in as many places as it does. */
export interface SaidText {
  readonly text: string
  /** Where it lies in the line, quoted. */
  readonly quoted: readonly Range[]
  /** Blocks that are JSON themselves, and where in their texts it is quoted; once in each. */
  readonly within: readonly (QuotedPlace & { readonly block: TextBlock })[]
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
  // What stands in the line with an escape for each character has as few as a sixth of them.
  const quotedBy = new Map(blocks.map((block) => [block, once(() => quotedIn(block.text, minBytes / 6))]))
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
      const same = byLength.get(end - start)?.filter((one) => isSame(line, one, place)) ?? []
      const [block] = same
      if (block !== undefined) copies.set(block, saidBy(same, place, { name, isInList }, copies.get(block)))
      else if (end - start >= minBytes) loose.push(...quotedWithin(line, place, quotedBy, { name, isInList }))
    }
  }
  return [...copies.values(), ...loose]
}

function saidBy(
  blocks: readonly TextBlock[],
  place: Range,
  member: SaidText['members'][number],
  before: Pick<SaidText, 'quoted' | 'members'> = { quoted: blocks, members: [] },
): SaidText {
  const { quoted, members } = before
  return { text: blocks[0]!.text, quoted: [...quoted, place], within: [], members: [...members, member] }
}

function saidIn(block: TextBlock, minBytes: number): readonly SaidText[] {
  const long = longTexts(block, minBytes)
  const length = long.reduce((sum, { start, end }) => sum + end - start, 0)
  if (long.length === 0 || length < block.text.length / 2)
    return [{ text: block.text, quoted: [block], within: [], members: [] }]
  return long.map(({ text, ...within }) => ({ text, quoted: [], within: [within], members: [] }))
}

/** Values of a block that is JSON which are texts so long, however deep. */
function longTexts(
  block: TextBlock,
  minBytes: number,
): readonly (SaidText['within'][number] & { text: string })[] {
  if (!/^\s*[[{]/.test(block.text)) return []
  const json = Buffer.from(block.text)
  if (skipSpace(json, skipValue(json, skipSpace(json, 0))) !== json.length) return []
  return [...quotedIn(block.text, minBytes / 3)].flatMap(([quoted, place]) => {
    const isLong = place !== null && (quoted.length >= minBytes || Buffer.byteLength(quoted) >= minBytes)
    const text = isLong ? textOf(quoted) : undefined
    return text === undefined ? [] : [{ ...place!, block, text }]
  })
}

function textOf(quoted: string): string | undefined {
  try {
    return JSON.parse(quoted) as string
  } catch {
    return undefined
  }
}

/** None where a block says it in a way that cannot be found: what a client shows of the two would differ. */
function quotedWithin(
  line: Buffer,
  place: Range,
  quotedBy: ReadonlyMap<TextBlock, () => ReadonlyMap<string, QuotedPlace | null>>,
  member: SaidText['members'][number],
): readonly SaidText[] {
  const text = decodeString(line, place.start, place.end)
  if (text === undefined) return []
  const quoted = JSON.stringify(text)
  const within = [...quotedBy].flatMap(([block, places]) => {
    const at = places().get(quoted)
    return at ? [{ ...at, block }] : []
  })
  return within.length === 0 ? [] : [{ text, quoted: [place], within, members: [member] }]
}

function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => {
    made ??= make()
    return made
  }
}

function isSame(line: Buffer, a: Range, b: Range): boolean {
  return line.compare(line, a.start, a.end, b.start, b.end) === 0
}

/** The same result with other texts in the place of some, wherever it says them; every other byte is as it was. */
export function withSaid(answer: Frame, replaced: ReadonlyMap<SaidText, string>): Frame {
  const texts = new Map<Range, string>()
  const others = new Map<TextBlock, Map<number, QuotedPlace & { readonly other: string }>>()
  for (const [{ quoted, within }, other] of replaced) {
    for (const place of quoted) texts.set(place, other)
    for (const { block, start, end } of within) {
      // Of two members that say the same, a block may say one.
      const places = others.get(block) ?? new Map()
      others.set(block, places.set(start, { start, end, other }))
    }
  }
  // A block that is replaced as a whole has no places any more.
  for (const [block, some] of others)
    if (!texts.has(block)) texts.set(block, withQuoted(block.text, [...some.values()]))
  return withTexts(answer, texts)
}
