-- Starts of servers that sessions did not wait for, by day and server. saved_ms is the median cold start less what the warm greeting took,
-- summed over warm greetings: NULL where no cold start was seen, negative where warm was slower.
CREATE OR REPLACE VIEW start_savings AS
WITH cold AS (
  SELECT server, median(duration_us) AS cold_us, count(*) AS cold_starts
  FROM processes WHERE event = 'ready' GROUP BY server
)
SELECT
  (s.ts AT TIME ZONE 'UTC')::DATE AS day, s.server, count(*) AS greetings, count(*) FILTER (s.warm) AS warm,
  sum(c.cold_us - s.duration_us) FILTER (s.warm) / 1000 AS saved_ms, any_value(c.cold_starts) AS cold_starts
FROM sessions s LEFT JOIN cold c USING (server)
WHERE s.event = 'greeted' GROUP BY ALL;

-- How often a session found a process ready, and how often work was spared, by server.
CREATE OR REPLACE VIEW hit_rates AS
SELECT
  server, greetings, warm, warm / nullif(greetings, 0) AS warm_rate, calls, spared, spared / nullif(calls, 0) AS spared_rate
FROM (
  SELECT server, count(*) AS greetings, count(*) FILTER (warm) AS warm FROM sessions WHERE event = 'greeted' GROUP BY server
) FULL JOIN (
  SELECT server, sum(calls)::BIGINT AS calls, coalesce(sum(calls) FILTER (effect IN ('cache', 'dedup')), 0)::BIGINT AS spared
  FROM calls_daily GROUP BY server
) USING (server);
