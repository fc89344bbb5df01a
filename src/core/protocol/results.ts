/** What results say of things that a later request asks for: tasks (2025-11-25), linked resources, the rest of a list. */

import type { Frame } from './frame.ts'
import { decodeString, findMember, type Range } from './json-text.ts'

/** The key of `_meta` that names the task a message belongs to. */
export const RELATED_TASK = 'io.modelcontextprotocol/related-task'

/** What a message says of a task. */
export interface TaskState {
  readonly taskId?: string | undefined
  /** Still worked on, or waiting for input. */
  readonly open: boolean
  /** Until it may be forgotten; undefined when not said. */
  readonly ttlMs?: number | undefined
}

const ENDED = ['completed', 'failed', 'cancelled']
/** A result that is longer is not looked into. */
const MAX_RESULT_BYTES = 4 * 1024 * 1024

/** The task in this range of the message; without one, in its `params` or, of an answer, its result. */
export function taskIn(frame: Frame, range: Range | undefined): TaskState | undefined {
  const open = range?.start ?? (frame.kind === 'response' ? frame.bodyStart : frame.paramsStart)
  if (open === -1) return undefined
  const { line } = frame
  const text = (key: string): string | undefined => {
    const found = findMember(line, open, key)
    return found === undefined ? undefined : decodeString(line, found.start, found.end)
  }
  const ttl = findMember(line, open, 'ttl')
  const ttlMs =
    ttl === undefined ? Number.NaN : Number.parseFloat(line.toString('latin1', ttl.start, ttl.end))
  return {
    taskId: text('taskId'),
    open: !ENDED.includes(text('status') ?? ''),
    ttlMs: Number.isFinite(ttlMs) ? ttlMs : undefined,
  }
}

/** Where the rest of a list is to be had. */
export function cursorIn(answer: Frame): string | undefined {
  const range = findMember(answer.line, answer.bodyStart, 'nextCursor')
  return range === undefined ? undefined : decodeString(answer.line, range.start, range.end)
}

/** The uris of the resources that a result's content blocks, or a prompt's messages, link to or hold. */
export function linksIn(answer: Frame): readonly string[] {
  if (answer.bodyEnd - answer.bodyStart > MAX_RESULT_BYTES) return []
  try {
    const body = JSON.parse(answer.line.toString('utf8', answer.bodyStart, answer.bodyEnd)) as Blocks
    const blocks = [...(body.content ?? []), ...(body.messages ?? []).map((message) => message?.content)]
    return blocks
      .map((block) => (block?.type === 'resource_link' ? block.uri : block?.resource?.uri))
      .filter((uri) => typeof uri === 'string')
  } catch {
    return []
  }
}

interface Block {
  readonly type?: unknown
  readonly uri?: unknown
  readonly resource?: { readonly uri?: unknown }
}

interface Blocks {
  readonly content?: readonly (Block | null)[]
  readonly messages?: readonly ({ readonly content?: Block } | null)[]
}
