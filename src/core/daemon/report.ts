import type { Clock } from '../clock.ts'
import type { ServerDef } from '../config/registry.ts'
import { modeOf } from '../launch/catalog.ts'
import type { Pool } from '../pool/pool.ts'
import type { Pools } from '../pool/pools.ts'
import type { Session } from '../session/session.ts'
import type { PoolRow, ServerRow, SharingEvidence } from './wire.ts'

/** One row per server for `server list`: every list and counter of its pools. */
export function serverRows(defs: readonly ServerDef[], pools: Pools, clock: Clock): ServerRow[] {
  return defs.map((def) => {
    const own = pools.of(def.id)
    const choice = modeOf(def.argv, def.mode)
    // One that nobody uses may be of an agent that said no `initialize`.
    const latest = own.findLast((pool) => pool.members.size + pool.alive > 0)?.profile ?? choice
    return {
      id: def.id,
      name: def.name,
      mode: latest.mode,
      why: latest.why,
      by: latest.by,
      paused: pools.isPaused(def.id),
      sessions: own.reduce((sum, pool) => sum + pool.members.size, 0),
      processes: own.reduce((sum, pool) => sum + pool.alive, pools.aheadOf(def.id)),
      clients: [...new Set(def.sources.map((source) => source.client))],
      pools: own.map((pool) => poolRow(pool, clock)),
      ...(own.length > 0 && { evidence: evidenceOf(own) }),
    }
  })
}

/** One row per session, for the control socket. */
export function sessionRows(sessions: Iterable<Session>): object[] {
  return [...sessions].map((session) => ({
    id: session.id,
    ...session.peer,
    pool: session.pool?.key ?? null,
    inFlight: session.inFlight,
  }))
}

function evidenceOf(pools: readonly Pool[]): SharingEvidence {
  const seen = pools.map((pool) => pool.service.evidence)
  const listed = seen.findLast(({ tools }) => tools !== undefined)
  return {
    asked: [...new Set(seen.flatMap(({ asked }) => [...asked]))].sort(),
    tools: listed?.tools ?? null,
    readOnlyTools: listed?.readOnlyTools ?? 0,
    calls: pools.reduce((sum, pool) => sum + callsOf(pool), 0),
  }
}

function callsOf(pool: Pool): number {
  return upstreamsOf(pool).reduce((sum, upstream) => sum + upstream.calls, 0)
}

function upstreamsOf(pool: Pool) {
  return pool.lists.in('started', 'greeting', 'spare', 'idle', 'busy', 'draining', 'stopping')
}

function poolRow(pool: Pool, clock: Clock): PoolRow {
  return {
    key: pool.key,
    cwd: pool.profile.cwdMatters ? pool.profile.cwd : null,
    state: conditionOf(pool),
    sessions: pool.members.size,
    waiting: pool.waiting,
    upstreams: upstreamsOf(pool).map((upstream) => ({
      pid: upstream.process.pid,
      state: upstream.state,
      inFlight: upstream.awaited,
      calls: upstream.calls,
      ageMs: Math.round(clock.now() - upstream.startedAtMs),
    })),
  }
}

/** One word for what an agent would meet. */
function conditionOf(pool: Pool): string {
  if (pool.closed) return 'closed'
  if (pool.paused) return 'paused'
  if (pool.crashes.looping) return 'crash-loop'
  if (pool.lists.count('idle', 'busy', 'spare') > 0) return 'warm'
  return pool.starting > 0 ? 'starting' : 'cold'
}
