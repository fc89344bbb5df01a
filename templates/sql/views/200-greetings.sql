-- One session's greeting: how long it waited for it, and whether a process was there already.
CREATE OR REPLACE VIEW greetings AS
SELECT ts, session, client_session, client, project, server, mode, via, warm, duration_us / 1000.0 AS waited_ms
FROM sessions
WHERE event = 'greeted';
