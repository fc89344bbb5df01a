import { randomUUID } from 'node:crypto'
import { type Frame, scanFrame } from '../protocol/frame.ts'
import {
  decodeString,
  elementsOf,
  findMember,
  type Member,
  membersOf,
  OPEN_OBJECT,
  type Range,
} from '../protocol/json-text.ts'

/**
 * What a server and an agent say to each other through call_tool goes through a library that reads JSON and writes it again: 1.0 becomes 1, 1e400 null, and
 * integers beyond 2^53 lose digits. So a value that would be another text afterwards travels as a text inside a value that the library takes for
 * any other, and becomes itself again as it goes out: asWritten() is the one way out, to the agent and to servers. The key is new in each process
 * and never leaves it, so nobody else can write one.
 */
const KEY = `as-written-${randomUUID()}:`
const OBJECT = `{"${KEY}":"`
const BLOCK = `{"type":"text","text":"${KEY}`

/** The members of a result, each as its server wrote it; undefined of what is no result. A cancelled or refused call has an error instead. */
export function exactResult(line: Buffer): Readonly<Record<string, unknown>> | undefined {
  const frame = scanFrame(line)
  const members = bodyOf(frame, false)
  if (members === undefined) return undefined
  const entries = members.map((member) => {
    const key = keyOf(line, member)
    if (key === 'content') return [key, exactBlocks(line, member)] as const
    return [key, key === '_meta' ? exactMembers(line, member) : exactValue(line, member)] as const
  })
  return Object.fromEntries(entries)
}

/** The data of an error, as its server wrote it; undefined where there is none. */
export function exactErrorData(line: Buffer): unknown {
  const frame = scanFrame(line)
  const members = bodyOf(frame, true)
  const data = members?.findLast((member) => keyOf(line, member) === 'data')
  return data && exactValue(line, data)
}

/** The line of a request in which the argument `arguments` of a call of `tool` passes as it was written; any other line as it is. */
export function withExactArguments(line: Buffer, tool: string): Buffer {
  try {
    return exactArguments(line, tool)
  } catch {
    // Where it is no JSON, the library says so.
    return line
  }
}

function exactArguments(line: Buffer, tool: string): Buffer {
  const frame = scanFrame(line)
  if (frame?.kind !== 'request' || frame.method !== 'tools/call' || frame.paramsStart < 0) return line
  const { line: own, paramsStart } = frame
  const name = findMember(own, paramsStart, 'name')
  if (name === undefined || decodeString(own, name.start, name.end) !== tool) return line
  const args = findMember(own, paramsStart, 'arguments')
  const given = args && findMember(own, args.start, 'arguments')
  if (given === undefined || own[given.start] !== OPEN_OBJECT) return line
  const text = Buffer.from(JSON.stringify(exactValue(own, given)))
  return Buffer.concat([own.subarray(0, given.start), text, own.subarray(given.end)])
}

/** JSON as it goes out: what was carried as a text is itself again. */
export function asWritten(json: string): string {
  let at = json.indexOf(KEY)
  if (at < 0) return json
  const parts: string[] = []
  let from = 0
  for (; at >= 0; at = json.indexOf(KEY, from)) {
    const [head, quote] = json.startsWith(OBJECT, at - 2)
      ? [at - 2, at + KEY.length + 2]
      : [at + KEY.length - BLOCK.length, at - 1]
    if (quote < at && !json.startsWith(BLOCK, head)) throw new Error('a carried text is not where it was put')
    const end = endOfString(json, quote)
    const text = JSON.parse(json.slice(quote, end)) as string
    parts.push(json.slice(from, head), quote < at ? text.slice(KEY.length) : text)
    // The brace that closes it.
    from = end + 1
  }
  return parts.join('') + json.slice(from)
}

/** A value that is not passed on, as the library would have read it. */
export function asRead(value: unknown): unknown {
  return JSON.parse(asWritten(JSON.stringify(value)))
}

function bodyOf(frame: Frame | undefined, isError: boolean): readonly Member[] | undefined {
  return frame?.kind === 'response' && frame.isError === isError
    ? membersOf(frame.line, frame.bodyStart)
    : undefined
}

function keyOf(line: Buffer, { keyStart, keyEnd }: Member): string {
  return decodeString(line, keyStart, keyEnd) ?? ''
}

/** Content blocks are held to their form: another one stands for one that would change. */
function exactBlocks(line: Buffer, range: Range): unknown {
  const blocks = elementsOf(line, range.start)?.elements
  if (blocks === undefined) return exactValue(line, range)
  return blocks.map((block) => carried(line, block, (raw) => ({ type: 'text', text: `${KEY}${raw}` })))
}

/** An object whose own members the library reads and adds to. */
function exactMembers(line: Buffer, range: Range): unknown {
  const members = membersOf(line, range.start)
  if (members === undefined) return exactValue(line, range)
  return Object.fromEntries(members.map((member) => [keyOf(line, member), exactValue(line, member)]))
}

function exactValue(line: Buffer, range: Range): unknown {
  return carried(line, range, (raw) => ({ [KEY]: raw }))
}

/** The value itself where it would be written as it stands. */
function carried(line: Buffer, { start, end }: Range, carrier: (raw: string) => unknown): unknown {
  const raw = line.toString('utf8', start, end)
  const value: unknown = JSON.parse(raw)
  return JSON.stringify(value) === raw ? value : carrier(raw)
}

/** The index behind the string whose opening quote is at `quote`. */
function endOfString(json: string, quote: number): number {
  for (let end = json.indexOf('"', quote + 1); ; end = json.indexOf('"', end + 1)) {
    let first = end
    while (json[first - 1] === '\\') first--
    if (((end - first) & 1) === 0) return end + 1
  }
}
