-- Calls under the names of OpenTelemetry's semantic conventions for MCP and generative AI.
CREATE OR REPLACE VIEW otel_spans AS
SELECT
  ts AS start_time, (queue_us + upstream_us) * 1000 AS duration_ns,
  concat_ws(' ', method, tool) AS name,
  method AS "mcp.method.name", session AS "mcp.session.id", tool AS "gen_ai.tool.name", tool_use AS "gen_ai.tool.call.id",
  client_session AS "gen_ai.conversation.id",
  CASE WHEN method = 'tools/call' THEN 'execute_tool' END AS "gen_ai.operation.name",
  CASE WHEN outcome <> 'ok' THEN coalesce(code, outcome) END AS "error.type",
  server AS "mcp.server.name", client AS "mcp.client.name", bytes_in AS "mcp.request.size", bytes_out AS "mcp.response.size"
FROM calls;

CREATE OR REPLACE VIEW otel_generations AS
SELECT
  ts AS start_time, 'chat' AS "gen_ai.operation.name", client AS "gen_ai.agent.name", client_session AS "gen_ai.conversation.id",
  agent AS "gen_ai.agent.id", model AS "gen_ai.response.model", message AS "gen_ai.response.id",
  input_tokens + cache_read_tokens + cache_write_5m_tokens + cache_write_1h_tokens AS "gen_ai.usage.input_tokens",
  output_tokens AS "gen_ai.usage.output_tokens", cache_read_tokens AS "gen_ai.usage.cache_read.input_tokens",
  cache_write_5m_tokens + cache_write_1h_tokens AS "gen_ai.usage.cache_creation.input_tokens"
FROM responses;
