/** A JSON object whose strings are bytes: each character stands for one byte of the UTF-8 that was there. */
export type ByteFields = Readonly<Record<string, unknown>>

/** A line that is no JSON object. */
export class BrokenJson extends Error {}

/**
 * Parses a line without decoding its UTF-8: most of a transcript is text of which only the length is wanted, and JSON.parse of Latin-1 is
 * two to three times as fast as that of text with anything but ASCII in it. What is kept goes through byteText(). Throws BrokenJson.
 */
export function parseLine(line: Buffer): ByteFields {
  let value: unknown
  try {
    value = JSON.parse(withoutEscapes(line.toString('latin1')))
  } catch (cause) {
    throw new BrokenJson('not JSON', { cause })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new BrokenJson('no object')
  return value as ByteFields
}

/**
 * A count of tokens; 0 where none is told. Throws BrokenJson for anything that is not a number from 0: what one such record says of the
 * others cannot be trusted either.
 */
export function tokenCount(value: unknown): number {
  if (value === undefined || value === null) return 0
  if (typeof value === 'number' && value >= 0 && Number.isFinite(value)) return Math.round(value)
  throw new BrokenJson('not a count of tokens')
}

/** The text of a string of bytes; empty when it is no string. */
export function byteText(value: unknown): string {
  if (typeof value !== 'string') return ''
  return BEYOND_ASCII.test(value) ? Buffer.from(value, 'latin1').toString() : value
}

/** UTF-8 bytes of a string of bytes, which is its length; 0 when it is no string. */
export function textBytes(value: unknown): number {
  return typeof value === 'string' ? value.length : 0
}

/** UTF-8 bytes of the text of a result: a string, or an array of parts of which some have text. */
export function resultBytes(value: unknown): number {
  if (!Array.isArray(value)) return textBytes(value)
  return value.reduce<number>((sum, part) => sum + textBytes((part as { text?: unknown } | null)?.text), 0)
}

/** The text of a result: a string, or an array of parts that are all of that type; undefined when there is anything but text in it. */
export function resultText(value: unknown, type: string): string | undefined {
  if (typeof value === 'string') return byteText(value)
  if (!Array.isArray(value)) return undefined
  const parts: readonly ByteFields[] = value.map(Object)
  if (!parts.every((part) => part.type === type)) return undefined
  return parts.map(({ text }) => byteText(text)).join('\n')
}

/** UTF-8 bytes of a value as compact JSON; 0 for undefined. */
export function jsonBytes(value: unknown): number {
  return value === undefined ? 0 : textBytes(JSON.stringify(value))
}

const BEYOND_ASCII = /[\u0080-\uffff]/
const ESCAPED_BEYOND_ASCII = /\\u(?!00[0-7])/
/** A pair of surrogates, another character by its number, or any other escape. */
const ESCAPE =
  /\\(?:u([dD][89abAB][\da-fA-F]{2})\\u([dD][c-fC-F][\da-fA-F]{2})|u((?!00[0-7])[\da-fA-F]{4})|[\s\S])/g

/** Characters beyond ASCII that a writer escaped become the bytes that they would have been; half a pair becomes what UTF-8 has for it. */
function withoutEscapes(json: string): string {
  if (!ESCAPED_BEYOND_ASCII.test(json)) return json
  return json.replace(ESCAPE, (whole, high?: string, low?: string, one?: string) => {
    const units = [high, low, one].filter((unit) => unit !== undefined)
    if (units.length === 0) return whole
    const text = String.fromCharCode(...units.map((unit) => Number.parseInt(unit, 16)))
    return Buffer.from(text).toString('latin1')
  })
}
