-- How long calls of each tool took, by day, in milliseconds: within 2.5 % of the exact quantile. Below 30 calls there is no p95, below 100 no p99.
CREATE OR REPLACE VIEW latency AS
WITH buckets AS (
  SELECT day, server, tool, bucket, sum(calls) AS calls FROM latency_daily GROUP BY ALL
), cumulated AS (
  SELECT *,
    sum(calls) OVER (PARTITION BY day, server, tool ORDER BY bucket) AS upto,
    sum(calls) OVER (PARTITION BY day, server, tool) AS n
  FROM buckets
)
SELECT
  day, server, tool, any_value(n)::BIGINT AS calls,
  pow(1.05, min(bucket) FILTER (upto >= 0.5 * n) + 0.5) / 1000 AS p50_ms,
  CASE WHEN any_value(n) >= 30 THEN pow(1.05, min(bucket) FILTER (upto >= 0.95 * n) + 0.5) / 1000 END AS p95_ms,
  CASE WHEN any_value(n) >= 100 THEN pow(1.05, min(bucket) FILTER (upto >= 0.99 * n) + 0.5) / 1000 END AS p99_ms
FROM cumulated GROUP BY day, server, tool;
