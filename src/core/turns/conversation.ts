import { MyceliumError } from '../errors.ts'
import {
  elementsOf,
  findMember,
  OPEN_ARRAY,
  OPEN_OBJECT,
  type Range,
  skipSpace,
  skipValue,
} from '../protocol/json-text.ts'
import { type Found, type Message, type Use, usesIn, wrappedIn } from './message.ts'

/** One text of a conversation, and where its quoted text lies in the bytes. */
export interface Spoken extends Range {
  /** Answers of the agent so far: what a tool gave belongs to the answer that asked for it. */
  readonly turn: number
  readonly role: string
  readonly by: 'tool' | 'agent' | 'person'
  readonly text: string
  /** What a tool's result shows, where that is told and it did not fail: a later one of the same name shows it as it is now. */
  readonly name?: string
  readonly path?: string
}

/** Messages in their order, and their texts. */
export interface Conversation {
  readonly bytes: Buffer
  /** The messages of a transcript, which alone go out; empty where the file is nothing else. */
  readonly messages: readonly Pick<Found, 'range' | 'only'>[]
  readonly spoken: readonly Spoken[]
}

/**
 * Reads a conversation: a JSON array or lines of messages as OpenAI, Anthropic and MCP write them, an object that has them as `messages`, or a transcript of Claude Code
 * or Codex, of which the messages alone go out. Nothing is written anew but texts. Throws turns_invalid, which names the line or the message.
 */
export function readConversation(file: Buffer): Conversation {
  const bytes = file.subarray(file[0] === 0xef && file[1] === 0xbb && file[2] === 0xbf ? 3 : 0)
  const ranges = messagesIn(bytes)
  const found = ranges.map((range, i) => wrappedIn(bytes, range, messageAt(bytes, range, i)))
  const own = found.some(({ isAside }) => !isAside) ? found.filter(({ isAside }) => !isAside) : found
  const isTranscript = own.some(({ isWrapped }) => isWrapped)
  const messages = own.filter(({ isWrapped }) => isWrapped || !isTranscript)
  if (messages.length === 0) throw invalid('there are no messages in it')
  const spoken: Spoken[] = []
  const uses = new Map<string, Use>()
  let turn = 0
  let last = ''
  for (const [i, { message, range }] of messages.entries()) {
    if (!isTranscript && !isMessage(message)) throw invalid(`message ${i + 1} has neither a role nor content`)
    const role = roleOf(message)
    if (role === 'assistant' && last !== 'assistant') turn++
    last = role
    for (const [id, use] of usesIn(message)) uses.set(id, use)
    // In the order in which they stand: each is written where the one before it ended.
    const texts = textsIn(bytes, range, message).toSorted((a, b) => a.start - b.start)
    for (const one of texts) {
      const { start, end, by, text } = one
      spoken.push({ start, end, by, text, turn, role: by === 'tool' ? by : role, ...shownBy(one, uses) })
    }
  }
  return { bytes, messages: isTranscript ? messages : [], spoken }
}

/** The conversation with other texts, as many and in the same order; all other bytes as they came. A transcript becomes its messages, one a line. */
export function writtenWith({ bytes, messages, spoken }: Conversation, texts: readonly string[]): string {
  const written = ({ start, end }: Range): string => {
    const out: string[] = []
    let from = start
    for (let i = firstFrom(spoken, start); i < spoken.length && spoken[i]!.end <= end; i++) {
      const one = spoken[i]!
      if (texts[i] === one.text) continue
      out.push(bytes.toString('utf8', from, one.start), JSON.stringify(texts[i]))
      from = one.end
    }
    return out.join('') + bytes.toString('utf8', from, end)
  }
  if (messages.length === 0) return written({ start: 0, end: bytes.length })
  const lines = messages.map(({ range, only }) => {
    if (only === undefined) return written(range)
    const members = only.flatMap((key) => {
      const at = findMember(bytes, range.start, key)
      return at === undefined ? [] : [`${JSON.stringify(key)}:${written(at)}`]
    })
    return `{${members.join(',')}}`
  })
  return `${lines.join('\n')}\n`
}

/** The index of the first text that begins at a byte or behind it. */
function firstFrom(spoken: readonly Spoken[], start: number): number {
  let [low, high] = [0, spoken.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (spoken[middle]!.start < start) low = middle + 1
    else high = middle
  }
  return low
}

