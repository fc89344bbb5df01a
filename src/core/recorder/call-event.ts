import type { Clock } from '../clock.ts'
import { MyceliumError } from '../errors.ts'
import type { EventOf } from '../events/event.ts'
import type { Call } from '../pipeline/call.ts'
import type { Frame } from '../protocol/frame.ts'
import { decodeString, firstMember, hasBackslash, QUOTE } from '../protocol/json-text.ts'

/** What is the same in every event of one agent connection. */
export interface Who {
  readonly session: string
  readonly clientSession: string
  readonly client: string
  readonly project: string
  readonly server: string
  readonly mode: string
  readonly via: string
}

/** The event of a call that is settled: with the server's answer, an error of ours, or neither when the agent cancelled it. */
export function callEvent(
  who: Who,
  call: Call,
  answer: Frame | undefined,
  error: unknown,
  clock: Clock,
): EventOf<'call'> {
  const now = clock.now()
  const sentAtMs = call.sentAtMs || now
  const { frame } = call
  const meta = clientMeta(frame)
  return {
    at: Math.round((clock.wall() - (now - call.arrivedAtMs)) * 1000),
    session: who.session,
    clientSession: meta?.session ?? who.clientSession,
    client: who.client,
    project: who.project,
    server: who.server,
    method: call.method,
    tool: call.method === 'tools/call' ? toolOf(frame) : '',
    mode: who.mode,
    via: who.via,
    toolUse: meta?.toolUse ?? '',
    bytesIn: frame.line.length,
    bytesOut: answer?.line.length ?? 0,
    queueUs: Math.round((sentAtMs - call.arrivedAtMs) * 1000),
    upstreamUs: Math.round((now - sentAtMs) * 1000),
    outcome: outcomeOf(call, answer, error),
    code: error instanceof MyceliumError ? error.code : error === undefined ? '' : 'internal',
    effect: call.effect,
    savedBytes: call.savedBytes,
  }
}

/** Clients write it first; arguments of megabytes behind it are not walked. */
function toolOf({ line, paramsStart }: Frame): string {
  const range = paramsStart === -1 ? undefined : firstMember(line, paramsStart, 'name')
  if (range === undefined || line[range.start] !== QUOTE) return ''
  const { start, end } = range
  return hasBackslash(line, start, end)
    ? (decodeString(line, start, end) ?? '')
    : line.toString('utf8', start + 1, end - 1)
}

function outcomeOf(call: Call, answer: Frame | undefined, error: unknown): string {
  if (answer === undefined) return error === undefined ? 'cancelled' : 'failed'
  if (answer.isError) return 'error'
  return call.method === 'tools/call' && saysIsError(answer) ? 'tool_error' : 'ok'
}

const IS_ERROR = Buffer.from('"isError"')
const TRUE = /^\s*:\s*true/

/** Inside a string the quotes would be escaped, so these bytes are a key; servers write it at the end. */
function saysIsError({ line, bodyStart, bodyEnd }: Frame): boolean {
  for (
    let at = line.indexOf(IS_ERROR, bodyStart);
    at !== -1 && at < bodyEnd;
    at = line.indexOf(IS_ERROR, at + 1)
  )
    if (TRUE.test(line.toString('latin1', at + IS_ERROR.length, at + IS_ERROR.length + 16))) return true
  return false
}

/** What clients say of themselves in `params._meta`; undefined when there is none. Longer than any of them is not looked into. */
export function clientMeta(
  frame: Frame,
): { readonly session?: string; readonly toolUse?: string } | undefined {
  const { line, metaStart, metaEnd } = frame
  if (metaStart === -1 || metaEnd - metaStart > MAX_META_BYTES) return undefined
  try {
    const meta = Object(JSON.parse(line.toString('utf8', metaStart, metaEnd)))
    const turn = turnOf(meta['x-codex-turn-metadata'])
    const toolUse = meta['claudecode/toolUseId'] ?? meta.callId
    return {
      ...(typeof toolUse === 'string' ? { toolUse } : {}),
      ...(typeof turn === 'string' ? { session: turn } : {}),
    }
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

const MAX_META_BYTES = 16 * 1024

/** Codex writes its turn as an object or as the text of one. */
function turnOf(value: unknown): unknown {
  const turn = typeof value === 'string' ? JSON.parse(value) : value
  return Object(turn).session_id
}
