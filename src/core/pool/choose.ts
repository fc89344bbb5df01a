import type { Lists } from './states.ts'
import type { Upstream } from './upstream.ts'

/** How a pool hands its processes out: for life, one session at a time, or to all at once. */
export type Sharing = 'owned' | 'leased' | 'multiplexed'

/** What decides which process serves a session. */
export interface Request {
  readonly session: string
  readonly rootsKey: string
  /** Other sessions wait for a process, and this one has had its turn. */
  readonly mustYield: boolean
}

/** The process in service that may take this session's next call now, if there is one. */
export function chooseInService(
  lists: Lists<Upstream>,
  sharing: Sharing,
  request: Request,
): Upstream | undefined {
  if (sharing === 'owned') {
    return lists.in('idle', 'busy').find((upstream) => upstream.owner === request.session)
  }
  const fitting = lists.in('idle', 'busy').filter((upstream) => upstream.roots === request.rootsKey)
  if (sharing === 'multiplexed') return leastLoaded(fitting)
  const leased = fitting.find((upstream) => upstream.owner === request.session)
  if (leased !== undefined) return request.mustYield ? undefined : leased
  const free = fitting.filter((upstream) => upstream.owner === undefined)
  // Its last process first: what a server remembers of a session, it remembers there.
  return free.find((upstream) => upstream.lastUser === request.session) ?? free[0]
}

function leastLoaded(upstreams: readonly Upstream[]): Upstream | undefined {
  let best: Upstream | undefined
  for (const upstream of upstreams)
    if (best === undefined || upstream.inFlight < best.inFlight) best = upstream
  return best
}
