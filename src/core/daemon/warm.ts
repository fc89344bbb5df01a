import type { Clock } from '../clock.ts'
import { MyceliumError } from '../errors.ts'
import type { Limits } from '../pool/limits.ts'
import type { Pools } from '../pool/pools.ts'
import { profileOf } from '../pool/profile.ts'
import type { AgentsSeen } from './agents-seen.ts'
import type { KnownServers } from './known-servers.ts'
import type { WarmResult, WarmTarget } from './wire.ts'

/** What warming needs of the daemon. */
export interface WarmServices {
  readonly clock: Clock
  readonly limits: Limits
  readonly pools: Pools
  readonly servers: KnownServers
  readonly agents: AgentsSeen
  /** Why the limits of memory leave no room for one more process of a server. */
  readonly whyNoRoom: (server: string) => string | undefined
}

/**
 * Starts one process of each server ahead of its next session. Greeted as the server's agent greeted last; where no agent
 * has been seen yet the process is only started, and the greeting waits for the agent.
 */
export function warmServers(targets: readonly WarmTarget[], services: WarmServices): Promise<WarmResult[]> {
  return Promise.all(targets.map((target) => warmOne(target, services)))
}

async function warmOne(
  target: WarmTarget,
  { clock, limits, pools, servers, agents, whyNoRoom }: WarmServices,
): Promise<WarmResult> {
  const sinceMs = clock.now()
  const took = (): number => Math.round(clock.now() - sinceMs)
  try {
    const def = servers.get(target.id)
    const profile = profileOf(def, target)
    const because = whyNoRoom(def.id)
    if (because !== undefined) return { id: target.id, state: 'failed', readyMs: took(), detail: because }
    const params = agents.latestOf(def.sources.map((source) => source.client))
    if (params === undefined) {
      await pools.startAhead(profile)
      return {
        id: target.id,
        state: 'started',
        readyMs: took(),
        detail: 'no agent has greeted it yet: it is started, not greeted',
      }
    }
    const pool = pools.poolFor(profile, params)
    pool.touch()
    pool.spareUntilMs = clock.now() + limits.spareMs
    await pool.warm()
    return { id: target.id, state: 'warm', readyMs: took(), detail: 'greeted' }
  } catch (error) {
    const detail = error instanceof MyceliumError ? error.message : String(error)
    return { id: target.id, state: 'failed', readyMs: took(), detail }
  }
}
