import type { DuckDBConnection } from '@duckdb/node-api'

/** Agents of one session in the order in which they began. */
export interface AgentSequence {
  readonly id: string
  /** Milliseconds since the epoch. */
  readonly atMs: number
  readonly agents: readonly string[]
}

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

/** The sub-agents of each session in the order in which they began, oldest session first. */
export async function readAgentSequences(connection: DuckDBConnection): Promise<readonly AgentSequence[]> {
  const reader = await connection.runAndReadAll(
    `SELECT client || '/' || client_session, epoch_ms(min(first_seen))::DOUBLE, list(agent_type ORDER BY first_seen, agent)
     FROM agent_runs WHERE agent IS NOT NULL GROUP BY client, client_session ORDER BY min(first_seen), client_session`,
  )
  return (reader.getRowsJS() as [string, number, string[]][]).map(([id, atMs, agents]) => ({
    id,
    atMs,
    agents,
  }))
}

/** Actual against granted, by agent, the most sessions first. */
export async function readBudgetRecords(connection: DuckDBConnection): Promise<readonly BudgetRecord[]> {
  const reader = await connection.runAndReadAll(
    `SELECT agent_type, count(*)::DOUBLE, count(*) FILTER (from_transcript)::DOUBLE, median(granted_tokens)::DOUBLE, median(actual_tokens)::DOUBLE,
       coalesce(median(variance_share), 0)::DOUBLE, coalesce(quantile_cont(variance_share, 0.9), 0)::DOUBLE,
       count(*) FILTER (variance_tokens > 0)::DOUBLE, sum(steps)::DOUBLE, sum(saved_tokens)::DOUBLE
     FROM agent_budgets GROUP BY agent_type ORDER BY count(*) DESC, agent_type`,
  )
  return (
    reader.getRowsJS() as [string, number, number, number, number, number, number, number, number, number][]
  ).map(
    ([
      agent,
      sessions,
      fromTranscript,
      granted,
      actual,
      variance,
      varianceP90,
      over,
      steps,
      savedTokens,
    ]) => ({
      ...{
        agent,
        sessions,
        fromTranscript,
        granted,
        actual,
        variance,
        varianceP90,
        over,
        steps,
        savedTokens,
      },
    }),
  )
}
