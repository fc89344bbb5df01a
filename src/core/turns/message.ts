import { fingerprint } from '../hash.ts'
import { findMember, type Range } from '../protocol/json-text.ts'

/** One message, of any writing. */
export type Message = Readonly<Record<string, unknown>>

/** What a tool was asked. */
export interface Use {
  /** The tool and its arguments, shortened where they are long, and then with a hash, so that others have other names. */
  readonly name: string
  /** Of a file that it asks for: in which language the result may be. */
  readonly path?: string
}

/** A message as it stands in a file: in a transcript, inside of an entry. */
export interface Found {
  readonly range: Range
  readonly message: Message
  readonly isWrapped: boolean
  /** What of it a conversation needs; all where that is not told. */
  readonly only?: readonly string[]
  /** Of a sub-agent, in older transcripts. */
  readonly isAside: boolean
}

const SHOWN_CHARS = 60
/** The last word of a text in arguments, where it may name a source. */
const PATH = /["\s]([^"\s\\?#*]+\.\w{1,5})"/

/** The message that an entry of a transcript holds, or the value itself. */
export function wrappedIn(bytes: Buffer, range: Range, value: Message): Found {
  const isAside = value.isSidechain === true
  const key =
    (value.type === 'user' || value.type === 'assistant') && isObject(value.message)
      ? 'message'
      : value.type === 'response_item' && isObject(value.payload)
        ? 'payload'
        : undefined
  const at = key && findMember(bytes, range.start, key)
  if (key === undefined || at === undefined) return { range, message: value, isWrapped: false, isAside }
  const only = key === 'message' ? { only: ['role', 'content'] } : {}
  return { range: at, message: value[key] as Message, isWrapped: true, isAside, ...only }
}

/** What a message asks of tools, by the ids of the calls. */
export function usesIn(message: Message): readonly (readonly [string, Use])[] {
  const found: [string, Use][] = []
  const note = (id: unknown, tool: unknown, args: unknown): void => {
    if (typeof id === 'string' && typeof tool === 'string') found.push([id, askedBy(tool, args)])
  }
  for (const block of Array.isArray(message.content) ? message.content : []) {
    const { type, id, name, input } = Object(block)
    if (type === 'tool_use') note(id, name, input)
  }
  for (const call of Array.isArray(message.tool_calls) ? message.tool_calls : []) {
    const { id, function: of } = Object(call)
    note(id, Object(of).name, Object(of).arguments)
  }
  if (message.type === 'function_call') note(message.call_id, message.name, message.arguments)
  return found
}

function askedBy(tool: string, args: unknown): Use {
  const said = typeof args === 'string' ? args : (JSON.stringify(args) ?? '')
  const [, path] = PATH.exec(said) ?? []
  const shown =
    said.length <= SHOWN_CHARS ? said : `${said.slice(0, SHOWN_CHARS)}… #${fingerprint([said], 8)}`
  return { name: `${tool} ${shown}`, ...(path !== undefined && { path }) }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
