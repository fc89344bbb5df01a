-- What was granted to the agents of a workflow, and how far each got.
CREATE TABLE allowances (
  ts TIMESTAMP NOT NULL,
  client VARCHAR,
  client_session VARCHAR,
  project VARCHAR,
  agent VARCHAR,
  agent_type VARCHAR,
  workflow VARCHAR,
  action VARCHAR,
  granted_tokens BIGINT NOT NULL,
  spent_tokens BIGINT NOT NULL,
  saved_tokens BIGINT NOT NULL
);
