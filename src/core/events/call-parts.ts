import type { DuckDBConnection } from '@duckdb/node-api'
import type { Part, Stage } from './stage.ts'

/**
 * A call's names in two combinations, each of which occurs over and over: where it came from and what was called. Two small tables join at
 * the speed of one plain table; one of all combinations would be a seventh as long as the calls. Groups are the parts of keys of the
 * tables of sums. Pairs with templates/sql/schema/001-events.sql.
 */
export const CALL_PARTS: readonly Part[] = [
  {
    name: 'origin',
    columns: ['session', 'client_session', 'client', 'project', 'via'],
    groups: { of_project: ['client', 'project'], of_client: ['client'] },
  },
  {
    name: 'target',
    columns: ['server', 'method', 'tool', 'mode', 'outcome', 'code', 'effect'],
    groups: { of_outcome: ['server', 'tool', 'method', 'outcome', 'effect'], of_tool: ['server', 'tool'] },
  },
]

/** Moves staged calls into their three tables; a combination that is there keeps its number, so that numbers stay small and dense. */
export async function insertCalls(connection: DuckDBConnection, stage: Stage): Promise<void> {
  for (const { name, columns } of CALL_PARTS) {
    const same = columns.map((column) => `t.${column} IS NOT DISTINCT FROM p.${column}`).join(' AND ')
    await connection.run(`
      CREATE OR REPLACE TEMP TABLE ids_${name} AS
      WITH known AS (SELECT t.${name}, min(p.${name}) AS id FROM ${stage.texts(name)} t JOIN call_${name}s p ON ${same} GROUP BY ALL)
      SELECT t.${name}, coalesce(id, (SELECT coalesce(max(${name}), 0) FROM call_${name}s)
        + count(*) FILTER (id IS NULL) OVER (ORDER BY t.${name} ROWS UNBOUNDED PRECEDING))::INTEGER AS id, id IS NULL AS new
      FROM ${stage.texts(name)} t LEFT JOIN known USING (${name})`)
    await connection.run(`
      INSERT INTO call_${name}s SELECT id, ${columns.join(', ')} FROM ids_${name} JOIN ${stage.texts(name)} USING (${name}) WHERE new`)
  }
  const columns = stage.select((type) => type !== 'text').replace(' AS ts,', ' AS ts, o.id, t.id,')
  await connection.run(`
    INSERT INTO call_rows
    SELECT ${columns} FROM ${stage.table} s JOIN ids_origin o ON o.origin = s.origin JOIN ids_target t ON t.target = s.target`)
  await connection.run('DROP TABLE ids_origin; DROP TABLE ids_target')
}
