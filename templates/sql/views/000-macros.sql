-- Tokens of JSON text, roughly: there is no public tokenizer of the newest models to count them by.
CREATE OR REPLACE MACRO est_tokens(bytes) AS bytes // 4;
