-- What budgets of files did for one session: outlines given in place of files, what was asked for after all, and what that came to.
-- saved_tokens is kept less brought in after all: negative where a session asked for so much again that outlines only cost.
CREATE OR REPLACE VIEW budget_sessions AS
SELECT
  client_session,
  min(ts) AS first_seen,
  max(ts) AS last_seen,
  count(*) FILTER (action = 'outline') AS outlines,
  count(*) FILTER (action = 'again') AS asked_again,
  count(*) FILTER (action = 'part') AS parts,
  count(*) FILTER (action = 'point') AS pointers,
  count(*) FILTER (action IN ('again', 'part')) AS extra_turns,
  sum(saved_tokens) FILTER (saved_tokens > 0)::BIGINT AS kept_tokens,
  sum(-saved_tokens) FILTER (saved_tokens < 0)::BIGINT AS brought_tokens,
  sum(saved_tokens)::BIGINT AS saved_tokens
FROM decisions
WHERE policy = 'budget'
GROUP BY client_session;
