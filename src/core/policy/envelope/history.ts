/** Seven days: what is older weighs nothing against what is remembered of it. */
export const HISTORY_MS = 7 * 24 * 3_600_000

/** What one look at the samples of a server found, or that one of its processes died. */
export interface HistoryRow {
  readonly server: string
  readonly atMs: number
  /** The largest process of the server in those 15 s; undefined for a death. */
  readonly mb: number | undefined
  /** Processes of the server then. */
  readonly processes: number
  /** Of a death by a limit of ours: what it was, MB. The process had as much. */
  readonly limitMb?: number
}

/** Pairs with daemon/envelopes.ts, which words it. */
const OURS = 'out-of-memory'
/** By signal 9 that nobody here sent, or as Node and others end when they get no memory. Pairs with pool/upstream.ts, which words it. */
const DEATHS = ['signal SIGKILL', 'signal SIGABRT', 'code 137', 'code 134']

/**
 * The question to the store, since a time in ms, by time: server, ms, MB, processes, limit. The daemon's own samples are those of server mycelium; a
 * death is a row without MB.
 */
export function historySql(sinceMs: number): string {
  const since = `make_timestamp(${Math.round(sinceMs * 1000)})`
  const deaths = DEATHS.map((one) => `'${one}'`).join(', ')
  return `
    SELECT server, max(epoch_ms(ts))::DOUBLE AS at_ms, max(coalesce(pss_kb, rss_kb)) / 1024.0 AS mb, count(DISTINCT pid)::DOUBLE AS processes,
      NULL::DOUBLE AS limit_mb
    FROM samples WHERE ts >= ${since} AND server IS NOT NULL AND server <> 'mycelium' AND coalesce(pss_kb, rss_kb) > 0
    GROUP BY server, time_bucket(INTERVAL 15 SECOND, ts)
    UNION ALL
    SELECT server, epoch_ms(ts)::DOUBLE, NULL, 0, TRY_CAST(regexp_extract(because, '^${OURS}, limit (\\d+) MB', 1) AS DOUBLE) FROM processes
    WHERE ts >= ${since} AND server IS NOT NULL AND event = 'ended' AND (because IN (${deaths}) OR starts_with(because, '${OURS}'))
    ORDER BY at_ms, server, mb`
}

/** A row of the answer. */
export function historyRow([server, atMs, mb, processes, limitMb]: readonly unknown[]): HistoryRow {
  return {
    server: String(server),
    atMs: Number(atMs),
    mb: mb === null ? undefined : Number(mb),
    processes: Number(processes),
    ...(typeof limitMb === 'number' && { limitMb }),
  }
}
