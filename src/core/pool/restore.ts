import type { Pool } from './pool.ts'
import type { Upstream } from './upstream.ts'

/** Tells a process just put in service what its sessions had told the one before: log level and subscriptions. */
export function restoreState(pool: Pool, upstream: Upstream): void {
  const concerns = (session: string): boolean =>
    pool.sharing === 'owned'
      ? session === upstream.owner
      : pool.members.get(session)?.rootsKey === upstream.roots
  const level = pool.logLevels.mostVerbose([...pool.members.keys()].filter(concerns))
  if (level !== undefined) upstream.ask('logging/setLevel', JSON.stringify({ level })).catch(() => {})
  for (const uri of pool.subscriptions.adopt(upstream, concerns)) {
    upstream.ask('resources/subscribe', JSON.stringify({ uri })).catch(() => {})
  }
}
