/** What the event store of a simulated home says of its week. */
export interface StoreCount {
  readonly greeted: number
  readonly cold: number
  readonly started: number
  readonly calls: number
  readonly processHours: number
  readonly serversMbH: number
}

const COUNTS = `
-- A pid may be another process days later: a look counts until the next one, or until the first end that follows.
WITH ends AS (
  SELECT server, pid, ts FROM processes WHERE event = 'ended'
), looks AS (
  SELECT s.ts, s.pss_kb, ends.ts AS ended, lead(s.ts) OVER (PARTITION BY s.server, s.pid ORDER BY s.ts) AS next
  FROM samples s ASOF JOIN ends ON s.server = ends.server AND s.pid = ends.pid AND s.ts <= ends.ts
)
SELECT
  (SELECT count(*) FROM greetings)::DOUBLE AS greeted,
  (SELECT count(*) FROM greetings WHERE NOT warm)::DOUBLE AS cold,
  (SELECT count(*) FROM processes WHERE event = 'started')::DOUBLE AS started,
  (SELECT count(*) FROM calls WHERE method = 'tools/call')::DOUBLE AS calls,
  (SELECT sum(duration_us) FROM processes WHERE event = 'ended')::DOUBLE / 3.6e9 AS process_hours,
  (SELECT sum(pss_kb / 1024.0 * epoch(least(next, ended) - ts)) FROM looks)::DOUBLE / 3600 AS mbh`

/** Asks it, through the command line. `run` runs mycelium in the home. */
export function storeCount(run: (args: readonly string[]) => string): StoreCount {
  const { columns, rows } = JSON.parse(run(['usage', 'query', COUNTS, '--json'])) as {
    columns: readonly string[]
    rows: readonly (readonly number[])[]
  }
  const of = (name: string) => Number(rows[0]![columns.indexOf(name)])
  return {
    greeted: of('greeted'),
    cold: of('cold'),
    started: of('started'),
    calls: of('calls'),
    processHours: of('process_hours'),
    serversMbH: of('mbh'),
  }
}

/** What `status --show-optimization` says of the last day. */
export interface DayShown {
  readonly sessions: number
  readonly warm: number
  readonly startedAhead: number
}

/** Asks it, through the command line: sharing and warm spares together. */
export function dayShown(run: (args: readonly string[]) => string): DayShown {
  const { optimizations } = JSON.parse(run(['status', '--show-optimization', '--json'])) as {
    optimizations: { id: string; lastDay: Record<string, number> | null }[]
  }
  const day = (id: string) => optimizations.find((row) => row.id === id)?.lastDay ?? {}
  const sharing = day('sharing')
  const spares = day('warm spares')
  return {
    sessions: (sharing.sessions ?? 0) + (spares.sessions ?? 0),
    warm: (sharing['found a process'] ?? 0) + (spares['got a spare'] ?? 0),
    // By keep-alive, and by foresight.
    startedAhead: (day('prewarm')['started ahead'] ?? 0) + (day('foresight')['started ahead'] ?? 0),
  }
}
