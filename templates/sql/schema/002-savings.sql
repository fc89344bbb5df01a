-- What a decision was worth in tokens, and the session of the client that it was done for.
ALTER TABLE decisions ADD COLUMN client_session VARCHAR;
ALTER TABLE decisions ADD COLUMN saved_tokens BIGINT DEFAULT 0;
