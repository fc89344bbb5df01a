/** Reads JSON text in place, as byte ranges. Trusts nested values to be well-formed; never throws, never recurses. */

export const QUOTE = 0x22
export const COMMA = 0x2c
export const COLON = 0x3a
export const OPEN_ARRAY = 0x5b
export const BACKSLASH = 0x5c
export const CLOSE_ARRAY = 0x5d
export const OPEN_OBJECT = 0x7b
export const CLOSE_OBJECT = 0x7d

/** Bytes of a string looked at one by one before the native search is called, which costs as much as about this many. */
const SHORT_RUN_BYTES = 64

/** Bytes `start` (included) to `end` (excluded) of a line. */
export interface Range {
  readonly start: number
  readonly end: number
}

/** One `"key": value` of an object: `keyStart` is the key's opening quote, `keyEnd` follows its closing one. */
export interface Member extends Range {
  readonly keyStart: number
  readonly keyEnd: number
}

/** The first index from `p` on that is not JSON whitespace. */
export function skipSpace(line: Buffer, p: number): number {
  let at = p
  while (at < line.length) {
    const byte = line[at]!
    if (byte > 0x20 || (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) return at
    at++
  }
  return at
}

/** The index after the string whose opening quote is at `p`, or -1 when it never ends. */
export function skipString(line: Buffer, p: number): number {
  const length = line.length
  let at = p + 1
  for (;;) {
    const runEnd = Math.min(at + SHORT_RUN_BYTES, length)
    while (at < runEnd) {
      const byte = line[at]!
      if (byte === QUOTE) return at + 1
      at += byte === BACKSLASH ? 2 : 1
    }
    if (at >= length) return -1
    // `at` is on a character boundary here, so only backslashes from it on can escape the quote that is found.
    const quote = line.indexOf(QUOTE, at)
    if (quote === -1) return -1
    let first = quote
    while (first > at && line[first - 1] === BACKSLASH) first--
    if (((quote - first) & 1) === 0) return quote + 1
    at = quote + 1
  }
}

/** The index after the value that starts at `p`, or -1 when it is cut short or is no value. */
export function skipValue(line: Buffer, p: number): number {
  if (p >= line.length) return -1
  const byte = line[p]!
  if (byte === QUOTE) return skipString(line, p)
  if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) return skipNested(line, p)
  return skipScalar(line, p)
}

function skipNested(line: Buffer, p: number): number {
  const length = line.length
  let depth = 0
  let at = p
  while (at < length) {
    const byte = line[at]!
    if (byte === QUOTE) {
      at = skipString(line, at)
      if (at === -1) return -1
      continue
    }
    at++
    if (byte < OPEN_ARRAY) continue
    // `[` and `{`, like `]` and `}`, differ in bit 0x20 alone.
    const bracket = byte | 0x20
    if (bracket === OPEN_OBJECT) depth++
    else if (bracket === CLOSE_OBJECT && --depth === 0) return at
  }
  return -1
}

function skipScalar(line: Buffer, p: number): number {
  switch (line[p]) {
    case 0x74:
      return sameText(line, p, p + 4, 'true') ? p + 4 : -1
    case 0x66:
      return sameText(line, p, p + 5, 'false') ? p + 5 : -1
    case 0x6e:
      return sameText(line, p, p + 4, 'null') ? p + 4 : -1
    default:
      return skipNumber(line, p)
  }
}

function skipNumber(line: Buffer, p: number): number {
  let at = p
  while (at < line.length && isNumberByte(line[at]!)) at++
  return isNumber(line, p, at) ? at : -1
}

function isNumberByte(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    byte === 0x2d ||
    byte === 0x2e ||
    (byte | 0x20) === 0x65 ||
    byte === 0x2b
  )
}

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

function isNumber(line: Buffer, start: number, end: number): boolean {
  let at = start
  while (at < end && line[at]! >= 0x30 && line[at]! <= 0x39) at++
  if (at === end) return end > start && (line[start] !== 0x30 || end === start + 1)
  return NUMBER.test(line.toString('latin1', start, end))
}

