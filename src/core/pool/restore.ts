import { serves } from './groups.ts'
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

/** A request of ours whose answer nobody waits for. */
export function tellQuietly(
  upstream: Upstream,
  method: string,
  params: Readonly<Record<string, string>>,
): void {
  upstream.ask(method, JSON.stringify(params)).catch(() => {})
}
