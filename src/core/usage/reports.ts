import { dayCondition, timeCondition, type Window } from './window.ts'

/** What a report can be by. */
export const GROUPINGS = ['day', 'session', 'project', 'agent', 'server', 'tool', 'model'] as const

/** One of them. */
export type Grouping = (typeof GROUPINGS)[number]

/** How a column is shown. */
export type Shown = 'text' | 'time' | 'count' | 'tokens' | 'usd' | 'ms' | 'share' | 'bytes'

/** One column of a report. */
export interface ReportColumn {
  readonly name: string
  readonly shown: Shown
}

/** A question to the store and what its answer's columns are. */
export interface Report {
  readonly sql: string
  readonly columns: readonly ReportColumn[]
}

const TOKEN_COLUMNS: readonly ReportColumn[] = [
  { name: 'responses', shown: 'count' },
  { name: 'input_tokens', shown: 'tokens' },
  { name: 'cache_write_tokens', shown: 'tokens' },
  { name: 'cache_read_tokens', shown: 'tokens' },
  { name: 'output_tokens', shown: 'tokens' },
  { name: 'cost_usd', shown: 'usd' },
  { name: 'unpriced_responses', shown: 'count' },
]

/** A sum over no priced answer is no cost at all, not none. */
const TOKEN_SUMS = `
  count(*)::BIGINT AS responses, sum(input_tokens)::BIGINT AS input_tokens,
  sum(cache_write_5m_tokens + cache_write_1h_tokens)::BIGINT AS cache_write_tokens, sum(cache_read_tokens)::BIGINT AS cache_read_tokens,
  sum(output_tokens)::BIGINT AS output_tokens, sum(cost_usd) AS cost_usd,
  count(*) FILTER (cost_usd IS NULL)::BIGINT AS unpriced_responses`

const LOCAL_DAY = "strftime((ts AT TIME ZONE 'UTC')::DATE, '%Y-%m-%d')"
const DAY_TEXT = "strftime(day, '%Y-%m-%d')"

interface TokenGrouping {
  /** Over responses, then over sums of calls. */
  readonly keys: readonly { readonly name: string; readonly response: string; readonly call?: string }[]
  readonly order: string
}

const TOKEN_GROUPINGS: Readonly<Record<'day' | 'session' | 'project' | 'agent' | 'model', TokenGrouping>> = {
  day: { keys: [{ name: 'day', response: LOCAL_DAY, call: DAY_TEXT }], order: 'day' },
  project: {
    keys: [{ name: 'project', response: 'project', call: 'project' }],
    order: 'cost_usd DESC NULLS LAST, responses DESC',
  },
  model: { keys: [{ name: 'model', response: 'model' }], order: 'cost_usd DESC NULLS LAST, responses DESC' },
  agent: {
    keys: [
      { name: 'client', response: 'client' },
      {
        name: 'agent',
        response: "CASE WHEN agent IS NULL THEN 'main' ELSE coalesce(agent_type, 'sub-agent') END",
      },
    ],
    order: 'cost_usd DESC NULLS LAST, responses DESC',
  },
  session: {
    keys: [
      { name: 'client', response: 'client', call: 'client' },
      { name: 'session', response: 'client_session', call: 'coalesce(client_session, session)' },
    ],
    order: 'last_seen DESC',
  },
}

/** The report by one grouping; with `limit`, its first rows in the order that matters most: of days, the last ones. */
export function reportBy(by: Grouping, window: Window, limit?: number): Report {
  const report =
    by === 'server' || by === 'tool' ? callReport(by, window) : tokenReport(by, TOKEN_GROUPINGS[by], window)
  if (limit === undefined) return report
  const sql =
    by === 'day'
      ? `SELECT * FROM (${report.sql} DESC LIMIT ${limit}) ORDER BY day`
      : `${report.sql} LIMIT ${limit}`
  return { ...report, sql }
}

