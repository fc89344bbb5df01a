import type { DuckDBConnection } from '@duckdb/node-api'

/** What was granted to an agent and what it took, over all sessions with a budget. */
export interface BudgetRecord {
  readonly agent: string
  readonly sessions: number
  /** Of these the figure is from the transcript; of the others from the hook. */
  readonly fromTranscript: number
  /** Tokens of a session, medians. */
  readonly granted: number
  readonly actual: number
  /** Actual less granted, as shares of what was granted: median, and nine tenths of sessions are below. */
  readonly variance: number
  readonly varianceP90: number
  readonly over: number
  readonly steps: number
  readonly savedTokens: number
}

/** The newest sessions of each agent that estimates are made of. */
const SESSIONS = 200

/** What agents took in sessions before, tokens each, newest first, by their names. */
export async function readAgentHistory(
  connection: DuckDBConnection,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const reader = await connection.runAndReadAll(
    `SELECT agent_type, sum(used_tokens)::DOUBLE FROM agent_runs GROUP BY client, client_session, agent_type
     QUALIFY row_number() OVER (PARTITION BY agent_type ORDER BY max(last_seen) DESC, client_session) <= ${SESSIONS}
     ORDER BY agent_type, max(last_seen) DESC, client_session`,
  )
  const history = new Map<string, number[]>()
  for (const [name, tokens] of reader.getRowsJS() as [string, number][])
    history.set(name, [...(history.get(name) ?? []), tokens])
  return history
}

/** Actual against granted, by agent, the most sessions first. */
export async function readBudgetRecords(connection: DuckDBConnection): Promise<readonly BudgetRecord[]> {
  const reader = await connection.runAndReadAll(
    `SELECT agent_type AS "agent", count(*)::DOUBLE AS "sessions", count(*) FILTER (from_transcript)::DOUBLE AS "fromTranscript",
       median(granted_tokens)::DOUBLE AS "granted", median(actual_tokens)::DOUBLE AS "actual",
       coalesce(median(variance_share), 0)::DOUBLE AS "variance", coalesce(quantile_cont(variance_share, 0.9), 0)::DOUBLE AS "varianceP90",
       count(*) FILTER (variance_tokens > 0)::DOUBLE AS "over", sum(steps)::DOUBLE AS "steps", sum(saved_tokens)::DOUBLE AS "savedTokens"
     FROM agent_budgets GROUP BY agent_type ORDER BY count(*) DESC, agent_type`,
  )
  return reader.getRowObjectsJS() as unknown as readonly BudgetRecord[]
}
