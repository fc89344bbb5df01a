import type { ListValue, MapValue, Member, Splice } from './document.ts'

/** The line end that a text uses, judged by its first. */
export function lineEndOf(text: string): string {
  const first = text.indexOf('\n')
  return first > 0 && text[first - 1] === '\r' ? '\r\n' : '\n'
}

/** Offset of the first character of the line that holds an offset. */
export function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1
}

/** Offset of the line's end, its CR or LF not included. */
export function lineEnd(text: string, offset: number): number {
  const found = /\r?\n/.exec(text.slice(offset))
  return found === null ? text.length : offset + found.index
}

/** The white space at the start of the line that holds an offset. */
export function indentAt(text: string, offset: number): string {
  const start = lineStart(text, offset)
  return /^[ \t]*/.exec(text.slice(start, offset))?.[0] ?? ''
}

/** True when nothing but white space stands before the offset on its line. */
export function beginsLine(text: string, offset: number): boolean {
  return lineStart(text, offset) + indentAt(text, offset).length === offset
}

/** Puts item texts before the first item of a bracketed list, repeating the layout found between its items. */
export function prependInBrackets(text: string, list: ListValue, items: readonly string[]): Splice {
  const first = list.itemStarts[0]
  if (first === undefined) return { start: list.start + 1, end: list.start + 1, text: items.join(', ') }
  const separator = separatorOf(text, list, first)
  return { start: first, end: first, text: items.map((item) => item + separator).join('') }
}

function separatorOf(text: string, list: ListValue, first: number): string {
  const lead = text.slice(list.start + 1, first)
  if (/^\s*\n\s*$/.test(lead)) return `,${lead}`
  const second = list.itemStarts[1]
  const between = second === undefined ? '' : text.slice(list.items[0]!.end, second)
  return /^,[ \t]*$/.test(between) ? between : ', '
}

/** Takes the first items out of a bracketed list; pairs with prependInBrackets. */
export function dropFirstInBrackets(text: string, list: ListValue, count: number): Splice {
  const start = list.itemStarts[0]!
  const next = list.itemStarts[count]
  if (next !== undefined) return { start, end: next, text: '' }
  const last = list.items[count - 1]!.end
  const trailingComma = /^\s*,/.exec(text.slice(last, list.end))
  return { start, end: last + (trailingComma?.[0].length ?? 0), text: '' }
}

/** Takes a comma-separated member out together with one comma, where only white space stands between it and that comma. */
export function removeBetweenCommas(text: string, map: MapValue, member: Member): Splice | undefined {
  const index = map.members.indexOf(member)
  const before = map.members[index - 1]
  if (before !== undefined && /^\s*,\s*$/.test(text.slice(before.value.end, member.keyStart))) {
    return { start: before.value.end, end: member.value.end, text: '' }
  }
  const comma = /^\s*,/.exec(text.slice(member.value.end))
  if (comma === null || !beginsLine(text, member.keyStart)) return undefined
  const start = lineStart(text, member.keyStart)
  if (start === 0) return undefined
  const lineBreak = text[start - 2] === '\r' ? 2 : 1
  return { start: start - lineBreak, end: member.value.end + comma[0].length, text: '' }
}

/** Takes a member out together with its line, where it has that line for itself. */
export function removeOwnLine(text: string, member: Member): Splice | undefined {
  const end = lineEnd(text, member.value.end)
  if (!beginsLine(text, member.keyStart) || text.slice(member.value.end, end).trim() !== '') return undefined
  const start = lineStart(text, member.keyStart)
  if (start === 0) return undefined
  return { start: start - (text[start - 2] === '\r' ? 2 : 1), end, text: '' }
}
