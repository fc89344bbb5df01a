import type { EventOf } from '../events/event.ts'
import { decodeString, firstMember, membersOf, type Range, skipSpace } from '../protocol/json-text.ts'

/** Longest name or id that is recorded of a hook: they are names, and what is longer is none. */
const MAX_NAME_CHARS = 512

/** What the command line and the clock say of a hook, beside its input. */
export interface HookOrigin {
  readonly client: string
  /** The event, where the client's input does not name it. */
  readonly event: string | undefined
  /** Microseconds since the epoch. */
  readonly at: number
}

/** Keys of a hook's input, in the order in which they are taken: clients name the same thing alike, events do not. */
const SENT = ['tool_input', 'prompt']
const GIVEN = ['tool_response', 'error', 'last_assistant_message', 'prompt_response']
const OPEN_OBJECT = 0x7b
const FAILED = ['PostToolUseFailure', 'StopFailure']

/**
 * The event behind what a client wrote to its hook: names, ids and the sizes in bytes of what was asked and answered, never their text.
 * Values are skipped, not parsed, so 10 MB cost what reading them costs. Input that makes no sense is an event of outcome `unreadable`.
 */
export function hookEvent(input: Buffer, { client, event, at }: HookOrigin): EventOf<'hook'> {
  const members = membersOf(input, skipSpace(input, 0))
  const values = new Map<string, Range>()
  for (const { keyStart, keyEnd, start, end } of members ?? []) {
    const key = decodeString(input, keyStart, keyEnd)
    if (key !== undefined) values.set(key, { start, end })
  }
  const text = (key: string): string => {
    const range = values.get(key)
    return (range && decodeString(input, range.start, range.end)?.slice(0, MAX_NAME_CHARS)) ?? ''
  }
  const size = (keys: readonly string[]): number => {
    const range = values.get(keys.find((key) => values.has(key)) ?? '')
    return range === undefined ? 0 : range.end - range.start
  }
  const name = text('hook_event_name') || (event ?? '').slice(0, MAX_NAME_CHARS)
  return {
    at,
    client: client.slice(0, MAX_NAME_CHARS),
    clientSession: text('session_id'),
    project: text('cwd'),
    agent: text('agent_id'),
    event: name,
    tool: text('tool_name'),
    toolUse: text('tool_use_id'),
    bytesIn: size(SENT),
    bytesOut: size(GIVEN),
    durationUs: durationUs(input, values.get('duration_ms')),
    outcome:
      members === undefined
        ? 'unreadable'
        : FAILED.includes(name) || (client !== 'claude-code' && isFailure(input, values.get('tool_response')))
          ? 'failed'
          : 'ok',
  }
}

/** Clients without an event for it say so in the answer: Gemini CLI by an `error`, Codex as MCP does. Claude Code's is not looked into: it costs what reading it costs. */
function isFailure(input: Buffer, answer: Range | undefined): boolean {
  if (answer === undefined) return false
  const told = firstMember(input, answer.start, 'isError')
  if (told !== undefined) return input.toString('latin1', told.start, told.end) === 'true'
  const error = firstMember(input, answer.start, 'error')
  return error !== undefined && input[error.start] === OPEN_OBJECT
}

/** -1 when the client does not say. */
function durationUs(input: Buffer, range: Range | undefined): number {
  const ms = range === undefined ? Number.NaN : Number(input.toString('latin1', range.start, range.end))
  return Number.isFinite(ms) && ms >= 0 ? Math.round(ms * 1000) : -1
}
