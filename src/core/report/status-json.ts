import type { ServerDef } from '../config/registry.ts'
import type { Overview } from '../daemon/wire-overview.ts'
import type { StatusSums } from '../effects/status-sums.ts'

/** `status --json`: docs/status.md explains each key, test/pins/status.test.ts pins them. */
export function statusJson(
  overview: Overview | undefined,
  sums: StatusSums | undefined,
  known: readonly ServerDef[],
): object {
  if (overview === undefined || sums === undefined)
    return {
      running: false,
      daemon: null,
      servers: known.map(({ id, name }) => ({ id, name })),
      clients: {},
      sums: null,
    }
  const { daemon, clients, servers } = overview
  return {
    running: true,
    daemon,
    servers: servers.map(({ totals, ...server }) => {
      const { readyMs, ...counts } = totals
      return { ...server, totals: { ...counts, measuredStarts: readyMs.length } }
    }),
    clients,
    sums,
  }
}
