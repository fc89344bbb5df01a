import type { Call, Reply } from '../pipeline/call.ts'
import { type Frame, scanFrame } from '../protocol/frame.ts'
import { resultText } from '../protocol/messages.ts'
import { alike, processesFor } from './groups.ts'
import { textParam } from './incoming.ts'
import { LISTEN, resultForAgent } from './listening.ts'
import type { Member } from './member.ts'
import { dispatchPinned, listTasks } from './pinned-calls.ts'
import type { Pool } from './pool.ts'
import { tellQuietly } from './restore.ts'
import type { Upstream } from './upstream.ts'

/** `{}` under an id that the session replaces. */
const EMPTY_RESULT: Reply = { frame: scanFrame(Buffer.from(resultText('0', '{}').trimEnd())) as Frame }

/**
 * Sends a call; the few that change what a process remembers of its client are counted per session on the way, so that
 * one session's unsubscribe or log level does not undo another's, and every process of the pool knows them; those that
 * ask for what an earlier call made go where that is.
 */
export function dispatchCounted(pool: Pool, call: Call, member: Member): Promise<Reply> {
  switch (call.method) {
    case 'resources/subscribe':
      return subscribe(pool, call, member)
    case 'resources/unsubscribe':
      return unsubscribe(pool, call, member)
    case 'logging/setLevel':
      return setLevel(pool, call, member)
    case 'ping':
      // It asks whether the other end is there, and must not wait until a process is free.
      return pool.service.leases ? Promise.resolve(EMPTY_RESULT) : pool.dispatch(call, member)
    case 'tasks/list':
      return listTasks(pool, call, member)
    case 'tasks/get':
    case 'tasks/result':
    case 'tasks/cancel':
    case 'resources/read':
    case 'prompts/list':
    case 'resources/list':
    case 'resources/templates/list':
      return dispatchPinned(pool, call, member)
    case 'tools/list':
      return dispatchPinned(pool, call, member).then((reply) => {
        pool.service.evidence.noteTools(reply.frame)
        return reply
      })
    case LISTEN:
      return pool.dispatch(call, member).then(({ frame }) => ({ frame: resultForAgent(frame, call) }))
    default:
      return pool.dispatch(call, member)
  }
}

/** Takes back what a session that left had wanted, where nobody else wants it. */
export function unsubscribeAll(pool: Pool, member: Member): void {
  const others = alike(pool, member)
  for (const uri of pool.subscriptions.urisOf((session) => session === member.id)) {
    pool.subscriptions.remove(uri, member.id)
    if (pool.subscriptions.isWanted(uri, others)) continue
    for (const upstream of processesFor(pool, member)) tellQuietly(upstream, 'resources/unsubscribe', { uri })
  }
}

async function subscribe(pool: Pool, call: Call, member: Member): Promise<Reply> {
  const uri = textParam(call.frame, 'uri')
  if (uri === undefined) return pool.dispatch(call, member)
  const held = pool.subscriptions.holds(uri, alike(pool, member))
  pool.subscriptions.ask(uri, member.id)
  if (held) {
    pool.subscriptions.accept(uri, member.id)
    return EMPTY_RESULT
  }
  const sent = await sendNoting(pool, call, member).catch((error: unknown) => {
    pool.subscriptions.remove(uri, member.id)
    throw error
  })
  if (sent.reply.frame.isError || !pool.members.has(member.id)) pool.subscriptions.remove(uri, member.id)
  else {
    pool.subscriptions.accept(uri, member.id)
    tellOthers(pool, member, sent.upstream, 'resources/subscribe', { uri })
  }
  return sent.reply
}

async function unsubscribe(pool: Pool, call: Call, member: Member): Promise<Reply> {
  const uri = textParam(call.frame, 'uri')
  if (uri === undefined) return pool.dispatch(call, member)
  const wanted = pool.subscriptions.has(uri, member.id)
  pool.subscriptions.remove(uri, member.id)
  const others = alike(pool, member)
  // Also one whose subscription is on its way: this would undo it.
  if (pool.subscriptions.isWanted(uri, others)) return EMPTY_RESULT
  const { reply, upstream } = await sendNoting(pool, call, member)
  if (pool.subscriptions.isWanted(uri, others)) {
    // Somebody asked meanwhile, perhaps of this process and before this reached it.
    if (upstream !== undefined) tellQuietly(upstream, 'resources/subscribe', { uri })
  } else if (wanted) tellOthers(pool, member, upstream, 'resources/unsubscribe', { uri })
  return reply
}

async function setLevel(pool: Pool, call: Call, member: Member): Promise<Reply> {
  const level = textParam(call.frame, 'level')
  if (level === undefined || !pool.logLevels.isKnown(level)) return pool.dispatch(call, member)
  const group = [...pool.members.keys()].filter(alike(pool, member))
  const others = pool.logLevels.mostVerbose(group.filter((id) => id !== member.id))
  if (others !== undefined && pool.logLevels.moreVerbose(others, level)) {
    pool.logLevels.set(member.id, level)
    return EMPTY_RESULT
  }
  const { reply, upstream } = await sendNoting(pool, call, member)
  if (!reply.frame.isError && pool.members.has(member.id)) {
    pool.logLevels.set(member.id, level)
    tellOthers(pool, member, upstream, 'logging/setLevel', { level })
  }
  return reply
}

/** Dispatches and notes which process took the call. */
async function sendNoting(
  pool: Pool,
  call: Call,
  member: Member,
): Promise<{ readonly reply: Reply; readonly upstream: Upstream | undefined }> {
  let upstream: Upstream | undefined
  const reply = await pool.dispatch(call, member, (served) => {
    upstream = served
  })
  return { reply, upstream }
}

function tellOthers(
  pool: Pool,
  member: Member,
  told: Upstream | undefined,
  method: string,
  params: Readonly<Record<string, string>>,
): void {
  for (const upstream of processesFor(pool, member))
    if (upstream !== told) tellQuietly(upstream, method, params)
}
