import type { Ladder } from '../bounds/ladder.ts'
import type { InForce, Kept } from '../policy/envelope/in-force.ts'
import type { UpstreamProcess } from '../pool/spawn.ts'
import type { ProcessBounds } from './bounds.ts'
import type { MemoryWatch } from './memory-watch.ts'
import type { Enforcement } from './wire-envelopes.ts'

/** What is told of how limits are enforced. */
export interface EnforcementParts {
  readonly enabled: boolean
  readonly ladder: Ladder
  readonly bounds: ProcessBounds | undefined
  readonly watch: MemoryWatch
  readonly ceilingMb: number
  /** Servers that have a limit, or processes. */
  readonly servers: readonly string[]
  readonly limits: ReadonlyMap<string, InForce>
  keptOf(server: string): Kept | undefined
  processesOf(server: string): readonly UpstreamProcess[]
}

/** How limits are enforced, and on what. */
export function enforcementOf(parts: EnforcementParts): Enforcement {
  const { enabled, ladder, bounds, watch, ceilingMb, servers, limits, keptOf, processesOf } = parts
  return {
    enabled,
    mechanism: (bounds?.rung ?? ladder.rungs[0]!).mechanism,
    refused: ladder.refused,
    ceilingMb: Math.round(ceilingMb),
    servers: servers.map((server) => {
      const limit = limits.get(server) ?? keptOf(server)
      const because = limit === undefined ? 'no limit was kept of it' : 'as kept'
      return {
        server,
        softMb: limit === undefined ? null : Math.round(limit.softMb),
        hardMb: limit === undefined ? null : Math.round(limit.hardMb),
        because: limits.get(server)?.because ?? because,
        processes: processesOf(server).map((upstream) => {
          const row = enabled && limit !== undefined ? bounds?.of(upstream) : undefined
          const mb = watch.of(upstream)?.mb
          return {
            pid: upstream.pid,
            memoryMb: mb === undefined ? null : Math.round(mb),
            mechanism: row === undefined ? null : (row.hold?.by ?? row.rung.mechanism),
            refused: row?.refused ?? null,
          }
        }),
      }
    }),
  }
}