/** True when these bytes are this ASCII text. */
export function sameText(line: Buffer, start: number, end: number, text: string): boolean {
  if (end - start !== text.length || end > line.length) return false
  for (let i = 0; i < text.length; i++) if (line[start + i] !== text.charCodeAt(i)) return false
  return true
}

/** The string whose quoted text lies in this range, or undefined when the text is no JSON string. */
export function decodeString(line: Buffer, start: number, end: number): string | undefined {
  if (end - start < 2 || line[start] !== QUOTE) return undefined
  try {
    const value: unknown = JSON.parse(line.toString('utf8', start, end))
    return typeof value === 'string' ? value : undefined
  } catch {
    return undefined
  }
}

/** The members of the object that opens at `open`, in order, or undefined when it is cut short. */
export function membersOf(line: Buffer, open: number): readonly Member[] | undefined {
  if (line[open] !== OPEN_OBJECT) return undefined
  const members: Member[] = []
  let at = skipSpace(line, open + 1)
  if (line[at] === CLOSE_OBJECT) return members
  for (;;) {
    if (line[at] !== QUOTE) return undefined
    const keyEnd = skipString(line, at)
    if (keyEnd === -1) return undefined
    const colon = skipSpace(line, keyEnd)
    if (line[colon] !== COLON) return undefined
    const start = skipSpace(line, colon + 1)
    const end = skipValue(line, start)
    if (end === -1) return undefined
    members.push({ keyStart: at, keyEnd, start, end })
    at = skipSpace(line, end)
    if (line[at] === CLOSE_OBJECT) return members
    if (line[at] !== COMMA) return undefined
    at = skipSpace(line, at + 1)
  }
}

/** As findMember, but the first of several: what comes behind it is not read. */
export function firstMember(line: Buffer, open: number, key: string): Range | undefined {
  if (line[open] !== OPEN_OBJECT) return undefined
  let at = skipSpace(line, open + 1)
  while (line[at] === QUOTE) {
    const keyEnd = skipString(line, at)
    const colon = keyEnd === -1 ? -1 : skipSpace(line, keyEnd)
    if (line[colon] !== COLON) return undefined
    const start = skipSpace(line, colon + 1)
    const end = skipValue(line, start)
    if (end === -1) return undefined
    if (isKey(line, { keyStart: at, keyEnd, start, end }, key)) return { start, end }
    at = skipSpace(line, end)
    if (line[at] !== COMMA) return undefined
    at = skipSpace(line, at + 1)
  }
  return undefined
}

/** The value range of the ASCII `key` in the object that opens at `open`; of several, the last, as JSON.parse has it. */
export function findMember(line: Buffer, open: number, key: string): Range | undefined {
  return memberIn(line, membersOf(line, open), key)
}

/** The same of members that are known already. */
export function memberIn(
  line: Buffer,
  members: readonly Member[] | undefined,
  key: string,
): Range | undefined {
  return members?.findLast((member) => isKey(line, member, key))
}

function isKey(line: Buffer, { keyStart, keyEnd }: Member, key: string): boolean {
  if (sameText(line, keyStart + 1, keyEnd - 1, key)) return true
  return hasBackslash(line, keyStart, keyEnd) && decodeString(line, keyStart, keyEnd) === key
}

/** True when one of these bytes is a backslash. */
export function hasBackslash(line: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (line[at] === BACKSLASH) return true
  return false
}

/** The elements of the array that opens at `open` and the index after it, or undefined when it is cut short. */
export function elementsOf(
  line: Buffer,
  open: number,
): { elements: readonly Range[]; end: number } | undefined {
  if (line[open] !== OPEN_ARRAY) return undefined
  const elements: Range[] = []
  let at = skipSpace(line, open + 1)
  if (line[at] === CLOSE_ARRAY) return { elements, end: at + 1 }
  for (;;) {
    const end = skipValue(line, at)
    if (end === -1) return undefined
    elements.push({ start: at, end })
    at = skipSpace(line, end)
    if (line[at] === CLOSE_ARRAY) return { elements, end: at + 1 }
    if (line[at] !== COMMA) return undefined
    at = skipSpace(line, at + 1)
  }
}
