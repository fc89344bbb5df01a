/** What a frame's byte ranges say. Texts are raw JSON, as the sender wrote them. */

import type { Frame } from './frame.ts'
import { decodeString, findMember, OPEN_ARRAY, OPEN_OBJECT, QUOTE, type Range } from './json-text.ts'

/** The bytes of a range, one character each (latin1), so that they can be spliced in elsewhere unchanged; '' when absent (-1). */
export function rawText(line: Buffer, start: number, end: number): string {
  return start === -1 ? '' : line.toString('latin1', start, end)
}

/** The id's rawText, to be put back into the answer: `7`, `"a"`, `1.0`; '' when there is none. */
export function idText(frame: Frame): string {
  return rawText(frame.line, frame.idStart, frame.idEnd)
}

/** The rawText of `params._meta.progressToken`, undefined when the message asks for no progress. */
export function metaTokenText(frame: Frame): string | undefined {
  return frame.metaTokenStart === -1
    ? undefined
    : rawText(frame.line, frame.metaTokenStart, frame.metaTokenEnd)
}

/**
 * Equal for ids and tokens that are the same to their sender however a string is escaped: strings decoded behind a
 * quote, numbers and null as written, so `"a"` equals `"\u0061"`, while `1`, `1.0` and `"1"` are three. '' when absent.
 */
export function keyOfText(line: Buffer, start: number, end: number): string {
  const text = rawText(line, start, end)
  if (line[start] !== QUOTE) return text
  if (!text.includes('\\')) return text
  const decoded = decodeString(line, start, end)
  return decoded === undefined ? text : Buffer.from(JSON.stringify(decoded)).toString('latin1')
}

/** keyOfText of the frame's id. */
export function idKey(frame: Frame): string {
  return keyOfText(frame.line, frame.idStart, frame.idEnd)
}

/**
 * The id when it is a non-negative integer below 10^15, as our own always are, however it is spelled: programs whose JSON
 * knows only doubles answer 1 as `1.0` or `1e0`. Undefined otherwise. Of the plain spelling no string is made.
 */
export function idInteger(frame: Frame): number | undefined {
  return integerAt(frame.line, frame.idStart, frame.idEnd)
}

/** As idInteger, of any range. */
export function integerAt(line: Buffer, start: number, end: number): number | undefined {
  if (start === -1) return undefined
  if (end - start > MAX_DIGITS) return spelledInteger(line, start, end)
  let value = 0
  for (let at = start; at < end; at++) {
    const digit = line[at]! - 0x30
    if (digit < 0 || digit > 9) return spelledInteger(line, start, end)
    value = value * 10 + digit
  }
  return value
}

const MAX_DIGITS = 15
/** Longer numbers are nobody's spelling of an id of ours. */
const MAX_NUMBER = 64

function spelledInteger(line: Buffer, start: number, end: number): number | undefined {
  const first = line[start]!
  if (end - start > MAX_NUMBER || ((first < 0x30 || first > 0x39) && first !== MINUS)) return undefined
  const value = Number(line.toString('latin1', start, end))
  // -0 is 0.
  return Number.isInteger(value) && value >= 0 && value < 10 ** MAX_DIGITS ? value + 0 : undefined
}

const MINUS = 0x2d

/** The value range of one key of `params` (name, uri, level, taskId, …), found when asked for. */
export function paramRange(frame: Frame, key: string): Range | undefined {
  return frame.paramsStart === -1 ? undefined : findMember(frame.line, frame.paramsStart, key)
}

/** Whether `params` are what JSON-RPC allows: absent, an object or an array. Servers leave a request with others unanswered. */
export function hasStructuredParams(frame: Frame): boolean {
  const first = frame.paramsStart === -1 ? OPEN_OBJECT : frame.line[frame.paramsStart]
  return first === OPEN_OBJECT || first === OPEN_ARRAY
}

/** The string under one key of `params`, undefined when absent or no string. */
export function paramString(frame: Frame, key: string): string | undefined {
  const range = paramRange(frame, key)
  return range === undefined ? undefined : decodeString(frame.line, range.start, range.end)
}

/** The raw text of `params`, undefined when there are none. */
export function paramsText(frame: Frame): string | undefined {
  return frame.paramsStart === -1
    ? undefined
    : frame.line.toString('utf8', frame.paramsStart, frame.paramsEnd)
}

/** The raw text of a response's `result` (or `error`), undefined when it is no response. */
export function bodyText(frame: Frame): string | undefined {
  return frame.bodyStart === -1 ? undefined : frame.line.toString('utf8', frame.bodyStart, frame.bodyEnd)
}
