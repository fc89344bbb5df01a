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

/** Calls in flight on a process below which its pool needs no second one. */
export const CROWD = 8

/** A process is there that a session may have without waiting for a start: where each has its own, one that belongs to nobody yet. */
export function hasFree(lists: Lists<Upstream>, sharing: Sharing): boolean {
  return lists.count('spare', ...(sharing === 'owned' ? [] : IN_SERVICE)) > 0
}

/** Who needs a process. */
export interface Seeker {
  readonly id: string
  readonly rootsKey: string
  /** The process its last call went to: what a server remembers of a session, it remembers there. */
  readonly home: Upstream | undefined
}

/** What a choice is made from. `spread`: more than one process is needed at present. */
export interface Choice {
  readonly lists: Lists<Upstream>
  readonly sharing: Sharing
  readonly settling: Settling
  readonly spread: boolean
}

/** The process in service that may take this session's next call now, if there is one. */
export function chooseInService(choice: Choice, seeker: Seeker): Upstream | undefined {
  const { lists, sharing } = choice
  // The way of most calls: no list is made.
  if (sharing === 'multiplexed') return staysHome(choice, seeker) ? seeker.home : freest(choice, seeker)
  const inService = lists.in('idle', 'busy')
  if (sharing === 'owned') return inService.find((upstream) => upstream.owner === seeker.id)
  const fitting = inService.filter((upstream) => upstream.roots === seeker.rootsKey)
  const leased = fitting.find((upstream) => upstream.owner === seeker.id)
  if (leased !== undefined && sharing === 'leased') return leased
  const free = fitting.filter((upstream) => upstream.owner === undefined)
  return free.find((upstream) => upstream === seeker.home) ?? free[0]
}

/** The process that a notification of this session is for: the one that has its calls, or had its last. */
export function chooseForNotice(
  lists: Lists<Upstream>,
  sharing: Sharing,
  seeker: Seeker,
): Upstream | undefined {
  const fitting = lists.in('idle', 'busy').filter((upstream) => upstream.roots === seeker.rootsKey)
  const own = fitting.find((upstream) => upstream.owner === seeker.id)
  if (own !== undefined || sharing === 'owned') return own
  return fitting.find((upstream) => upstream === seeker.home) ?? fitting[0]
}

const IN_SERVICE = ['idle', 'busy'] as const

/** A session stays with its process until that has a crowd; once one process is enough again, all go back to the oldest. */
function staysHome({ spread, settling }: Choice, { home, rootsKey }: Seeker): boolean {
  return (
    spread &&
    home !== undefined &&
    (home.state === 'idle' || home.state === 'busy') &&
    home.roots === rootsKey &&
    home.inFlight < CROWD &&
    !settling.has(home)
  )
}

function freest(choice: Choice, { rootsKey }: Seeker): Upstream | undefined {
  return choice.lists.best(
    IN_SERVICE,
    (one, than) => one.roots === rootsKey && (than === undefined || isBetter(one, than, choice)),
  )
}

/**
 * One that still settles would make its calls wait, so any other goes first. Of two that have as little to do, or while
 * one is enough, it is the older one: the younger is then unused when the load is gone, and can go.
 */
function isBetter(one: Upstream, than: Upstream, { settling, spread }: Choice): boolean {
  if (settling.has(one) !== settling.has(than)) return settling.has(than)
  const loadCounts = spread || one.inFlight >= CROWD || than.inFlight >= CROWD
  if (loadCounts && one.inFlight !== than.inFlight) return one.inFlight < than.inFlight
  return one.startedAtMs < than.startedAtMs
}
