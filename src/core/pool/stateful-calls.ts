import type { Call, Reply } from '../pipeline/call.ts'
import { type Frame, scanFrame } from '../protocol/frame.ts'
import { resultText } from '../protocol/messages.ts'
import { textParam } from './incoming.ts'
import type { Member } from './member.ts'
import type { Pool } from './pool.ts'
import type { Upstream } from './upstream.ts'

/** `{}` under an id that the session replaces. */
const EMPTY_RESULT: Reply = { frame: scanFrame(Buffer.from(resultText('0', '{}').trimEnd())) as Frame }

/**
 * Sends a call; the few that change what a process remembers of its client are counted per session on the way, so that
 * one session's unsubscribe or log level does not undo another's.
 */
export async function dispatchCounted(pool: Pool, call: Call, member: Member): Promise<Reply> {
  switch (call.method) {
    case 'resources/subscribe':
      return subscribe(pool, call, member)
    case 'resources/unsubscribe':
      return unsubscribe(pool, call, member)
    case 'logging/setLevel':
      return setLevel(pool, call, member)
    default:
      return pool.dispatch(call, member)
  }
}

async function subscribe(pool: Pool, call: Call, member: Member): Promise<Reply> {
  const uri = textParam(call.frame, 'uri')
  if (uri === undefined) return pool.dispatch(call, member)
  const holder = pool.subscriptions.holder(uri)
  if (holder !== undefined) {
    pool.subscriptions.add(uri, member.id, holder)
    return EMPTY_RESULT
  }
  let served: Upstream | undefined
  const reply = await pool.dispatch(call, member, (upstream) => {
    served = upstream
  })
  if (!reply.frame.isError && served !== undefined && pool.members.has(member.id))
    pool.subscriptions.add(uri, member.id, served)
  return reply
}

async function unsubscribe(pool: Pool, call: Call, member: Member): Promise<Reply> {
  const uri = textParam(call.frame, 'uri')
  if (uri === undefined || !pool.subscriptions.has(uri, member.id)) return pool.dispatch(call, member)
  if (pool.subscriptions.others(uri, member.id) > 0) {
    pool.subscriptions.remove(uri, member.id)
    return EMPTY_RESULT
  }
  const holder = pool.subscriptions.remove(uri, member.id)
  return holder === undefined ? EMPTY_RESULT : holder.forward(call)
}

async function setLevel(pool: Pool, call: Call, member: Member): Promise<Reply> {
  const level = textParam(call.frame, 'level')
  const before = pool.logLevels.mostVerbose(pool.members.keys())
  if (level !== undefined && before !== undefined && pool.sharing !== 'owned') {
    const others = pool.logLevels.mostVerbose([...pool.members.keys()].filter((id) => id !== member.id))
    if (others !== undefined && pool.logLevels.isKnown(level) && pool.logLevels.moreVerbose(others, level)) {
      pool.logLevels.set(member.id, level)
      return EMPTY_RESULT
    }
  }
  const reply = await pool.dispatch(call, member)
  if (level !== undefined && !reply.frame.isError && pool.members.has(member.id))
    pool.logLevels.set(member.id, level)
  return reply
}