function tokenReport(by: string, { keys, order }: TokenGrouping, window: Window): Report {
  const names = keys.map(({ name }) => name)
  const select = keys.map(({ name, response }) => `${response} AS ${name}`).join(', ')
  const inSession = by === 'session'
  const extra = inSession
    ? ', any_value(project) AS project, min(ts) AS first_seen, max(ts) AS last_seen'
    : ''
  const responses = `SELECT ${select}, ${TOKEN_SUMS}${extra} FROM response_costs WHERE ${timeCondition(window, 'ts')} GROUP BY ALL`
  const columns: ReportColumn[] = [
    ...names.map((name) => ({ name, shown: 'text' as const })),
    ...TOKEN_COLUMNS,
  ]
  if (inSession)
    columns.splice(
      2,
      0,
      { name: 'project', shown: 'text' },
      { name: 'first_seen', shown: 'time' },
      { name: 'last_seen', shown: 'time' },
    )
  if (keys.some(({ call }) => call === undefined))
    return {
      sql: `SELECT ${columns.map(({ name }) => name).join(', ')} FROM (${responses}) ORDER BY ${order}`,
      columns,
    }
  const called = keys.map(({ name, call }) => `${call} AS ${name}`).join(', ')
  const calls = inSession ? sessionCalls(window) : groupedCalls(called, window)
  columns.push({ name: 'mcp_calls', shown: 'count' })
  const merged = columns.map(({ name }) => {
    if (names.includes(name)) return `coalesce(r.${name}, c.${name}) AS ${name}`
    if (name === 'mcp_calls') return 'coalesce(c.calls, 0) AS mcp_calls'
    if (name === 'first_seen') return 'least(r.first_seen, c.first_seen) AS first_seen'
    if (name === 'last_seen') return 'greatest(r.last_seen, c.last_seen) AS last_seen'
    if (name === 'project') return 'coalesce(r.project, c.project) AS project'
    return name === 'cost_usd' ? 'r.cost_usd' : `coalesce(r.${name}, 0) AS ${name}`
  })
  // An answer without a project meets the calls without one.
  const same = names.map((name) => `r.${name} IS NOT DISTINCT FROM c.${name}`).join(' AND ')
  return {
    sql: `SELECT ${merged.join(', ')} FROM (${responses}) r FULL JOIN (${calls}) c ON ${same} ORDER BY ${order}`,
    columns,
  }
}

function groupedCalls(keys: string, window: Window): string {
  if (window.wholeDays)
    return `SELECT ${keys}, sum(calls)::BIGINT AS calls FROM calls_daily WHERE ${dayCondition(window, 'day')} GROUP BY ALL`
  return `SELECT ${keys.replace(DAY_TEXT, LOCAL_DAY)}, count(*)::BIGINT AS calls FROM calls WHERE ${timeCondition(window, 'ts')} GROUP BY ALL`
}

/** The sums by session know no days: they answer only for all time. */
function sessionCalls(window: Window): string {
  const key = 'client, coalesce(client_session, session) AS session, any_value(project) AS project'
  const open = window.sinceMs === undefined && window.untilMs === undefined
  return open
    ? `SELECT ${key}, sum(calls)::BIGINT AS calls, min(first_ts) AS first_seen, max(last_ts) AS last_seen
       FROM calls_by_session GROUP BY client, coalesce(client_session, session)`
    : `SELECT ${key}, count(*)::BIGINT AS calls, min(ts) AS first_seen, max(ts) AS last_seen
       FROM calls WHERE ${timeCondition(window, 'ts')} GROUP BY client, coalesce(client_session, session)`
}

/** Calls that mycelium carried, and tool uses that only transcripts know of. */
function callReport(by: 'server' | 'tool', window: Window): Report {
  const keys = by === 'server' ? ['server'] : ['server', 'tool']
  const key = keys.join(', ')
  const tools = by === 'tool' ? " AND method = 'tools/call'" : ''
  const counts = window.wholeDays
    ? `SELECT ${key}, sum(calls)::BIGINT AS calls, sum(calls) FILTER (outcome NOT IN ('ok', 'cancelled')) AS failed,
         sum(bytes_out)::BIGINT AS result_bytes, sum(saved_bytes)::BIGINT AS saved_bytes
       FROM calls_daily WHERE ${dayCondition(window, 'day')}${tools} GROUP BY ALL`
    : `SELECT ${key}, count(*)::BIGINT AS calls, count(*) FILTER (outcome NOT IN ('ok', 'cancelled')) AS failed,
         sum(bytes_out)::BIGINT AS result_bytes, sum(saved_bytes)::BIGINT AS saved_bytes
       FROM calls WHERE ${timeCondition(window, 'ts')}${tools} GROUP BY ALL`
  const latency = window.wholeDays ? bucketLatency(keys, window) : exactLatency(keys, window, tools)
  const uses = `SELECT ${key}, count(*)::BIGINT AS uses, sum(bytes_out)::BIGINT AS result_bytes FROM tool_uses
    WHERE server IS NOT NULL AND ${timeCondition(window, 'ts')} GROUP BY ALL`
  const schemas = `SELECT ${key}, sum(tokens)::BIGINT AS schema_tokens FROM (
      SELECT server, tool, max(tokens) AS tokens FROM schema_costs GROUP BY ALL
    ) GROUP BY ALL`
  return {
    sql: `
      SELECT ${key}, coalesce(c.calls, 0) AS calls, coalesce(u.uses, 0) AS transcript_uses, coalesce(c.failed, 0) / nullif(c.calls, 0) AS failed_share,
        l.p50_ms, l.p95_ms, est_tokens(greatest(c.result_bytes, u.result_bytes)) AS result_tokens,
        est_tokens(greatest(c.result_bytes, u.result_bytes)) // nullif(greatest(c.calls, u.uses), 0) AS tokens_per_call, s.schema_tokens
      FROM (${counts}) c FULL JOIN (${uses}) u USING (${key}) LEFT JOIN (${latency}) l USING (${key}) LEFT JOIN (${schemas}) s USING (${key})
      ORDER BY result_tokens DESC NULLS LAST, calls DESC, ${key}`,
    columns: [
      ...keys.map((name) => ({ name, shown: 'text' as const })),
      { name: 'calls', shown: 'count' },
      { name: 'transcript_uses', shown: 'count' },
      { name: 'failed_share', shown: 'share' },
      { name: 'p50_ms', shown: 'ms' },
      { name: 'p95_ms', shown: 'ms' },
      { name: 'result_tokens', shown: 'tokens' },
      { name: 'tokens_per_call', shown: 'tokens' },
      { name: 'schema_tokens', shown: 'tokens' },
    ],
  }
}

