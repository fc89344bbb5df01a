-- Which tool a session used after which: what a predictor learns from. A call that a transcript also has appears once.
CREATE OR REPLACE VIEW sequences AS
SELECT
  coalesce(client_session, session) AS session, client, project, ts, server, tool,
  lag(server) OVER past AS previous_server, lag(tool) OVER past AS previous_tool
FROM (
  SELECT client_session, session, client, project, ts, server, tool FROM calls WHERE method = 'tools/call'
  UNION ALL
  SELECT client_session, NULL, client, project, ts, server, tool FROM tool_uses
  WHERE server IS NOT NULL AND tool_use NOT IN (SELECT tool_use FROM call_rows WHERE tool_use IS NOT NULL)
)
WINDOW past AS (PARTITION BY coalesce(client_session, session) ORDER BY ts);

-- Peaks and means of memory of each server by hour: what an envelope is tuned by.
CREATE OR REPLACE VIEW memory_history AS
SELECT
  date_trunc('hour', ts) AS hour, server, count(*) AS samples, max(pss_kb) AS peak_pss_kb, avg(pss_kb) AS mean_pss_kb,
  max(rss_kb) AS peak_rss_kb, max(processes) AS processes, max(sessions) AS sessions
FROM samples GROUP BY ALL;
