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
  const asked: Asked = {
    rows: async <R>(sql: string) => (await connection.runAndReadAll(sql)).getRowsJS() as R[],
    hour: `make_timestamp(${Math.round(nowUs - HOUR_US)})`,
    day: `make_timestamp(${Math.round(nowUs - DAY_US)})`,
  }
  return { ...(await serversOf(asked)), ...(await guessesOf(asked)), ...(await tokensOf(asked)) }
}

/** The store, and from when on its hour and its day are. */
interface Asked {
  rows<R>(sql: string): Promise<R[]>
  readonly hour: string
  readonly day: string
}

/** By what `columns` say, how often something happened. */
async function countsBy<N extends string>(
  { rows, hour, day }: Asked,
  table: string,
  columns: Readonly<Record<N, string>>,
  where = 'true',
): Promise<(Counts & Readonly<Record<N, string>>)[]> {
  const names = Object.keys(columns) as N[]
  const by = names.map((name) => `${columns[name]} AS "${name}"`)
  const found = await rows<[...string[], number, number]>(
    `SELECT ${[...by, `count(*) FILTER (ts >= ${hour})::DOUBLE`, 'count(*)::DOUBLE'].join(', ')}
     FROM ${table} WHERE ts >= ${day} AND ${where} GROUP BY ALL ORDER BY ALL`,
  )
  return found.map((row) => {
    const said = Object.fromEntries(names.map((name, i) => [name, row[i]]))
    return { ...(said as Record<N, string>), hour: row.at(-2) as number, day: row.at(-1) as number }
  })
}

/** The same of all of it: where nothing happened there is no row. */
async function countOf(asked: Asked, table: string, where?: string): Promise<Counts> {
  return (await countsBy(asked, table, {}, where))[0] ?? { hour: 0, day: 0 }
}

type OfServers = 'greetings' | 'starts' | 'unusedSpares' | 'decisions' | 'warm' | 'readyMs' | 'growthMs'

async function serversOf(asked: Asked): Promise<Pick<DayRecord, OfServers>> {
  const { rows, day } = asked
  const mode = "coalesce(mode, '')"
  const greetings = await countsBy(asked, 'greetings', { mode, via: "coalesce(via, '')", warm: 'warm' })
  const decisions = await countsBy(asked, 'decisions', { policy: 'policy', action: 'action' })
  const warm = await rows<[string, string, number]>(
    `SELECT server, ${mode}, waited_ms::DOUBLE FROM greetings WHERE warm AND ts >= ${day}
     QUALIFY row_number() OVER (PARTITION BY mode ORDER BY ts DESC, session) <= 2000 ORDER BY ts DESC, session`,
  )
  const ready = await rows<[string, number]>(
    `SELECT server, ready_ms::DOUBLE FROM starts
     QUALIFY row_number() OVER (PARTITION BY server ORDER BY ts DESC, pid) <= 60 ORDER BY ts DESC, pid`,
  )
  // The calls around each: they are looked for only where there is one.
  const growths = decisions.some(({ policy, action }) => policy === 'pools' && action === 'grow')
    ? await rows<[number]>(
        `SELECT (ms_before - ms_after)::DOUBLE FROM growths
         WHERE ts >= ${day} AND calls_before > 0 AND calls_after > 0 ORDER BY ts`,
      )
    : []
  const readyMs = new Map<string, number[]>()
  for (const [server, ms] of ready) readyMs.set(server, [...(readyMs.get(server) ?? []), ms])
  return {
    greetings: greetings.map((one) => ({ ...one, warm: Boolean(one.warm) })),
    starts: await countsBy(asked, 'processes', { mode, how: "coalesce(because, '')" }, "event = 'started'"),
    unusedSpares: await countOf(
      asked,
      'processes',
      "event = 'ended' AND because = 'no session took the spare' AND mode = 'session'",
    ),
    decisions,
    warm: warm.map(([server, mode, ms]) => ({ server, mode, ms })),
    readyMs,
    growthMs: growths.map(([ms]) => ms),
  }
}

async function guessesOf(asked: Asked): Promise<Pick<DayRecord, 'guesses' | 'wastedMbS' | 'guessMs'>> {
  const { rows, hour, day } = asked
  const mbS = 'memory_kb::DOUBLE * held_us / 1024 / 1000000'
  const [wasted] = await rows<[number, number]>(
    `SELECT coalesce(sum(${mbS}) FILTER (ts >= ${hour}), 0)::DOUBLE, coalesce(sum(${mbS}), 0)::DOUBLE FROM guesses
     WHERE event = 'missed' AND ts >= ${day}`,
  )
  const ms = await rows<[number]>(
    `SELECT (saved_us - cost_us) / 1000.0::DOUBLE FROM guesses WHERE event IN ('hit', 'missed') AND ts >= ${day} ORDER BY ts DESC`,
  )
  return {
    guesses: await countsBy(asked, 'guesses', { event: 'event' }),
    wastedMbS: { hour: Math.round(wasted![0]), day: Math.round(wasted![1]) },
    guessMs: ms.map(([one]) => one),
  }
}

type OfTokens =
  | 'allowances'
  | 'budgetTokens'
  | 'diffTokens'
  | 'lazyToolTokens'
  | 'compressions'
  | 'expansions'
  | 'shortenedTokens'

async function tokensOf(asked: Asked): Promise<Pick<DayRecord, OfTokens>> {
  const saved = (policy: 'budget' | 'diffs' | 'lazy_tools') =>
    savedBy(
      asked,
      `SELECT client_session, ts, saved_tokens AS tokens FROM decisions WHERE policy = '${policy}'`,
    )
  return {
    allowances: await countsBy(asked, 'allowances', { action: 'action' }),
    budgetTokens: await saved('budget'),
    diffTokens: await saved('diffs'),
    lazyToolTokens: await saved('lazy_tools'),
    compressions: await countsBy(asked, 'compressions', { outcome: 'outcome' }),
    expansions: await countOf(asked, 'expansions'),
    shortenedTokens: await savedBy(
      asked,
      `SELECT client_session, ts, least(tokens_before, shown_tokens) - tokens_after AS tokens FROM compressions WHERE outcome = 'taken'
       UNION ALL SELECT client_session, ts, -tokens FROM expansions`,
    ),
  }
}

/** Tokens that a policy kept from contexts: the sum, and by session of the day. */
interface SavedTokens {
  readonly sum: Counts
  readonly bySession: readonly number[]
}

/** `deeds` have the columns client_session, ts and tokens. */
async function savedBy({ rows, hour, day }: Asked, deeds: string): Promise<SavedTokens> {
  const sessions = await rows<[number, number]>(
    `SELECT coalesce(sum(tokens) FILTER (ts >= ${hour}), 0)::DOUBLE, sum(tokens)::DOUBLE FROM (${deeds})
     WHERE ts >= ${day} GROUP BY client_session ORDER BY max(ts) DESC, client_session`,
  )
  const sum = { hour: 0, day: 0 }
  for (const [ofHour, ofDay] of sessions) {
    sum.hour += ofHour
    sum.day += ofDay
  }
  return { sum, bySession: sessions.map(([, ofDay]) => ofDay) }
}
