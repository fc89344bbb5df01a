-- What the definition of each tool weighs in every request of a client that has its server: the last that was seen.
CREATE OR REPLACE VIEW schema_costs AS
SELECT server, tool, client, bytes, coalesce(tokens, est_tokens(bytes)) AS tokens, tokens IS NULL OR source = 'daemon' AS estimated, ts AS seen_at
FROM tool_schemas
QUALIFY row_number() OVER (PARTITION BY server, tool, client ORDER BY ts DESC) = 1;

-- Tool uses joined with the call that the daemon saw, where the client sends the id of the tool use.
CREATE OR REPLACE VIEW tool_use_calls AS
SELECT
  u.*, c.queue_us, c.upstream_us, c.outcome, c.session IS NOT NULL AS through_mycelium
FROM tool_uses u LEFT JOIN calls c ON c.tool_use = u.tool_use AND c.client = u.client;
