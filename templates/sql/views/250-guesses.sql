-- What starting servers for what is foreseen did, by day and server: how many came true, the waiting that they spared, the memory that was held for
-- nothing. net_ms is what was spared less what misses cost (docs/prewarm.md has the price): negative where it cost more.
CREATE OR REPLACE VIEW guess_days AS
SELECT
  (ts AT TIME ZONE 'UTC')::DATE AS day,
  server,
  count(*) FILTER (event = 'warmed') AS warmed,
  count(*) FILTER (event = 'refused') AS refused,
  count(*) FILTER (event = 'hit') AS hits,
  count(*) FILTER (event = 'missed') AS missed,
  count(*) FILTER (event = 'hit') / nullif(count(*) FILTER (event IN ('hit', 'missed')), 0) AS precision,
  coalesce(sum(saved_us) FILTER (event = 'hit'), 0) / 1000.0 AS saved_ms,
  coalesce(sum(memory_kb::DOUBLE * held_us) FILTER (event = 'missed'), 0) / 1024 / 1000000 AS wasted_mb_s,
  coalesce(sum(cost_us) FILTER (event = 'missed'), 0) / 1000.0 AS cost_ms,
  (coalesce(sum(saved_us) FILTER (event = 'hit'), 0) - coalesce(sum(cost_us) FILTER (event = 'missed'), 0)) / 1000.0 AS net_ms
FROM guesses
GROUP BY ALL;
