import { ERRORS } from '../errors.ts'
import { idText, paramRange } from '../protocol/fields.ts'
import type { Frame } from '../protocol/frame.ts'
import { errorText, resultText } from '../protocol/messages.ts'
import type { Member } from './member.ts'
import type { Pool } from './pool.ts'
import type { Upstream } from './upstream.ts'

/** For a server that asks before any session said what its roots are. */
const NO_ROOTS = '{"roots":[]}'

/** A server's own request: answered here where no agent is needed, else put to the session that caused it. */
export function askedByServer(pool: Pool, upstream: Upstream, frame: Frame): void {
  if (frame.method === 'ping') {
    upstream.tell(Buffer.from(resultText(idText(frame), '{}')))
    return
  }
  if (frame.method !== undefined) pool.service.evidence.asked.add(frame.method)
  if (frame.method === 'roots/list' && pool.greetings?.rootsOffered) {
    upstream.tell(Buffer.from(resultText(idText(frame), upstream.rootsText ?? NO_ROOTS)))
    pool.service.settling.end(upstream)
    return
  }
  const owner = upstream.owner === undefined ? undefined : pool.members.get(upstream.owner)
  if (owner !== undefined) {
    owner.asked(upstream, frame)
    return
  }
  const message = `${frame.method}: no agent session is waiting for this server`
  upstream.tell(Buffer.from(errorText(idText(frame), ERRORS.capability_missing.wire, message)))
}

/** A server's notification: to its owner, to subscribers, to those whose log level admits it, or to all whom it concerns. */
export function noticedFromServer(pool: Pool, upstream: Upstream, frame: Frame): void {
  for (const member of addressees(pool, upstream, frame)) member.notice(upstream, frame)
}

function addressees(pool: Pool, upstream: Upstream, frame: Frame): readonly Member[] {
  const owner = upstream.owner === undefined ? undefined : pool.members.get(upstream.owner)
  if (pool.sharing === 'owned') return owner === undefined ? [] : [owner]
  const users = [...pool.members.values()].filter((member) => member.rootsKey === upstream.roots)
  switch (frame.method) {
    case 'notifications/resources/updated': {
      const subscribers = pool.subscriptions.subscribers(textParam(frame, 'uri') ?? '')
      return users.filter((member) => subscribers.includes(member.id))
    }
    case 'notifications/tools/list_changed':
    case 'notifications/prompts/list_changed':
    case 'notifications/resources/list_changed':
      return users
    case 'notifications/message': {
      const level = textParam(frame, 'level') ?? 'info'
      return concerned(upstream, users).filter((member) => pool.logLevels.admits(member.id, level))
    }
    default:
      return concerned(upstream, users)
  }
}

/** Those whose calls are in flight: a message that names no request most likely speaks of theirs. Nobody's: everybody's. */
function concerned(upstream: Upstream, users: readonly Member[]): readonly Member[] {
  const callers = upstream.callers()
  const busy = users.filter((member) => callers.has(member.id))
  return busy.length > 0 ? busy : users
}

/** A string parameter of a message, decoded. */
export function textParam(frame: Frame, name: string): string | undefined {
  const range = paramRange(frame, name)
  if (range === undefined) return undefined
  try {
    const value: unknown = JSON.parse(frame.line.toString('utf8', range.start, range.end))
    return typeof value === 'string' ? value : undefined
  } catch {
    return undefined
  }
}
