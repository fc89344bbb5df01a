import type { Clock } from '../clock.ts'
import { ERRORS } from '../errors.ts'
import type { Log } from '../log.ts'
import { idText, paramRange } from '../protocol/fields.ts'
import { type Frame, scanFrame } from '../protocol/frame.ts'
import { errorText, resultText } from '../protocol/messages.ts'
import { spliceProgress } from '../protocol/splice.ts'
import { Quota } from '../quota.ts'
import { noticeForAgent } from './listening.ts'
import type { Member } from './member.ts'
import type { Pool } from './pool.ts'
import type { Upstream, UpstreamEvents } from './upstream.ts'

/** For a server that asks before any session said what its roots are. */
const NO_ROOTS = '{"roots":[]}'

/** A server that writes its log to standard output has one with every line. */
const ODDITIES_PER_SECOND = 20

/** What the pool itself does about its processes, and where it is written down. */
export interface EventParts extends Pick<UpstreamEvents, 'exited' | 'pressure'> {
  readonly clock: Clock
  readonly log: Log
  /** Gives those who wait what there is. */
  serve(): void
  /** The process has no call in flight any more. */
  release(upstream: Upstream): void
}

/** What becomes of everything that a process of this pool says or does. */
export function eventsOf(pool: Pool, parts: EventParts): UpstreamEvents {
  const { server } = pool.profile
  const { clock, log, exited, pressure } = parts
  const oddities = new Quota(clock, ODDITIES_PER_SECOND, (more) =>
    log.event('upstream-oddity', { server, what: 'more than are written down one by one', more }),
  )
  return {
    exited,
    pressure,
    loadChanged: (from) => loadChanged(pool, from, parts),
    asked: (from, frame) => askedByServer(pool, from, frame),
    noticed: (from, frame) => noticedFromServer(pool, from, frame),
    answered: (from, id, call, answer) => {
      pool.crashes.forgive()
      if (pool.sharing !== 'owned' && pool.members.has(call.session))
        pool.pins.answered(from, id, call, answer)
    },
    progressed: (from, token, frame) => progressedLater(pool, from, token, frame),
    oddity: (from, what, bytes) => {
      if (oddities.take(1)) log.event('upstream-oddity', { server, pid: from.process.pid, what, bytes })
    },
  }
}

function loadChanged({ lists, retirement }: Pool, upstream: Upstream, parts: EventParts): void {
  if (upstream.state === 'idle' && upstream.inFlight > 0) lists.move(upstream, 'busy')
  else if (upstream.state === 'draining' && upstream.inFlight === 0) retirement.now(upstream, 'drained')
  else if (upstream.state === 'busy' && upstream.inFlight === 0) {
    lists.move(upstream, 'idle')
    parts.release(upstream)
  } else if (upstream.lingers) parts.serve()
}

/** A server's own request: answered here where no agent is needed, else put to the session that caused it. */
function askedByServer(pool: Pool, upstream: Upstream, frame: Frame): void {
  if (frame.method === 'ping') {
    upstream.tell(Buffer.from(resultText(idText(frame), '{}')))
    return
  }
  if (frame.method !== undefined) pool.service.evidence.noteAsked(frame.method)
  if (frame.method === 'roots/list' && pool.greetings?.rootsOffered) {
    upstream.tell(Buffer.from(resultText(idText(frame), upstream.rootsText ?? NO_ROOTS)))
    // A slow one may ask when it counts as settled: before the first call it can be for no call.
    if (upstream.calls === 0) pool.service.evidence.asksRootsFirst = true
    pool.service.settling.told(upstream)
    return
  }
  const owner = pool.members.get(pool.pins.sessionOf(frame) ?? upstream.owner ?? '')
  if (owner !== undefined) {
    owner.asked(upstream, frame)
    return
  }
  const message = `${frame.method}: no agent session is waiting for this server`
  upstream.tell(Buffer.from(errorText(idText(frame), ERRORS.capability_missing.wire, message)))
}

/** Progress of a call that was answered already: that of a task goes on. */
function progressedLater(pool: Pool, upstream: Upstream, token: number, frame: Frame): void {
  const task = pool.pins.inProgress(upstream, token)
  const told = task === undefined ? undefined : scanFrame(spliceProgress(frame, task.tokenText))
  if (task !== undefined && told !== undefined) pool.members.get(task.session)?.notice(upstream, told)
}

/** A server's notification: to its owner, to subscribers, to those whose log level admits it, or to all whom it concerns. */
function noticedFromServer(pool: Pool, upstream: Upstream, frame: Frame): void {
  const bare = pool.greetings === undefined
  const told = bare ? noticeForAgent(frame, (id) => upstream.callUnder(id)) : frame
  for (const member of addressees(pool, upstream, frame)) member.notice(upstream, told)
}

function addressees(pool: Pool, upstream: Upstream, frame: Frame): readonly Member[] {
  const owner = upstream.owner === undefined ? undefined : pool.members.get(upstream.owner)
  if (pool.sharing === 'owned') return owner === undefined ? [] : [owner]
  const session = pool.pins.sessionOf(frame)
  if (session !== undefined) return [pool.members.get(session)].filter((member) => member !== undefined)
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
    case 'notifications/tasks/status':
      // One that no answer has named yet: whose it is, one of the callers knows.
      return users.filter((member) => upstream.callers().has(member.id))
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
