-- Answers of models with what each cost by the price table, in US dollars; NULL where the model has no price.
CREATE OR REPLACE VIEW response_costs AS
SELECT
  r.*,
  CASE
    WHEN r.input_tokens + r.cache_write_5m_tokens + r.cache_write_1h_tokens + r.cache_read_tokens > p.long_from THEN
      (r.input_tokens * p.long_input + r.output_tokens * p.long_output + r.cache_write_5m_tokens * p.long_cache_write_5m
        + r.cache_write_1h_tokens * p.long_cache_write_1h + r.cache_read_tokens * p.long_cache_read) / 1e6
    ELSE
      (r.input_tokens * p.input + r.output_tokens * p.output + r.cache_write_5m_tokens * p.cache_write_5m
        + r.cache_write_1h_tokens * p.cache_write_1h + r.cache_read_tokens * p.cache_read) / 1e6
  END AS cost_usd
FROM responses r LEFT JOIN prices p USING (model);
