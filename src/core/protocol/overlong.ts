import {
  CLOSE_OBJECT,
  COLON,
  COMMA,
  OPEN_OBJECT,
  QUOTE,
  skipSpace,
  skipString,
  skipValue,
} from './json-text.ts'
import { Key, keyAt } from './keys.ts'

/** What the two ends of a message say that was too long to be kept. */
export interface OverlongMessage {
  /** `call`: a request or a notification. Undefined when the ends do not show which it is. */
  readonly kind: 'call' | 'response' | undefined
  /** The id's text as idText() gives it, undefined unless it is beyond doubt the message's own. */
  readonly idText: string | undefined
}

/** Top-level keys that were seen, as bits, and the text of every top-level `id` that is one. */
interface Seen {
  keys: number
  readonly ids: string[]
}

/** Reads the top-level members that lie whole within either end of a line. The ends must not overlap. */
export function readEnds(head: Buffer, tail: Buffer): OverlongMessage {
  const seen: Seen = { keys: 0, ids: [] }
  if (readHead(head, seen)) readTail(tail.toString('latin1'), seen)
  const called = (seen.keys & (Key.method | Key.params)) !== 0
  const answered = (seen.keys & (Key.result | Key.error)) !== 0
  return {
    kind: called === answered ? undefined : called ? 'call' : 'response',
    // Of two, JSON readers differ on which counts.
    idText: seen.ids.length === 1 ? seen.ids[0] : undefined,
  }
}

/** Forward, to the member that is cut. False when the text opens no object or is broken. */
function readHead(head: Buffer, seen: Seen): boolean {
  const open = skipSpace(head, head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0)
  if (head[open] !== OPEN_OBJECT) return false
  let at = skipSpace(head, open + 1)
  while (head[at] === QUOTE) {
    const keyEnd = skipString(head, at)
    if (keyEnd === -1) return true
    const colon = skipSpace(head, keyEnd)
    if (head[colon] !== COLON) return colon >= head.length
    const key = keyAt(head, at, keyEnd)
    seen.keys |= key
    const start = skipSpace(head, colon + 1)
    const end = skipValue(head, start)
    // A number at the edge may go on behind it.
    const next = end === -1 ? head.length : skipSpace(head, end)
    if (next >= head.length) return true
    if (head[next] !== COMMA && head[next] !== CLOSE_OBJECT) return false
    if (key === Key.id) noteId(head.toString('latin1', start, end), seen)
    at = skipSpace(head, next + 1)
  }
  return at >= head.length
}

/** A member at the end of the text, with a value that holds no object, no array and nothing escaped. */
const LAST_MEMBER = /,[ \t\r]*("[^"\\]*")[ \t\r]*:[ \t\r]*("[^"\\]*"|[-+.\w]+)[ \t\r]*$/

/**
 * Backward, to the first member whose value is not plain. The brace that ends the line closes the message, so what is
 * before it is a member of the message itself; and a quote that no backslash precedes does begin or end a string.
 */
function readTail(tail: string, seen: Seen): void {
  const text = tail.trimEnd()
  if (!text.endsWith('}')) return
  let rest = text.slice(0, -1)
  for (;;) {
    const member = LAST_MEMBER.exec(rest)
    if (member === null) return
    const [, quotedKey = '', value = ''] = member
    const key = keyAt(Buffer.from(quotedKey, 'latin1'), 0, quotedKey.length)
    seen.keys |= key
    if (key === Key.id) noteId(value, seen)
    rest = rest.slice(0, member.index)
  }
}

const ID = /^(?:"|-?\d|null$)/

function noteId(text: string, seen: Seen): void {
  if (ID.test(text)) seen.ids.push(text)
}
