-- What each agent of a session took: text that came into its context after it began, and what it wrote last.
-- Of a context that shrinks (a compaction) nothing is taken off, and what it was made into is not counted.
CREATE OR REPLACE VIEW agent_runs AS
WITH steps AS (
  SELECT
    *, input_tokens + cache_write_5m_tokens + cache_write_1h_tokens + cache_read_tokens AS context,
    lag(context) OVER (PARTITION BY client, client_session, agent ORDER BY ts, message) AS context_before
  FROM responses
)
SELECT
  client, client_session, agent,
  coalesce(max(agent_type), CASE WHEN agent IS NULL THEN 'main' ELSE 'sub-agent' END) AS agent_type,
  arg_max(project, ts) AS project,
  arg_max(model, ts) AS model,
  min(ts) AS first_seen,
  max(ts) AS last_seen,
  count(*) AS responses,
  max(context + output_tokens)::BIGINT AS largest_context,
  (coalesce(sum(greatest(context - context_before, 0)), 0) + arg_max(output_tokens, ts))::BIGINT AS used_tokens
FROM steps
GROUP BY client, client_session, agent;

-- What an agent was granted in a session and what it took: of all its runs, from the transcript where there is one, else as the hook counted it.
CREATE OR REPLACE VIEW agent_budgets AS
WITH granted AS (
  SELECT
    client, client_session, agent_type,
    arg_max(workflow, ts) AS workflow,
    min(ts) AS first_seen,
    max(ts) AS last_seen,
    arg_max(granted_tokens, ts) AS granted_tokens,
    max(spent_tokens) AS counted_tokens,
    count(*) FILTER (action IN ('outline', 'cut', 'stop')) AS steps,
    sum(saved_tokens)::BIGINT AS saved_tokens
  FROM allowances
  GROUP BY client, client_session, agent_type
), used AS (
  SELECT client, client_session, agent_type, count(*) AS runs, sum(used_tokens)::BIGINT AS used_tokens
  FROM agent_runs
  GROUP BY client, client_session, agent_type
)
SELECT
  granted.*,
  runs,
  coalesce(used_tokens, counted_tokens) AS actual_tokens,
  used_tokens IS NOT NULL AS from_transcript,
  actual_tokens - granted_tokens AS variance_tokens,
  variance_tokens / nullif(granted_tokens, 0) AS variance_share
FROM granted
LEFT JOIN used USING (client, client_session, agent_type);
