-- Servers that were started for what was foreseen of a session, and what became of it.
CREATE TABLE guesses (
  ts TIMESTAMP NOT NULL,
  server VARCHAR,
  client VARCHAR,
  client_session VARCHAR,
  project VARCHAR,
  event VARCHAR,
  cause VARCHAR,
  chance BIGINT,
  cold_us BIGINT,
  memory_kb BIGINT,
  held_us BIGINT,
  saved_us BIGINT,
  cost_us BIGINT,
  because VARCHAR
);
