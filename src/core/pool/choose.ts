import type { Greetings, Profile } from './key.ts'
import type { Settling } from './settling.ts'
import type { Lists } from './states.ts'
import type { Upstream } from './upstream.ts'

/** How a pool hands its processes out: for life, one session at a time, one call at a time, or to all at once. */
export type Sharing = 'owned' | 'leased' | 'serial' | 'multiplexed'

/** Where nothing can be asked back, nothing needs an owner; calls that spoil each other need the process to themselves. */
export function sharingOf(profile: Profile, greetings: Greetings | undefined): Sharing {
  if (profile.mode === 'session') return 'owned'
  if (profile.entry?.serial) return 'serial'
  return greetings?.interactive ? 'leased' : 'multiplexed'
}

/** A process is there that a session may have without waiting for a start: where each has its own, one that belongs to nobody yet. */
export function hasFree(lists: Lists<Upstream>, sharing: Sharing): boolean {
  return lists.count('spare', ...(sharing === 'owned' ? [] : IN_SERVICE)) > 0
}

/** Who needs a process. */
export interface Request {
  readonly session: string
  readonly rootsKey: string
}

/** The process in service that may take this session's next call now, if there is one. */
export function chooseInService(
  lists: Lists<Upstream>,
  sharing: Sharing,
  request: Request,
  settling: Settling,
): Upstream | undefined {
  // The way of most calls: no list is made.
  if (sharing === 'multiplexed') return leastLoaded(lists, request.rootsKey, settling)
  const inService = lists.in('idle', 'busy')
  if (sharing === 'owned') return inService.find((upstream) => upstream.owner === request.session)
  const fitting = inService.filter((upstream) => upstream.roots === request.rootsKey)
  const leased = fitting.find((upstream) => upstream.owner === request.session)
  if (leased !== undefined && sharing === 'leased') return leased
  const free = fitting.filter((upstream) => upstream.owner === undefined)
  // Its last process first: what a server remembers of a session, it remembers there.
  return free.find((upstream) => upstream.lastUser === request.session) ?? free[0]
}

/** The process that a notification of this session is for: the one that has its calls, or had its last. */
export function chooseForNotice(
  lists: Lists<Upstream>,
  sharing: Sharing,
  request: Request,
): Upstream | undefined {
  const fitting = lists.in('idle', 'busy').filter((upstream) => upstream.roots === request.rootsKey)
  const own = fitting.find((upstream) => upstream.owner === request.session)
  if (own !== undefined || sharing === 'owned') return own
  return fitting.find((upstream) => upstream.lastUser === request.session) ?? fitting[0]
}

const IN_SERVICE = ['idle', 'busy'] as const

function leastLoaded(lists: Lists<Upstream>, rootsKey: string, settling: Settling): Upstream | undefined {
  return lists.best(
    IN_SERVICE,
    (one, than) => one.roots === rootsKey && (than === undefined || isFreer(one, than, settling)),
  )
}

/**
 * One that still settles would make its calls wait, so any other goes first. Of two that have as little to do it is the
 * older one: the younger is then unused when the load is gone, and can go.
 */
function isFreer(one: Upstream, than: Upstream, settling: Settling): boolean {
  if (settling.has(one) !== settling.has(than)) return settling.has(than)
  if (one.inFlight !== than.inFlight) return one.inFlight < than.inFlight
  return one.startedAtMs < than.startedAtMs
}
