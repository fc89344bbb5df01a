import type { DuckDBConnection } from '@duckdb/node-api'
import type { Greeting } from './estimate.ts'

/** How often something happened in the last hour and in the last day, the hour included. */
export interface Counts {
  readonly hour: number
  readonly day: number
}

/** What the store knows of the last day that optimizations are judged by. */
export interface DayRecord {
  /** By mode, relay, and whether a process was there: sessions greeted. */
  readonly greetings: readonly (Counts & {
    readonly mode: string
    readonly via: string
    readonly warm: boolean
  })[]
  /** By mode and by what was found behind the command: processes started. */
  readonly starts: readonly (Counts & { readonly mode: string; readonly how: string })[]
  /** Spares that ended without a session. */
  readonly unusedSpares: Counts
  /** By policy and action. */
  readonly decisions: readonly (Counts & { readonly policy: string; readonly action: string })[]
  /** By action: what was done about budgets of agents. */
  readonly allowances: readonly (Counts & { readonly action: string })[]
  /** Of the warm greetings of the day the latest, at most 2,000 of each mode. */
  readonly warm: readonly (Greeting & { readonly mode: string })[]
  /** By server: the latest starts of all that are on record, at most 60 each, ms. */
  readonly readyMs: ReadonlyMap<string, readonly number[]>
  /** By growth of the day: how much less its server's calls took in the minute after than in that before, ms. */
  readonly growthMs: readonly number[]
  /** Tokens that budgets of files kept from contexts, net: the sum, and by session of the day. */
  readonly budgetTokens: SavedTokens
  /** The same of reads that were answered by the difference. */
  readonly diffTokens: SavedTokens
  /** By what became of them: servers that were worth a start for what was foreseen, and MB x seconds that were held for nothing. */
  readonly guesses: readonly (Counts & { readonly event: string })[]
  readonly wastedMbS: Counts
  /** By guess of the day that came true or not, ms: the waiting that it spared; what it cost as waiting, negative. */
  readonly guessMs: readonly number[]
  /** Tokens of definitions that were not listed, less our own definitions and what searches brought. */
  readonly lazyToolTokens: SavedTokens
  /** Of shortened results: by what became of them, and what they kept from contexts less what was asked for after all. */
  readonly compressions: readonly (Counts & { readonly outcome: string })[]
  readonly expansions: Counts
  readonly shortenedTokens: SavedTokens
}

const HOUR_US = 3_600_000_000
const DAY_US = 24 * HOUR_US

