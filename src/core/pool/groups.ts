import type { Member } from './member.ts'
import type { Pool } from './pool.ts'
import type { Upstream } from './upstream.ts'

/** Whether the process serves the session: its own, or one for sessions with its roots. */
export function serves(pool: Pool, upstream: Upstream, member: Member): boolean {
  return pool.sharing === 'owned' ? upstream.owner === member.id : upstream.roots === member.rootsKey
}

/** The processes in service that serve this session. */
export function processesFor(pool: Pool, member: Member): readonly Upstream[] {
  return pool.lists.in('idle', 'busy').filter((upstream) => serves(pool, upstream, member))
}

/** Tells sessions that are served by the same processes as this one, itself included, from the others. */
export function alike(pool: Pool, member: Member): (session: string) => boolean {
  if (pool.sharing === 'owned') return (session) => session === member.id
  return (session) => pool.members.get(session)?.rootsKey === member.rootsKey
}