function messagesIn(bytes: Buffer): readonly Range[] {
  const start = skipSpace(bytes, 0)
  if (bytes[start] === OPEN_ARRAY) {
    const { elements, end } = listAt(bytes, start)
    if (skipSpace(bytes, end) < bytes.length) throw invalid('more follows its list of messages')
    return elements
  }
  const end = skipValue(bytes, start)
  if (bytes[start] === OPEN_OBJECT && end >= 0 && skipSpace(bytes, end) === bytes.length) {
    const messages = findMember(bytes, start, 'messages')
    return messages === undefined ? [{ start, end }] : listAt(bytes, messages.start).elements
  }
  const ranges: Range[] = []
  for (let from = 0, line = 1; from < bytes.length; line++) {
    const newline = bytes.indexOf('\n', from)
    const stop = newline < 0 ? bytes.length : newline
    const open = skipSpace(bytes, from)
    if (open < stop) {
      const close = skipValue(bytes, open)
      if (bytes[open] !== OPEN_OBJECT || close < 0 || close > stop || skipSpace(bytes, close) < stop)
        throw invalid(`line ${line} is no JSON object`)
      ranges.push({ start: open, end: close })
    }
    from = stop + 1
  }
  return ranges
}

function listAt(bytes: Buffer, start: number): { readonly elements: readonly Range[]; readonly end: number } {
  const list = elementsOf(bytes, start)
  if (list === undefined) throw invalid('its list of messages is cut short')
  return list
}

function messageAt(bytes: Buffer, { start, end }: Range, i: number): Message {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8', start, end))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Message
  } catch {
    // Said below.
  }
  throw invalid(`message ${i + 1} is no JSON object`)
}

function isMessage({ role, content, type }: Message): boolean {
  return typeof role === 'string' || content !== undefined || typeof type === 'string'
}

function roleOf({ role, type }: Message): string {
  if (typeof role === 'string') return role
  if (type === 'function_call' || type === 'reasoning') return 'assistant'
  return 'tool'
}

type Text = Pick<Spoken, 'start' | 'end' | 'by' | 'text'> & {
  readonly use?: string
  /** Which of the texts of a result it is, from 1. */
  readonly nth?: number
  readonly failed?: boolean
}

function textsIn(bytes: Buffer, range: Range, message: Message): readonly Text[] {
  const role = roleOf(message)
  const by = role === 'assistant' ? 'agent' : role === 'tool' || role === 'function' ? 'tool' : 'person'
  const use = message.tool_call_id ?? message.call_id
  const about =
    by === 'tool'
      ? {
          ...(typeof use === 'string' && { use }),
          failed: message.isError === true,
        }
      : {}
  return [
    ...contentAt(bytes, range, 'content', message.content, { by, ...about }),
    ...contentAt(bytes, range, 'output', message.output, { by: 'tool', ...about }),
  ]
}

function contentAt(
  bytes: Buffer,
  range: Range,
  key: string,
  content: unknown,
  about: Omit<Text, 'start' | 'end' | 'text'>,
): readonly Text[] {
  const at = content === undefined ? undefined : findMember(bytes, range.start, key)
  if (at === undefined) return []
  if (typeof content === 'string') return [{ ...at, ...about, text: content }]
  if (!Array.isArray(content)) return []
  const blocks = elementsOf(bytes, at.start)?.elements ?? []
  return blocks.flatMap((block, i) => {
    const value = Object(content[i]) as Message
    if (value.type === 'tool_result')
      return contentAt(bytes, block, 'content', value.content, {
        by: 'tool',
        ...(typeof value.tool_use_id === 'string' && { use: value.tool_use_id }),
        failed: value.is_error === true,
      })
    const text = typeof value.text === 'string' ? findMember(bytes, block.start, 'text') : undefined
    return text === undefined ? [] : [{ ...text, ...about, nth: i + 1, text: value.text as string }]
  })
}

/** By the call that asked for it: of a result that has the name of its tool alone nobody knows what it shows. */
function shownBy({ use, nth = 1, failed, by }: Text, uses: ReadonlyMap<string, Use>): Partial<Use> {
  const asked = by === 'tool' && use !== undefined ? uses.get(use) : undefined
  if (asked === undefined) return {}
  const path = asked.path === undefined ? {} : { path: asked.path }
  // The texts of one result do not supersede each other.
  const name = nth === 1 ? asked.name : `${asked.name} (text ${nth})`
  return { ...path, ...(!failed && { name }) }
}

function invalid(why: string): MyceliumError {
  return new MyceliumError('turns_invalid', `it is no conversation: ${why}`)
}
