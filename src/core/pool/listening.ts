import type { Call } from '../pipeline/call.ts'
import { idText, integerAt } from '../protocol/fields.ts'
import { type Frame, scanFrame } from '../protocol/frame.ts'
import { findMember, type Range } from '../protocol/json-text.ts'
import { spliceRanges } from '../protocol/splice.ts'

/** The request of a modern agent whose id names all that the server says in its course. */
export const LISTEN = 'subscriptions/listen'
const SUBSCRIPTION = 'io.modelcontextprotocol/subscriptionId'

/** A notification of a modern server with the agent's own id where it names a call in flight by ours. */
export function noticeForAgent(frame: Frame, callUnder: (id: number) => Call | undefined): Frame {
  const { line, metaStart, requestIdStart, requestIdEnd } = frame
  const range =
    frame.method === 'notifications/cancelled' && requestIdStart !== -1
      ? { start: requestIdStart, end: requestIdEnd }
      : metaStart === -1
        ? undefined
        : findMember(line, metaStart, SUBSCRIPTION)
  const id = range === undefined ? undefined : integerAt(line, range.start, range.end)
  const call = id === undefined ? undefined : callUnder(id)
  return range === undefined || call === undefined ? frame : withText(frame, range, idText(call.frame))
}

/** The result that ends a subscription: it names the request too. */
export function resultForAgent(answer: Frame, call: Call): Frame {
  if (answer.isError) return answer
  const meta = findMember(answer.line, answer.bodyStart, '_meta')
  const range = meta && findMember(answer.line, meta.start, SUBSCRIPTION)
  return range === undefined ? answer : withText(answer, range, idText(call.frame))
}

function withText(frame: Frame, { start, end }: Range, text: string): Frame {
  return scanFrame(spliceRanges(frame.line, [{ start, end, text }])) as Frame
}
