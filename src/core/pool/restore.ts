import { serves } from './groups.ts'
import type { Member } from './member.ts'
import type { Pool } from './pool.ts'
import type { Upstream } from './upstream.ts'

/** Tells a process just put in service what its sessions had told the ones before: log level and subscriptions. */
export function restoreState(pool: Pool, upstream: Upstream): void {
  const concerns = (session: string): boolean => {
    const member = pool.members.get(session)
    return member !== undefined && serves(pool, upstream, member)
  }
  const level = pool.logLevels.mostVerbose([...pool.members.keys()].filter(concerns))
  if (level !== undefined) tellQuietly(upstream, 'logging/setLevel', { level })
  for (const uri of pool.subscriptions.urisOf(concerns)) tellQuietly(upstream, 'resources/subscribe', { uri })
}

/**
 * The session has other roots than `before`: the processes of those in service learn what it had told the ones of
 * before, and those forget what nobody else there wants.
 */
export function followRoots(pool: Pool, member: Member, before: string): void {
  const others = [...pool.members.values()].filter((one) => one !== member)
  const groupOf = (roots: string) => {
    const ids = new Set(others.filter(({ rootsKey }) => rootsKey === roots).map(({ id }) => id))
    return {
      ids,
      processes: pool.lists.in('idle', 'busy').filter((one) => one.roots === roots),
      wants: (uri: string) => pool.subscriptions.isWanted(uri, (session) => ids.has(session)),
    }
  }
  const [left, joined] = [groupOf(before), groupOf(member.rootsKey)]
  const level = pool.logLevels.mostVerbose([member.id])
  const known = pool.logLevels.mostVerbose(joined.ids)
  const isNew = level !== undefined && (known === undefined || !pool.logLevels.moreVerbose(known, level))
  if (isNew) for (const upstream of joined.processes) tellQuietly(upstream, 'logging/setLevel', { level })
  for (const uri of pool.subscriptions.urisOf((session) => session === member.id)) {
    if (!left.wants(uri))
      for (const upstream of left.processes) tellQuietly(upstream, 'resources/unsubscribe', { uri })
    // Again where it is known: who asked for it may not have its answer yet, and the answer may be a refusal.
    for (const upstream of joined.processes) tellQuietly(upstream, 'resources/subscribe', { uri })
  }
}

/** A request of ours whose answer nobody waits for. */
export function tellQuietly(
  upstream: Upstream,
  method: string,
  params: Readonly<Record<string, string>>,
): void {
  upstream.ask(method, JSON.stringify(params)).catch(() => {})
}
