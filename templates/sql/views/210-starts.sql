-- One process that was greeted: how long it took from its start.
CREATE OR REPLACE VIEW starts AS
SELECT ts, server, pid, mode, duration_us / 1000.0 AS ready_ms
FROM processes
WHERE event = 'ready';
