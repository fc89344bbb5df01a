import type { EventOf } from '../../events/event.ts'
import { fileOfUse } from './file-of-use.ts'
import { byteText, jsonBytes, textBytes, tokenCount } from './json-line.ts'
import { fields, microseconds } from './reader.ts'

type Place = Pick<EventOf<'response'>, 'client' | 'clientSession' | 'project' | 'agent' | 'agentType'>
type Message = Readonly<Record<string, unknown>>

/** The response that a message of Gemini CLI is; undefined when it has no tokens yet. Input holds the cached; thoughts are beside output. */
export function geminiResponse(
  place: Place,
  session: string,
  message: Message,
): EventOf<'response'> | undefined {
  if (typeof message.tokens !== 'object' || message.tokens === null) return undefined
  const tokens = fields(message.tokens)
  const cached = Math.min(tokenCount(tokens.cached), tokenCount(tokens.input))
  return {
    at: microseconds(message.timestamp),
    ...place,
    model: byteText(message.model),
    message: `${session}:${byteText(message.id)}`,
    // Results of tools that Google runs itself are a prompt of their own.
    inputTokens: tokenCount(tokens.input) - cached + tokenCount(tokens.tool),
    outputTokens: tokenCount(tokens.output) + tokenCount(tokens.thoughts),
    cacheWrite5mTokens: 0,
    cacheWrite1hTokens: 0,
    cacheReadTokens: cached,
    reasoningTokens: tokenCount(tokens.thoughts),
    clientCostUsd: -1,
  }
}

/** The tool uses in a message: Gemini CLI writes them down once they have ended. */
export function geminiUses(place: Place, session: string, message: Message): EventOf<'toolUse'>[] {
  const calls = Array.isArray(message.toolCalls) ? message.toolCalls.map(fields) : []
  return calls.map((call) => {
    const at = microseconds(message.timestamp)
    const ended = microseconds(call.timestamp)
    return {
      at,
      ...place,
      model: byteText(message.model),
      message: `${session}:${byteText(message.id)}`,
      toolUse: byteText(call.id),
      ...nameOf(call),
      bytesIn: jsonBytes(call.args ?? {}),
      bytesOut: call.result === undefined || call.result === null ? -1 : answerBytes(call.result),
      failed: call.status === 'error',
      durationUs: ended >= at && ended > 0 ? ended - at : -1,
      file: fileOfUse(fields(call.args), place.project),
    }
  })
}

/** A name like `mcp_my_server_tool` does not say where the server's ends; the display name `tool (my_server MCP Server)` does. */
function nameOf(call: Message): { readonly server: string; readonly tool: string } {
  const shown = /^(.+) \((.+) MCP Server\)$/.exec(byteText(call.displayName))
  if (shown !== null) return { server: shown[2]!, tool: shown[1]! }
  const named = /^mcp_([^_]+)_(.+)$/.exec(byteText(call.name))
  return named === null ? { server: '', tool: byteText(call.name) } : { server: named[1]!, tool: named[2]! }
}

/** UTF-8 bytes of what the functions answered. */
function answerBytes(result: unknown): number {
  const parts = Array.isArray(result) ? result : [result]
  return parts.reduce<number>((sum, part) => {
    const { response } = fields(fields(part).functionResponse)
    const said = Object.values(fields(response)).filter((value) => typeof value === 'string')
    const bytes = said.reduce<number>((total, value) => total + textBytes(value), 0)
    return sum + (said.length > 0 ? bytes : jsonBytes(response ?? part))
  }, 0)
}
