-- Tool results that were looked at for shortening, and originals that were asked for after all.
CREATE TABLE compressions (
  ts TIMESTAMP NOT NULL,
  session VARCHAR,
  client_session VARCHAR,
  client VARCHAR,
  project VARCHAR,
  server VARCHAR,
  tool VARCHAR,
  tool_use VARCHAR,
  handle VARCHAR,
  strategies VARCHAR,
  outcome VARCHAR,
  tier VARCHAR,
  lossless BOOLEAN NOT NULL,
  tokens_before BIGINT NOT NULL,
  tokens_after BIGINT NOT NULL,
  shown_tokens BIGINT NOT NULL,
  similarity BIGINT,
  lost BIGINT NOT NULL,
  duration_us BIGINT NOT NULL,
  because VARCHAR
);

CREATE TABLE expansions (
  ts TIMESTAMP NOT NULL,
  session VARCHAR,
  client_session VARCHAR,
  client VARCHAR,
  project VARCHAR,
  handle VARCHAR,
  tokens BIGINT NOT NULL,
  via VARCHAR
);