/** From sums by day: within 2.5 %. Below 30 calls there is no p95. */
function bucketLatency(keys: readonly string[], window: Window): string {
  const key = keys.join(', ')
  const named = keys.includes('tool') ? ' AND tool IS NOT NULL' : ''
  return `SELECT ${key}, pow(1.05, min(bucket) FILTER (upto >= 0.5 * n) + 0.5) / 1000 AS p50_ms,
      CASE WHEN any_value(n) >= 30 THEN pow(1.05, min(bucket) FILTER (upto >= 0.95 * n) + 0.5) / 1000 END AS p95_ms
    FROM (
      SELECT *, sum(n0) OVER (PARTITION BY ${key} ORDER BY bucket) AS upto, sum(n0) OVER (PARTITION BY ${key}) AS n
      FROM (SELECT ${key}, bucket, sum(calls) AS n0 FROM latency_daily WHERE ${dayCondition(window, 'day')}${named} GROUP BY ALL)
    ) GROUP BY ${key}`
}

function exactLatency(keys: readonly string[], window: Window, tools: string): string {
  const took = '(queue_us + upstream_us) / 1000'
  return `SELECT ${keys.join(', ')}, quantile_cont(${took}, 0.5) AS p50_ms,
      CASE WHEN count(*) >= 30 THEN quantile_cont(${took}, 0.95) END AS p95_ms
    FROM calls WHERE ${timeCondition(window, 'ts')}${tools} GROUP BY ALL`
}

/** What each tool's definition weighs in every request, heaviest first, and how often it was used in the window, through mycelium or not. */
export function schemaReport(window: Window, limit: number): Report {
  const calls = window.wholeDays
    ? `SELECT server, tool, sum(calls) AS n FROM calls_daily WHERE method = 'tools/call' AND ${dayCondition(window, 'day')} GROUP BY ALL`
    : `SELECT server, tool, count(*) AS n FROM calls WHERE method = 'tools/call' AND ${timeCondition(window, 'ts')} GROUP BY ALL`
  const uses = `SELECT server, tool, count(*) AS n FROM tool_uses WHERE ${timeCondition(window, 'ts')} GROUP BY ALL`
  const same = (other: string) => `${other}.server IS NOT DISTINCT FROM s.server AND ${other}.tool = s.tool`
  return {
    sql: `SELECT s.server, s.tool, s.tokens, s.bytes, greatest(coalesce(c.n, 0), coalesce(u.n, 0))::BIGINT AS calls
      FROM (SELECT server, tool, max(tokens)::BIGINT AS tokens, max(bytes)::BIGINT AS bytes FROM schema_costs GROUP BY ALL) s
      LEFT JOIN (${calls}) c ON ${same('c')} LEFT JOIN (${uses}) u ON ${same('u')}
      ORDER BY s.tokens DESC, s.server, s.tool LIMIT ${limit}`,
    columns: [
      { name: 'server', shown: 'text' },
      { name: 'tool', shown: 'text' },
      { name: 'tokens', shown: 'tokens' },
      { name: 'bytes', shown: 'bytes' },
      { name: 'calls', shown: 'count' },
    ],
  }
}