/** Reads it. `nowUs` in microseconds since the epoch; the views are in templates/sql/views/. */
export async function readDay(connection: DuckDBConnection, nowUs: number): Promise<DayRecord> {
  const hour = `make_timestamp(${Math.round(nowUs - HOUR_US)})`
  const day = `make_timestamp(${Math.round(nowUs - DAY_US)})`
  const counts = `count(*) FILTER (ts >= ${hour})::DOUBLE, count(*)::DOUBLE`
  const rows = async (sql: string) => (await connection.runAndReadAll(sql)).getRowsJS()

  const greetings = await rows(
    `SELECT coalesce(mode, ''), coalesce(via, ''), warm, ${counts} FROM greetings WHERE ts >= ${day} GROUP BY ALL ORDER BY ALL`,
  )
  const starts = await rows(
    `SELECT coalesce(mode, ''), coalesce(because, ''), ${counts} FROM processes
     WHERE event = 'started' AND ts >= ${day} GROUP BY ALL ORDER BY ALL`,
  )
  const unused = await rows(
    `SELECT ${counts} FROM processes WHERE event = 'ended' AND because = 'no session took the spare' AND mode = 'session' AND ts >= ${day}`,
  )
  const decisions = await rows(
    `SELECT policy, action, ${counts} FROM decisions WHERE ts >= ${day} GROUP BY ALL ORDER BY ALL`,
  )
  const allowances = await rows(
    `SELECT action, ${counts} FROM allowances WHERE ts >= ${day} GROUP BY ALL ORDER BY ALL`,
  )
  const warm = await rows(
    `SELECT server, coalesce(mode, ''), waited_ms::DOUBLE FROM greetings WHERE warm AND ts >= ${day}
     QUALIFY row_number() OVER (PARTITION BY mode ORDER BY ts DESC, session) <= 2000 ORDER BY ts DESC, session`,
  )
  const ready = await rows(
    `SELECT server, ready_ms::DOUBLE FROM starts
     QUALIFY row_number() OVER (PARTITION BY server ORDER BY ts DESC, pid) <= 60 ORDER BY ts DESC, pid`,
  )
  const growths = await rows(
    `SELECT (ms_before - ms_after)::DOUBLE FROM growths WHERE ts >= ${day} AND calls_before > 0 AND calls_after > 0 ORDER BY ts`,
  )
  const saved = async (policy: 'budget' | 'diffs' | 'lazy_tools') =>
    tokensOf(
      (await rows(
        `SELECT coalesce(sum(saved_tokens) FILTER (ts >= ${hour}), 0)::DOUBLE, sum(saved_tokens)::DOUBLE FROM decisions
         WHERE policy = '${policy}' AND ts >= ${day} GROUP BY client_session ORDER BY max(ts) DESC, client_session`,
      )) as [number, number][],
    )
  const [budgetTokens, diffTokens] = [await saved('budget'), await saved('diffs')]
  const guesses = await rows(
    `SELECT event, ${counts} FROM guesses WHERE ts >= ${day} GROUP BY ALL ORDER BY ALL`,
  )
  const mbS = 'memory_kb::DOUBLE * held_us / 1024 / 1000000'
  const wasted = await rows(
    `SELECT coalesce(sum(${mbS}) FILTER (ts >= ${hour}), 0)::DOUBLE, coalesce(sum(${mbS}), 0)::DOUBLE FROM guesses
     WHERE event = 'missed' AND ts >= ${day}`,
  )
  const guessMs = await rows(
    `SELECT (saved_us - cost_us) / 1000.0::DOUBLE FROM guesses WHERE event IN ('hit', 'missed') AND ts >= ${day} ORDER BY ts DESC`,
  )
  const compressions = await rows(
    `SELECT outcome, ${counts} FROM compressions WHERE ts >= ${day} GROUP BY ALL ORDER BY ALL`,
  )
  const [[expandedHour, expandedDay]] = (await rows(
    `SELECT ${counts} FROM expansions WHERE ts >= ${day}`,
  )) as [[number, number]]
  const shortened = await rows(
    `SELECT coalesce(sum(tokens) FILTER (ts >= ${hour}), 0)::DOUBLE, sum(tokens)::DOUBLE FROM (
       SELECT client_session, ts, least(tokens_before, shown_tokens) - tokens_after AS tokens FROM compressions WHERE outcome = 'taken'
       UNION ALL SELECT client_session, ts, -tokens FROM expansions
     ) WHERE ts >= ${day} GROUP BY client_session ORDER BY max(ts) DESC, client_session`,
  )
  const readyMs = new Map<string, number[]>()
  for (const [server, ms] of ready as [string, number][])
    readyMs.set(server, [...(readyMs.get(server) ?? []), ms])
  const [[unusedHour, unusedDay]] = unused as [[number, number]]
  return {
    greetings: (greetings as [string, string, boolean, number, number][]).map(
      ([mode, via, isWarm, h, d]) => ({
        mode,
        via,
        warm: isWarm,
        hour: h,
        day: d,
      }),
    ),
    starts: (starts as [string, string, number, number][]).map(([mode, how, h, d]) => ({
      mode,
      how,
      hour: h,
      day: d,
    })),
    unusedSpares: { hour: unusedHour, day: unusedDay },
    decisions: (decisions as [string, string, number, number][]).map(([policy, action, h, d]) => ({
      policy,
      action,
      hour: h,
      day: d,
    })),
    allowances: (allowances as [string, number, number][]).map(([action, h, d]) => ({
      action,
      hour: h,
      day: d,
    })),
    warm: (warm as [string, string, number][]).map(([server, mode, ms]) => ({ server, mode, ms })),
    readyMs,
    growthMs: (growths as [number][]).map(([ms]) => ms),
    budgetTokens,
    diffTokens,
    guesses: (guesses as [string, number, number][]).map(([event, h, d]) => ({ event, hour: h, day: d })),
    wastedMbS: { hour: Math.round(wasted[0]![0] as number), day: Math.round(wasted[0]![1] as number) },
    guessMs: (guessMs as [number][]).map(([ms]) => ms),
    lazyToolTokens: await saved('lazy_tools'),
    compressions: (compressions as [string, number, number][]).map(([outcome, h, d]) => ({
      outcome,
      hour: h,
      day: d,
    })),
    expansions: { hour: expandedHour, day: expandedDay },
    shortenedTokens: tokensOf(shortened as [number, number][]),
  }
}

/** Tokens that a policy kept from contexts: the sum, and by session of the day. */
interface SavedTokens {
  readonly sum: Counts
  readonly bySession: readonly number[]
}

function tokensOf(sessions: readonly (readonly [hour: number, day: number])[]): SavedTokens {
  const sum = { hour: 0, day: 0 }
  for (const [hour, day] of sessions) {
    sum.hour += hour
    sum.day += day
  }
  return { sum, bySession: sessions.map(([, day]) => day) }
}
