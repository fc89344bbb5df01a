-- Calls come by the million, and their dozen names are the same few combinations over and over: kept apart, where a call came from and
-- what was called are two numbers to store, and small tables to join. Ask the view calls, which puts them together again.
CREATE TABLE call_origins (
  origin INTEGER NOT NULL,
  session VARCHAR,
  client_session VARCHAR,
  client VARCHAR,
  project VARCHAR,
  via VARCHAR
);

CREATE TABLE call_targets (
  target INTEGER NOT NULL,
  server VARCHAR,
  method VARCHAR,
  tool VARCHAR,
  mode VARCHAR,
  outcome VARCHAR,
  code VARCHAR,
  effect VARCHAR
);

CREATE TABLE call_rows (
  ts TIMESTAMP NOT NULL,
  origin INTEGER NOT NULL,
  target INTEGER NOT NULL,
  tool_use VARCHAR,
  bytes_in BIGINT NOT NULL,
  bytes_out BIGINT NOT NULL,
  queue_us BIGINT NOT NULL,
  upstream_us BIGINT NOT NULL,
  saved_bytes BIGINT NOT NULL
);

CREATE TABLE sessions (
  ts TIMESTAMP NOT NULL,
  session VARCHAR,
  client_session VARCHAR,
  client VARCHAR,
  project VARCHAR,
  server VARCHAR,
  mode VARCHAR,
  via VARCHAR,
  event VARCHAR,
  warm BOOLEAN NOT NULL,
  duration_us BIGINT NOT NULL,
  calls BIGINT NOT NULL,
  because VARCHAR
);

CREATE TABLE processes (
  ts TIMESTAMP NOT NULL,
  server VARCHAR,
  pid BIGINT NOT NULL,
  mode VARCHAR,
  event VARCHAR,
  duration_us BIGINT NOT NULL,
  calls BIGINT NOT NULL,
  because VARCHAR
);

CREATE TABLE samples (
  ts TIMESTAMP NOT NULL,
  server VARCHAR,
  pid BIGINT NOT NULL,
  processes BIGINT NOT NULL,
  rss_kb BIGINT NOT NULL,
  pss_kb BIGINT,
  cpu_ms BIGINT NOT NULL,
  sessions BIGINT NOT NULL
);

CREATE TABLE tool_schemas (
  ts TIMESTAMP NOT NULL,
  client VARCHAR,
  server VARCHAR,
  tool VARCHAR,
  bytes BIGINT NOT NULL,
  tokens BIGINT,
  hash VARCHAR,
  source VARCHAR
);

CREATE TABLE decisions (
  ts TIMESTAMP NOT NULL,
  policy VARCHAR,
  server VARCHAR,
  action VARCHAR,
  accepted BOOLEAN NOT NULL,
  because VARCHAR
);

CREATE TABLE hook_events (
  ts TIMESTAMP NOT NULL,
  client VARCHAR,
  client_session VARCHAR,
  project VARCHAR,
  agent VARCHAR,
  event VARCHAR,
  tool VARCHAR,
  tool_use VARCHAR,
  bytes_in BIGINT NOT NULL,
  bytes_out BIGINT NOT NULL,
  duration_us BIGINT,
  outcome VARCHAR
);

CREATE TABLE responses (
  ts TIMESTAMP NOT NULL,
  client VARCHAR,
  client_session VARCHAR,
  project VARCHAR,
  agent VARCHAR,
  agent_type VARCHAR,
  model VARCHAR,
  message VARCHAR,
  input_tokens BIGINT NOT NULL,
  output_tokens BIGINT NOT NULL,
  cache_write_5m_tokens BIGINT NOT NULL,
  cache_write_1h_tokens BIGINT NOT NULL,
  cache_read_tokens BIGINT NOT NULL,
  reasoning_tokens BIGINT NOT NULL,
  client_cost_usd DOUBLE
);

CREATE TABLE tool_uses (
  ts TIMESTAMP NOT NULL,
  client VARCHAR,
  client_session VARCHAR,
  project VARCHAR,
  agent VARCHAR,
  agent_type VARCHAR,
  model VARCHAR,
  message VARCHAR,
  tool_use VARCHAR,
  server VARCHAR,
  tool VARCHAR,
  bytes_in BIGINT NOT NULL,
  bytes_out BIGINT,
  failed BOOLEAN NOT NULL,
  duration_us BIGINT
);

CREATE TABLE client_costs (
  ts TIMESTAMP NOT NULL,
  client VARCHAR,
  client_session VARCHAR,
  project VARCHAR,
  model VARCHAR,
  input_tokens BIGINT NOT NULL,
  output_tokens BIGINT NOT NULL,
  cache_write_tokens BIGINT NOT NULL,
  cache_read_tokens BIGINT NOT NULL,
  cost_usd DOUBLE
);

CREATE TABLE transcript_files (
  ts TIMESTAMP NOT NULL,
  client VARCHAR,
  path VARCHAR,
  identity VARCHAR,
  read_to BIGINT NOT NULL,
  records BIGINT NOT NULL,
  skipped BIGINT NOT NULL,
  broken BIGINT NOT NULL,
  state VARCHAR
);

-- How far each segment of the event log was taken in; written in the transaction that takes it in.
CREATE TABLE segments (
  name VARCHAR NOT NULL,
  read_to BIGINT NOT NULL,
  events BIGINT NOT NULL,
  damaged_bytes BIGINT NOT NULL,
  ingested_at TIMESTAMP NOT NULL
);

-- US dollars per million tokens of every model that occurs, from the price table of the package or the user's own.
CREATE TABLE prices (
  model VARCHAR NOT NULL,
  input DOUBLE,
  output DOUBLE,
  cache_write_5m DOUBLE,
  cache_write_1h DOUBLE,
  cache_read DOUBLE,
  -- Prompts of more tokens than this pay the long rates.
  long_from BIGINT,
  long_input DOUBLE,
  long_output DOUBLE,
  long_cache_write_5m DOUBLE,
  long_cache_write_1h DOUBLE,
  long_cache_read DOUBLE,
  as_of VARCHAR
);

-- Sums over calls, kept as events come in so that reports need not read each call. A key may have several rows: always sum.
-- Days are of the machine's own time zone.
CREATE TABLE calls_daily (
  day DATE NOT NULL,
  client VARCHAR,
  project VARCHAR,
  server VARCHAR,
  tool VARCHAR,
  method VARCHAR,
  outcome VARCHAR,
  effect VARCHAR,
  calls BIGINT NOT NULL,
  bytes_in BIGINT NOT NULL,
  bytes_out BIGINT NOT NULL,
  queue_us BIGINT NOT NULL,
  upstream_us BIGINT NOT NULL,
  saved_bytes BIGINT NOT NULL
);

-- How many calls took how long: bucket b holds latencies from 1.05^b to 1.05^(b+1) microseconds.
CREATE TABLE latency_daily (
  day DATE NOT NULL,
  client VARCHAR,
  server VARCHAR,
  tool VARCHAR,
  bucket SMALLINT NOT NULL,
  calls BIGINT NOT NULL
);

CREATE TABLE calls_by_session (
  client VARCHAR,
  client_session VARCHAR,
  session VARCHAR,
  project VARCHAR,
  first_ts TIMESTAMP NOT NULL,
  last_ts TIMESTAMP NOT NULL,
  calls BIGINT NOT NULL,
  failed BIGINT NOT NULL,
  bytes_in BIGINT NOT NULL,
  bytes_out BIGINT NOT NULL,
  upstream_us BIGINT NOT NULL,
  saved_bytes BIGINT NOT NULL
);
