-- One further process for a server that could not keep up: how long its calls took in the minute before, and in the minute after.
CREATE OR REPLACE VIEW growths AS
SELECT
  d.ts,
  d.server,
  count(*) FILTER (c.ts < d.ts) AS calls_before,
  count(*) FILTER (c.ts >= d.ts) AS calls_after,
  avg((c.queue_us + c.upstream_us) / 1000.0) FILTER (c.ts < d.ts) AS ms_before,
  avg((c.queue_us + c.upstream_us) / 1000.0) FILTER (c.ts >= d.ts) AS ms_after
FROM decisions d
LEFT JOIN calls c
  ON c.server = d.server AND c.ts BETWEEN d.ts - INTERVAL 1 MINUTE AND d.ts + INTERVAL 1 MINUTE
WHERE d.policy = 'pools' AND d.action = 'grow' AND d.accepted
GROUP BY d.ts, d.server;
