-- One request of an agent, as the agent saw it.
CREATE OR REPLACE VIEW calls AS
SELECT
  ts, session, client_session, client, project, server, method, tool, mode, via, tool_use, bytes_in, bytes_out, queue_us, upstream_us,
  outcome, code, effect, saved_bytes
FROM call_rows JOIN call_origins USING (origin) JOIN call_targets USING (target);
