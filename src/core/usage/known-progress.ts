import type { DuckDBConnection } from '@duckdb/node-api'
import type { EventOf } from '../events/event.ts'

/** How far each transcript was read, by its path. */
export async function knownProgress(
  connection: DuckDBConnection,
): Promise<ReadonlyMap<string, EventOf<'progress'>>> {
  const reader = await connection.runAndReadAll(
    'SELECT epoch_us(ts)::DOUBLE, client, path, identity, read_to::DOUBLE, records::DOUBLE, skipped::DOUBLE, broken::DOUBLE, state ' +
      'FROM transcript_files',
  )
  return new Map(
    reader.getRowsJS().map((row) => {
      const [at, client, path, identity, offset, records, skipped, broken, state] = row as [
        ...[number, string, string, string | null, number, number, number, number, string | null],
      ]
      const progress = {
        at,
        client,
        path,
        identity: identity ?? '',
        offset,
        records,
        skipped,
        broken,
        state: state ?? '',
      }
      return [path, progress]
    }),
  )
}
