import {
  BACKSLASH,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  decodeString,
  elementsOf,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
  sameText,
  skipSpace,
  skipString,
  skipValue,
} from './json-text.ts'
import { Key, keyAt } from './keys.ts'
import { CLIENT_NOTIFICATIONS, CLIENT_REQUESTS, SERVER_NOTIFICATIONS, SERVER_REQUESTS } from './methods.ts'

/** What a line is: a `result` or `error` makes a response; else `method` with an `id` a request, without one a notification. */
export type FrameKind = 'request' | 'notification' | 'response' | 'batch' | 'invalid'

/**
 * One message as it came: the raw text plus the places that routing needs, as byte ranges of `line` (-1, -1 where there is
 * none). Nothing in it is decoded but the method.
 */
export interface Frame {
  readonly kind: FrameKind
  /** Without its newline and without a byte order mark. */
  readonly line: Buffer
  /** The id's JSON text, quotes included. An invalid frame has it when the id itself is beyond doubt. */
  readonly idStart: number
  readonly idEnd: number
  readonly method: string | undefined
  /** A response that carries an `error` and no `result`. */
  readonly isError: boolean
  /** Why the frame is invalid. */
  readonly reason: string | undefined
  readonly paramsStart: number
  readonly paramsEnd: number
  /** The value of `result`, or of `error` when there is no result. */
  readonly bodyStart: number
  readonly bodyEnd: number
  /** `params._meta`. */
  readonly metaStart: number
  readonly metaEnd: number
  /** `params._meta.progressToken`: the token a request asks progress under. */
  readonly metaTokenStart: number
  readonly metaTokenEnd: number
  /** `params.progressToken`: the token a progress notification speaks of. */
  readonly progressTokenStart: number
  readonly progressTokenEnd: number
  /** `params.requestId`: the request a cancellation speaks of. */
  readonly requestIdStart: number
  readonly requestIdEnd: number
}

type Draft = { -readonly [K in keyof Frame]: Frame[K] }

const TRUNCATED = 'the text ends too early or is not JSON'

/**
 * Reads a line without parsing it: one pass that stops only at the keys of the message, of `params` and of
 * `params._meta`. Undefined: not a JSON-RPC message at all (a log line, say). For a line of valid JSON, kind, id, method
 * and tokens are those JSON.parse would give; deep inside values the text is not checked. A key that decides routing
 * (id, method, params, _meta, progressToken, requestId) may come once: JSON readers differ on which of two counts.
 */
export function scanFrame(raw: Buffer): Frame | undefined {
  const line = raw[0] === 0xef && raw[1] === 0xbb && raw[2] === 0xbf ? raw.subarray(3) : raw
  const open = skipSpace(line, 0)
  if (line[open] === OPEN_ARRAY) return scanBatch(line, open)
  if (line[open] !== OPEN_OBJECT) return undefined
  const frame = blankFrame(line)
  const end = scanMembers(frame, open, Level.top)
  if (end === -1 || skipSpace(line, end) !== line.length) return notJson(frame, end)
  if (frame.reason === undefined) frame.kind = kindOf(frame)
  return frame
}

function blankFrame(line: Buffer): Draft {
  return {
    kind: 'invalid',
    line,
    idStart: -1,
    idEnd: -1,
    method: undefined,
    isError: false,
    reason: undefined,
    paramsStart: -1,
    paramsEnd: -1,
    bodyStart: -1,
    bodyEnd: -1,
    metaStart: -1,
    metaEnd: -1,
    metaTokenStart: -1,
    metaTokenEnd: -1,
    progressTokenStart: -1,
    progressTokenEnd: -1,
    requestIdStart: -1,
    requestIdEnd: -1,
  }
}

function kindOf(frame: Draft): FrameKind {
  if (frame.bodyStart !== -1) return 'response'
  if (frame.method !== undefined) return frame.idStart === -1 ? 'notification' : 'request'
  frame.reason = 'neither method nor result nor error'
  return 'invalid'
}

/** An id read from broken text may be half an id: it is not kept. */
function notJson(frame: Draft, end: number): Frame {
  frame.idStart = frame.idEnd = -1
  frame.reason = end === -1 ? TRUNCATED : 'more text follows the message'
  return frame
}

function scanBatch(line: Buffer, open: number): Frame | undefined {
  // `[info] started` is a log line, not a message; and a batch holds objects.
  if (line[skipSpace(line, open + 1)] !== OPEN_OBJECT) return undefined
  const frame = blankFrame(line)
  const end = elementsOf(line, open)?.end ?? -1
  if (end === -1 || skipSpace(line, end) !== line.length) return notJson(frame, end)
  frame.kind = 'batch'
  return frame
}

/** Of each object that is read, the keys that matter in it and may come once. */
const Level = {
  top: Key.id | Key.method | Key.params,
  params: Key.meta | Key.progressToken | Key.requestId,
  meta: Key.progressToken,
} as const
type Level = number

