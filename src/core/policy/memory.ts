import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import type { Pool } from '../pool/pool.ts'
import type { Pools } from '../pool/pools.ts'
import type { UpstreamProcess } from '../pool/spawn.ts'
import type { Upstream } from '../pool/upstream.ts'
import { advise, type Intent, type Seen } from './envelope/advise.ts'
import type { InForce } from './envelope/in-force.ts'

/** A process tree as its keeper knows it; pools know what it is at. */
export interface Tree
  extends Pick<Seen, 'server' | 'memoryMb' | 'overSoftMs' | 'boundTo' | 'holdsHard' | 'holdsSoft'> {
  readonly process: UpstreamProcess
}

/** What acting on memory needs. */
export interface MemoryServices {
  readonly clock: Clock
  readonly log: Log
  readonly pools: Pools
  readonly trees: readonly Tree[]
  /** Limits in force, by server. */
  readonly limits: ReadonlyMap<string, InForce>
  /** When a process of a server was last replaced for its memory, ms; kept here. */
  readonly renewedAtMs: Map<string, number>
  /** Has a process held to other bounds, MB. */
  bound(process: UpstreamProcess, softMb: number | null, hardMb: number | null): void
  /** Ends a process at once; its end tells why. */
  end(process: UpstreamProcess): void
}

/** Has what is over its limits held, replaced at a safe point or ended. The hand of the janitor for memory: what it does is by an intent, and on record. */
export function keepWithinLimits(services: MemoryServices): void {
  const { clock, pools, trees, limits, renewedAtMs } = services
  const places = new Map<UpstreamProcess, { pool: Pool; upstream: Upstream }>()
  for (const pool of pools.all())
    for (const upstream of pool.lists.in(
      'started',
      'greeting',
      'spare',
      'idle',
      'busy',
      'draining',
      'stopping',
    ))
      places.set(upstream.process, { pool, upstream })
  const seen = trees.map((tree): Seen => {
    const place = places.get(tree.process)
    return {
      ...tree,
      pid: tree.process.pid,
      atRest: place !== undefined && isAtRest(place.upstream),
      sessions: place?.pool.members.size ?? 0,
      sinceRenewalMs: clock.now() - (renewedAtMs.get(tree.server) ?? Number.NEGATIVE_INFINITY),
      waitsMs: place?.upstream.oldestCallMs() ?? 0,
    }
  })
  const processes = new Map(trees.map(({ process }) => [process.pid, process]))
  for (const intent of advise(seen, limits)) {
    const process = processes.get(intent.pid)!
    act(intent, process, places.get(process), services)
  }
}

/** No session would miss anything that is in it. */
function isAtRest({ state, owner, pins, openTasks, inFlight }: Upstream): boolean {
  if (state === 'spare') return true
  return state === 'idle' && owner === undefined && pins === 0 && openTasks === 0 && inFlight === 0
}

function act(
  intent: Intent,
  process: UpstreamProcess,
  place: { pool: Pool; upstream: Upstream } | undefined,
  { clock, log, renewedAtMs, bound, end }: MemoryServices,
): void {
  const { server, pid, because } = intent
  if (intent.what === 'limit') {
    bound(process, intent.softMb, intent.hardMb)
    return
  }
  if (intent.what === 'end') {
    log.event('memory-ended', { server, pid, because })
    end(process)
    return
  }
  if (place === undefined) return
  const { pool, upstream } = place
  log.event(intent.what === 'renew' ? 'memory-renewed' : 'memory-let-go', { server, pid, because })
  renewedAtMs.set(server, clock.now())
  if (intent.what === 'renew') pool.renew(upstream, because)
  else pool.retirement.afterCalls(upstream, because)
}
