import type { Tokens } from './claude-usage.ts'
import { tokenCount } from './json-line.ts'
import { fields } from './reader.ts'

/** Tokens as Codex counts them: input holds the cached, output holds the reasoning. */
export interface CodexUsage {
  readonly input: number
  readonly cached: number
  readonly written: number
  readonly output: number
  readonly reasoning: number
}

/** A usage of Codex; all zeros where there is none. */
export function codexUsage(value: unknown): CodexUsage {
  const usage = fields(value)
  return {
    input: tokenCount(usage.input_tokens),
    cached: tokenCount(usage.cached_input_tokens),
    written: tokenCount(usage.cache_write_input_tokens),
    output: tokenCount(usage.output_tokens),
    reasoning: tokenCount(usage.reasoning_output_tokens),
  }
}

/** The token columns of a usage: what the cache had and what was written to it are parts of the input. */
export function codexTokens(usage: CodexUsage): Tokens {
  const cached = Math.min(usage.cached, usage.input)
  const written = Math.min(usage.written, usage.input - cached)
  return {
    inputTokens: usage.input - cached - written,
    outputTokens: usage.output,
    cacheWrite5mTokens: written,
    cacheWrite1hTokens: 0,
    cacheReadTokens: cached,
    reasoningTokens: usage.reasoning,
  }
}

/**
 * What a thread used since its last running total; undefined when nothing, as totals are repeated. Where there is no last total, or it is
 * more than this one, the total is not a sum of this file's: a fork goes on from its origin's, and after a resume or a compaction it began
 * anew. Then it is the last response's own usage, or, where that is not told, the total.
 */
export function sinceLast(
  total: CodexUsage,
  last: CodexUsage | undefined,
  own: CodexUsage,
): CodexUsage | undefined {
  const before = last ?? codexUsage(undefined)
  const delta = {
    input: total.input - before.input,
    cached: total.cached - before.cached,
    written: total.written - before.written,
    output: total.output - before.output,
    reasoning: total.reasoning - before.reasoning,
  }
  const parts = Object.values(delta)
  if (parts.every((part) => part === 0)) return undefined
  if (last !== undefined && parts.every((part) => part >= 0)) return delta
  return own.input + own.output > 0 ? own : total
}