/** Reads the members of the object at `open` into the frame; the index after it, or -1 when the text is broken. */
function scanMembers(frame: Draft, open: number, level: Level): number {
  const line = frame.line
  let seen = 0
  let at = skipSpace(line, open + 1)
  if (line[at] === CLOSE_OBJECT) return at + 1
  for (;;) {
    if (line[at] !== QUOTE) return -1
    const keyEnd = skipString(line, at)
    if (keyEnd === -1) return -1
    const key = keyAt(line, at, keyEnd)
    const colon = skipSpace(line, keyEnd)
    if (line[colon] !== COLON) return -1
    const start = skipSpace(line, colon + 1)
    const inner = line[start] === OPEN_OBJECT ? levelInside(level, key) : 0
    const end = inner === 0 ? skipValue(line, start) : scanMembers(frame, start, inner)
    if (end === -1) return -1
    if ((seen & key & level) !== 0) noteTwice(frame, key)
    else if (key !== Key.other) note(frame, level, key, start, end)
    seen |= key
    at = skipSpace(line, end)
    if (line[at] === CLOSE_OBJECT) return at + 1
    if (line[at] !== COMMA) return -1
    at = skipSpace(line, at + 1)
  }
}

function levelInside(level: Level, key: Key): Level {
  if (level === Level.top && key === Key.params) return Level.params
  if (level === Level.params && key === Key.meta) return Level.meta
  return 0
}

function noteTwice(frame: Draft, key: Key): void {
  frame.reason ??= 'a key that decides where the message goes comes twice'
  if (key === Key.id) frame.idStart = frame.idEnd = -1
}

function note(frame: Draft, level: Level, key: Key, start: number, end: number): void {
  if (level === Level.top) noteTop(frame, key, start, end)
  else if (key === Key.meta) {
    frame.metaStart = start
    frame.metaEnd = end
  } else if (!isTokenStart(frame.line[start]!)) return
  else if (level === Level.meta) {
    if (key === Key.progressToken) {
      frame.metaTokenStart = start
      frame.metaTokenEnd = end
    }
  } else if (key === Key.progressToken) {
    frame.progressTokenStart = start
    frame.progressTokenEnd = end
  } else if (key === Key.requestId) {
    frame.requestIdStart = start
    frame.requestIdEnd = end
  }
}

function noteTop(frame: Draft, key: Key, start: number, end: number): void {
  switch (key) {
    case Key.id:
      if (!isId(frame.line, start, end)) {
        frame.reason ??= 'the id is neither a string nor a number nor null'
        return
      }
      frame.idStart = start
      frame.idEnd = end
      return
    case Key.method:
      frame.method = methodAt(frame.line, start, end)
      if (frame.method === undefined) frame.reason ??= 'the method is not a string'
      return
    case Key.params:
      frame.paramsStart = start
      frame.paramsEnd = end
      return
    case Key.result:
      frame.bodyStart = start
      frame.bodyEnd = end
      frame.isError = false
      return
    case Key.error:
      noteError(frame, start, end)
  }
}

function noteError(frame: Draft, start: number, end: number): void {
  if (frame.bodyStart !== -1 && !frame.isError) return
  frame.bodyStart = start
  frame.bodyEnd = end
  frame.isError = true
}

function isTokenStart(byte: number): boolean {
  return byte === QUOTE || byte === 0x2d || (byte >= 0x30 && byte <= 0x39)
}

function isId(line: Buffer, start: number, end: number): boolean {
  const first = line[start]!
  // Numbers and null were checked to the last byte when they were skipped.
  if (first !== QUOTE) return isTokenStart(first) || first === 0x6e
  for (let at = start + 1; at < end; at++) {
    const byte = line[at]!
    if (byte < 0x20 || byte === BACKSLASH) return decodeString(line, start, end) !== undefined
  }
  return true
}

/** The closed lists by length: a method that is on one of them needs no new string. */
const METHODS_BY_LENGTH: readonly (readonly string[])[] = byLength(
  new Set<string>([...CLIENT_REQUESTS, ...CLIENT_NOTIFICATIONS, ...SERVER_REQUESTS, ...SERVER_NOTIFICATIONS]),
)

function byLength(names: ReadonlySet<string>): string[][] {
  const lists: string[][] = []
  for (const name of names) {
    while (lists.length <= name.length) lists.push([])
    lists[name.length]!.push(name)
  }
  return lists
}

function methodAt(line: Buffer, start: number, end: number): string | undefined {
  if (line[start] !== QUOTE) return undefined
  const known = METHODS_BY_LENGTH[end - start - 2]
  if (known !== undefined) for (const name of known) if (sameText(line, start + 1, end - 1, name)) return name
  return decodeString(line, start, end)
}
