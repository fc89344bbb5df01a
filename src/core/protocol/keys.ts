import { decodeString, hasBackslash, sameText } from './json-text.ts'

/** The keys routing needs, as bits, so that one number says which of them an object has shown. */
export const Key = {
  other: 0,
  id: 1,
  method: 2,
  params: 4,
  result: 8,
  error: 16,
  meta: 32,
  progressToken: 64,
  requestId: 128,
} as const
/** One of the bits, `other` for every key that routing does not need. */
export type Key = (typeof Key)[keyof typeof Key]

/** The key whose quoted text lies in this range; one written with escapes is that key too. */
export function keyAt(line: Buffer, start: number, end: number): Key {
  const key = plainKey(line, start + 1, end - 1)
  if (key !== Key.other || !mayBeEscapedKey(line, start + 1, end - 1)) return key
  const text = Buffer.from(decodeString(line, start, end) ?? '')
  return plainKey(text, 0, text.length)
}

function plainKey(line: Buffer, start: number, end: number): Key {
  switch (end - start) {
    case 2:
      return sameText(line, start, end, 'id') ? Key.id : Key.other
    case 5:
      if (sameText(line, start, end, '_meta')) return Key.meta
      return sameText(line, start, end, 'error') ? Key.error : Key.other
    case 6:
      if (sameText(line, start, end, 'params')) return Key.params
      if (sameText(line, start, end, 'result')) return Key.result
      return sameText(line, start, end, 'method') ? Key.method : Key.other
    case 9:
      return sameText(line, start, end, 'requestId') ? Key.requestId : Key.other
    case 13:
      return sameText(line, start, end, 'progressToken') ? Key.progressToken : Key.other
    default:
      return Key.other
  }
}

/** From `\u0069d` (one escape makes the shortest key 7 bytes) to all 13 letters of the longest key as escapes. */
function mayBeEscapedKey(line: Buffer, start: number, end: number): boolean {
  const length = end - start
  return length >= 7 && length <= 13 * 6 && hasBackslash(line, start, end)
}
