import type { DuckDBConnection } from '@duckdb/node-api'

/** One shortened result of a session, as it is on record. */
export interface SessionResult {
  /** ISO 8601, UTC. */
  readonly at: string
  readonly server: string
  readonly tool: string
  readonly handle: string
  readonly lossless: boolean
  readonly tokensBefore: number
  readonly tokensAfter: number
}

/** The client's session that was last active in one of these directories, of all where none is given; undefined for none. */
export async function latestSession(
  connection: DuckDBConnection,
  directories: readonly string[],
): Promise<string | undefined> {
  const reader = await connection.runAndReadAll(
    `SELECT id FROM (
       SELECT client_session AS id, project, ts FROM compressions
       UNION ALL SELECT coalesce(client_session, session), project, ts FROM sessions
       UNION ALL SELECT client_session, project, ts FROM hook_events
       UNION ALL SELECT client_session, project, ts FROM responses
     ) WHERE id IS NOT NULL AND ($directories = '[]' OR list_contains(from_json($directories, '["VARCHAR"]'), project))
     ORDER BY ts DESC LIMIT 1`,
    { directories: JSON.stringify(directories) },
  )
  const [row] = reader.getRowsJS()
  return row === undefined ? undefined : String(row[0])
}

/** Whether anything of a session is on record. */
export async function isKnownSession(connection: DuckDBConnection, session: string): Promise<boolean> {
  const reader = await connection.runAndReadAll(
    `SELECT exists(SELECT 1 FROM sessions WHERE coalesce(client_session, session) = $session)
       OR exists(SELECT 1 FROM compressions WHERE client_session = $session)
       OR exists(SELECT 1 FROM responses WHERE client_session = $session)
       OR exists(SELECT 1 FROM hook_events WHERE client_session = $session)`,
    { session },
  )
  return reader.getRowsJS()[0]![0] === true
}

/** The results of a session that its agent got shortened, oldest first; a result of several texts has one row for each. */
export async function sessionResults(
  connection: DuckDBConnection,
  session: string,
): Promise<readonly SessionResult[]> {
  const reader = await connection.runAndReadAll(
    `SELECT strftime(ts, '%Y-%m-%dT%H:%M:%SZ'), coalesce(server, ''), coalesce(tool, ''), handle, lossless,
       tokens_before::DOUBLE, tokens_after::DOUBLE
     FROM compressions WHERE client_session = $session AND outcome = 'taken' ORDER BY ts`,
    { session },
  )
  return (reader.getRowsJS() as [string, string, string, string, boolean, number, number][]).flatMap(
    ([at, server, tool, handles, lossless, tokensBefore, tokensAfter]) =>
      handles.split(' ').map((handle) => ({ at, server, tool, handle, lossless, tokensBefore, tokensAfter })),
  )
}
