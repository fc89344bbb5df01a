-- Answers of models in the order of each thread: which of a context's lives it belongs to (a context that shrinks by 40 % was compacted, and
-- what was in it is gone), its place there, and what a token costs that is new to it or that was sent before. A token that is new is a
-- write to the cache where the answer wrote to one, else plain input; one from before is a read of the cache where it read one.
CREATE OR REPLACE VIEW turns AS
WITH sized AS (
  SELECT *, input_tokens + cache_write_5m_tokens + cache_write_1h_tokens + cache_read_tokens AS context_tokens FROM response_costs
), cut AS (
  SELECT *, coalesce(context_tokens < 0.6 * lag(context_tokens) OVER thread, false) AS is_new
  FROM sized WINDOW thread AS (PARTITION BY client, client_session, agent ORDER BY ts, message)
), lives AS (
  SELECT *, sum(is_new::INTEGER) OVER (PARTITION BY client, client_session, agent ORDER BY ts, message) AS life FROM cut
)
SELECT
  l.ts, l.client, l.client_session, coalesce(l.agent, '') AS agent, l.model, l.life, l.context_tokens, l.cost_usd,
  row_number() OVER life_order AS place,
  count(*) OVER (PARTITION BY l.client, l.client_session, l.agent, l.life) AS turns_of_life,
  CASE
    WHEN l.cache_write_1h_tokens > l.cache_write_5m_tokens THEN p.cache_write_1h
    WHEN l.cache_write_5m_tokens > 0 THEN p.cache_write_5m
    ELSE p.input
  END / 1e6 AS usd_new_token,
  CASE WHEN l.cache_read_tokens > 0 THEN p.cache_read ELSE p.input END / 1e6 AS usd_old_token
FROM lives l LEFT JOIN prices p USING (model)
WINDOW life_order AS (PARTITION BY l.client, l.client_session, l.agent, l.life ORDER BY l.ts, l.message);

-- What each token that enters a thread right before one of its turns comes to until that context's life ends, US dollars.
CREATE OR REPLACE VIEW turn_prices AS
SELECT
  ts, client, client_session, agent, place, turns_of_life, cost_usd, usd_new_token,
  usd_new_token + coalesce(sum(usd_old_token) OVER later, 0) AS usd_token,
  turns_of_life - place AS turns_after
FROM turns
WINDOW later AS (
  PARTITION BY client, client_session, agent, life ORDER BY place ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
);

-- Shortened results, each with the tokens that it kept from the context and what those would have cost: once as new, then again with each
-- later turn until the context was compacted. No more counts than the client itself would have shown. Negative where it grew.
CREATE OR REPLACE VIEW compression_savings AS
WITH used AS (
  SELECT c.*, coalesce(u.agent, '') AS agent
  FROM compressions c
  LEFT JOIN (SELECT client_session, tool_use, any_value(agent) AS agent FROM tool_uses GROUP BY ALL) u
    ON u.tool_use = c.tool_use AND u.client_session = c.client_session
)
SELECT
  c.ts, c.client, c.client_session, c.agent, c.project, c.server, c.tool, c.handle, c.strategies, c.outcome, c.tier, c.lossless,
  c.tokens_before, c.tokens_after, c.shown_tokens, c.similarity / 1e6 AS similarity, c.lost, c.duration_us, c.because,
  CASE WHEN c.outcome = 'taken' THEN least(c.tokens_before, c.shown_tokens) - c.tokens_after ELSE 0 END AS saved_tokens,
  CASE WHEN c.outcome = 'taken' THEN least(c.tokens_before, c.shown_tokens) - c.tokens_after ELSE 0 END * t.usd_token AS saved_usd,
  t.turns_after
FROM used c
ASOF LEFT JOIN turn_prices t ON c.client_session = t.client_session AND c.client = t.client AND c.agent = t.agent AND c.ts <= t.ts;

-- Originals that were asked for after all: the tokens that this brought in, and the turn that it took, which counts whole.
CREATE OR REPLACE VIEW expansion_costs AS
SELECT
  e.ts, e.client, e.client_session, e.project, e.handle, e.tokens, e.via,
  e.tokens * t.usd_token AS tokens_usd, t.cost_usd AS turn_usd
FROM expansions e
ASOF LEFT JOIN turn_prices t ON e.client_session = t.client_session AND e.client = t.client AND t.agent = '' AND e.ts <= t.ts;

-- What shortening came to for each session of a client, with sign: tokens kept from contexts less what was asked for after all and less the
-- definitions of the own server, and the same in US dollars, the extra turns taken off too. Dollars are NULL where no transcript of the
-- session is known, or its model has no price. Sessions of the hold-out are here as controls.
CREATE OR REPLACE VIEW savings_ledger AS
WITH kept AS (
  SELECT
    client, client_session, min(ts) AS first_seen, max(ts) AS last_seen,
    count(*) FILTER (outcome = 'taken') AS shortened, count(*) FILTER (outcome = 'refused') AS refused,
    count(*) FILTER (outcome = 'held') AS held, count(*) FILTER (outcome = 'failed') AS failed,
    coalesce(sum(tokens_before) FILTER (outcome = 'taken'), 0)::BIGINT AS tokens_before,
    coalesce(sum(tokens_before - least(tokens_before, shown_tokens)) FILTER (outcome = 'taken'), 0)::BIGINT AS cut_by_client,
    sum(saved_tokens)::BIGINT AS kept_tokens,
    coalesce(sum(saved_tokens) FILTER (lossless), 0)::BIGINT AS lossless_tokens,
    coalesce(sum(lost) FILTER (outcome = 'taken'), 0)::BIGINT AS facts_lost,
    sum(saved_usd) AS kept_usd
  FROM compression_savings GROUP BY client, client_session
), again AS (
  SELECT
    client, client_session, count(*) AS expansions, sum(tokens)::BIGINT AS tokens, sum(tokens_usd) AS tokens_usd, sum(turn_usd) AS turn_usd
  FROM expansion_costs GROUP BY client, client_session
), own AS (
  SELECT client, sum(tokens)::BIGINT AS tokens
  FROM (SELECT client, tool, arg_max(coalesce(tokens, est_tokens(bytes)), ts) AS tokens FROM tool_schemas WHERE server = 'mycelium' GROUP BY ALL)
  GROUP BY client
), threads AS (
  SELECT client, client_session, sum(usd_token) FILTER (place = 1) AS usd_token FROM turn_prices GROUP BY ALL
)
SELECT
  k.client, k.client_session, k.first_seen, k.last_seen, k.shortened, k.refused, k.held, k.failed, k.held > 0 AND k.shortened = 0 AS is_control,
  k.tokens_before, k.cut_by_client, k.kept_tokens, k.lossless_tokens, k.facts_lost,
  coalesce(a.expansions, 0) AS expansions, coalesce(a.tokens, 0) AS expanded_tokens, coalesce(o.tokens, 0) AS own_tokens,
  k.kept_tokens - coalesce(a.tokens, 0) - coalesce(o.tokens, 0) AS saved_tokens,
  k.kept_usd, coalesce(a.tokens_usd, 0) + coalesce(a.turn_usd, 0) AS expansions_usd, coalesce(o.tokens, 0) * t.usd_token AS own_usd,
  k.kept_usd - coalesce(a.tokens_usd, 0) - coalesce(a.turn_usd, 0) - coalesce(o.tokens * t.usd_token, 0) AS saved_usd
FROM kept k
LEFT JOIN again a USING (client, client_session)
LEFT JOIN own o USING (client)
LEFT JOIN threads t USING (client, client_session);
