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

/**
 * The client's session that was last active in one of these directories, of all where none is given; undefined for none. A connection that belongs to no
 * session of a client is named only where nothing else was active there: an agent has several, and the last to end says nothing of the others.
 */
export async function latestSession(
  connection: DuckDBConnection,
  directories: readonly string[],
): Promise<string | undefined> {
  const reader = await connection.runAndReadAll(
    `SELECT id FROM (
       SELECT client_session AS id, project, ts, false AS is_bare FROM compressions
       UNION ALL SELECT coalesce(client_session, session), project, ts, client_session IS NULL FROM sessions
       UNION ALL SELECT client_session, project, ts, false FROM hook_events
       UNION ALL SELECT client_session, project, ts, false FROM responses
     ) WHERE id IS NOT NULL AND ($directories = '[]' OR list_contains(from_json($directories, '["VARCHAR"]'), project))
     ORDER BY is_bare, ts DESC LIMIT 1`,
    { directories: JSON.stringify(directories) },
  )
  const [row] = reader.getRowsJS()
  return row === undefined ? undefined : String(row[0])
}

/** The session on record by that name, or that the connection of that name belongs to; undefined for none. */
export async function knownSession(connection: DuckDBConnection, name: string): Promise<string | undefined> {
  const reader = await connection.runAndReadAll(
    `SELECT coalesce(
       (SELECT any_value(client_session) FROM compressions WHERE client_session = $name OR session = $name),
       (SELECT any_value(coalesce(client_session, session)) FROM sessions WHERE client_session = $name OR session = $name),
       (SELECT any_value(client_session) FROM responses WHERE client_session = $name),
       (SELECT any_value(client_session) FROM hook_events WHERE client_session = $name))`,
    { name },
  )
  const [row] = reader.getRowsJS()
  return row === undefined || row[0] === null ? undefined : String(row[0])
}

/** The results of a session that its agent got shortened, oldest first; a result of several texts has one row for each, with an equal part of its tokens. */
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
      handles.split(' ').map((handle, _, { length }) => ({
        ...{ at, server, tool, handle, lossless },
        tokensBefore: tokensBefore / length,
        tokensAfter: tokensAfter / length,
      })),
  )
}

/** Handles of texts that agents got shortened, of one session or of all, the latest first. */
export async function shortenedTexts(
  connection: DuckDBConnection,
  session: string | undefined,
): Promise<readonly string[]> {
  const reader = await connection.runAndReadAll(
    `SELECT handle FROM compressions WHERE outcome = 'taken' ${session === undefined ? '' : 'AND client_session = $session'}
     GROUP BY handle ORDER BY max(ts) DESC, handle LIMIT 1000`,
    session === undefined ? {} : { session },
  )
  return [...new Set(reader.getRowsJS().flatMap(([handles]) => String(handles).split(' ')))]
}
