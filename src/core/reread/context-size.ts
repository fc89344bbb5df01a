import { closeSync, fstatSync, readSync } from 'node:fs'
import { hasErrno, MyceliumError } from '../errors.ts'
import { openRegular } from '../regular-file.ts'

/** Enough for the last answer of a model and what tools gave since, as a rule; where it is not, nothing is known. */
const TAIL_BYTES = 512 * 1024

/** Where Claude Code writes what happens in a context: the session's own, or that of one of its agents. */
function transcriptOf(main: string, agent: string): string {
  return agent === '' ? main : `${main.replace(/\.jsonl$/, '')}/subagents/agent-${agent}.jsonl`
}

/**
 * Tokens of the last request of a context, from the end of its transcript, found by that of the session: what was sent anew, written to the cache and read from it. Undefined where
 * the transcript does not say. Never throws for a file that is not there.
 */
export function contextTokens(main: string, agent: string): number | undefined {
  const lines = (tailOf(transcriptOf(main, agent)) ?? '').split('\n')
  for (const line of lines.toReversed()) {
    if (!line.includes('"usage"') || !line.includes('"assistant"')) continue
    const { type, message, isSidechain } = Object(parsed(line))
    // Earlier versions wrote what agents do into the transcript of the session.
    if (agent === '' && isSidechain === true) continue
    const { input_tokens, cache_creation_input_tokens, cache_read_input_tokens } = Object(
      Object(message).usage,
    )
    const parts = [input_tokens, cache_creation_input_tokens ?? 0, cache_read_input_tokens ?? 0]
    if (type === 'assistant' && parts.every(Number.isSafeInteger))
      return parts.reduce((sum: number, part: number) => sum + part, 0)
  }
  return undefined
}

function tailOf(path: string): string | undefined {
  try {
    const fd = openRegular(path)
    try {
      const { size } = fstatSync(fd)
      const bytes = Buffer.alloc(Math.min(size, TAIL_BYTES))
      const read = readSync(fd, bytes, 0, bytes.length, size - bytes.length)
      return bytes.toString('utf8', 0, read)
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    if (
      error instanceof MyceliumError ||
      hasErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'ELOOP', 'EISDIR', 'ENXIO')
    )
      return undefined
    throw error
  }
}

/** The first line of a tail is cut. */
function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
