import type { EventOf } from '../../events/event.ts'
import { fingerprint } from '../../hash.ts'
import { byteText, tokenCount } from './json-line.ts'
import { count, fields, mcpName, microseconds } from './reader.ts'

/** The token columns of a response. */
export type Tokens = Pick<
  EventOf<'response'>,
  | 'inputTokens'
  | 'outputTokens'
  | 'cacheWrite5mTokens'
  | 'cacheWrite1hTokens'
  | 'cacheReadTokens'
  | 'reasoningTokens'
>

/**
 * Tokens of a `usage` of Anthropic's Messages API. Cache writes whose lifetime it does not tell count as 5 minutes, the API's default. What
 * a compaction on the server's side took is in `iterations` only, and is added.
 */
export function claudeTokens(usage: Readonly<Record<string, unknown>>): Tokens {
  const written = tokenCount(usage.cache_creation_input_tokens)
  const split = fields(usage.cache_creation)
  const hour = tokenCount(split.ephemeral_1h_input_tokens)
  const tokens = {
    inputTokens: tokenCount(usage.input_tokens),
    outputTokens: tokenCount(usage.output_tokens),
    cacheWrite5mTokens: Math.max(tokenCount(split.ephemeral_5m_input_tokens), written - hour),
    cacheWrite1hTokens: hour,
    cacheReadTokens: tokenCount(usage.cache_read_input_tokens),
    reasoningTokens: tokenCount(fields(usage.output_tokens_details).thinking_tokens),
  }
  const iterations = Array.isArray(usage.iterations) ? usage.iterations.map(fields) : []
  for (const iteration of iterations) {
    if (iteration.type !== 'compaction') continue
    const more = claudeTokens({ ...iteration, iterations: [] })
    for (const key of Object.keys(tokens) as (keyof Tokens)[]) tokens[key] += more[key]
  }
  return tokens
}

/** What a `cost-state` record says of each model. */
export function clientCosts(
  record: Readonly<Record<string, unknown>>,
  at: number,
  project: string,
): EventOf<'clientCost'>[] {
  const ended = microseconds(count(record.startTime) + count(record.totalDuration))
  return Object.entries(fields(record.modelUsage)).map(([model, value]) => {
    const usage = fields(value)
    return {
      at: at || ended,
      client: 'claude-code',
      clientSession: byteText(record.sessionId),
      project,
      model: byteText(model),
      inputTokens: tokenCount(usage.inputTokens),
      outputTokens: tokenCount(usage.outputTokens),
      cacheWriteTokens: tokenCount(usage.cacheCreationInputTokens),
      cacheReadTokens: tokenCount(usage.cacheReadInputTokens),
      costUsd: Number(usage.costUSD ?? usage.costUsd ?? 0),
    }
  })
}

/** The tools of an `api-request-shape` record with the exact bytes that each adds to every request; tokens are not told. */
export function schemasOf(record: Readonly<Record<string, unknown>>): EventOf<'schema'>[] {
  const { tools } = fields(record.shape)
  return (Array.isArray(tools) ? tools : []).map((tool) => {
    const json = byteText(JSON.stringify(tool))
    return {
      at: microseconds(record.timestamp),
      client: 'claude-code',
      ...mcpName(byteText(fields(tool).name)),
      bytes: Buffer.byteLength(json),
      tokens: -1,
      hash: fingerprint([json]),
      source: 'transcript',
    }
  })
}
