import type { DuckDBConnection } from '@duckdb/node-api'
import { insertCalls } from './call-parts.ts'
import type { Kind } from './event.ts'
import type { Stage } from './stage.ts'
import { addUpCalls } from './sums.ts'
import { TABLES } from './tables.ts'

/** Kinds of which the last event with the same key replaces the earlier ones, and what of the first one stays. */
const REPLACED: Partial<
  Readonly<
    Record<Kind, { readonly key: readonly string[]; readonly keep: readonly string[]; readonly last: string }>
  >
> = {
  // A copy of an answer in a forked session is the answer of the session that it was made in.
  response: {
    key: ['client', 'message'],
    keep: ['ts', 'client_session', 'project', 'agent', 'agent_type'],
    // A fork may have copied half of it.
    last: '(output_tokens, seq)',
  },
  // The use comes before its result, and a fork may have copied the use alone.
  toolUse: {
    key: ['client', 'tool_use'],
    keep: ['ts', 'client_session', 'project', 'agent', 'agent_type'],
    last: '(bytes_out IS NOT NULL, seq)',
  },
  schema: { key: ['client', 'server', 'tool'], keep: [], last: 'seq' },
  clientCost: { key: ['client', 'client_session', 'model'], keep: [], last: 'seq' },
  progress: { key: ['path'], keep: [], last: 'seq' },
}

/** Moves staged rows into their tables, with what is kept about them beside. Inside the caller's transaction. */
export async function moveIn(connection: DuckDBConnection, stages: readonly Stage[]): Promise<void> {
  for (const stage of stages) {
    await stage.close(connection)
    if (stage.kind === 'call') {
      await insertCalls(connection, stage)
      await addUpCalls(connection, stage)
    } else if (REPLACED[stage.kind] === undefined) await insert(connection, stage)
    else await replace(connection, stage)
    await stage.drop(connection)
  }
}

function rowsOf(stage: Stage): string {
  return `${stage.table} s JOIN ${stage.texts()} t USING (tuple)`
}

async function insert(connection: DuckDBConnection, stage: Stage): Promise<void> {
  await connection.run(`INSERT INTO ${TABLES[stage.kind]} SELECT ${stage.select()} FROM ${rowsOf(stage)}`)
}

async function replace(connection: DuckDBConnection, stage: Stage): Promise<void> {
  const { key, keep, last } = REPLACED[stage.kind]!
  const table = TABLES[stage.kind]
  const same = key.map((column) => `old.${column} IS NOT DISTINCT FROM new.${column}`).join(' AND ')
  const by = key.join(', ')
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE fresh AS SELECT ${stage.select()}, s.seq AS seq FROM ${rowsOf(stage)}`,
  )
  // Rows that are there already come first of all.
  await connection.run(
    `INSERT INTO fresh SELECT old.*, -1 FROM ${table} old WHERE EXISTS (SELECT 1 FROM fresh new WHERE ${same})`,
  )
  await connection.run(
    `DELETE FROM ${table} old USING (SELECT DISTINCT ${by} FROM fresh WHERE seq = -1) new WHERE ${same}`,
  )
  const kept = keep.map((column) =>
    column === 'ts'
      ? 'min(ts) OVER same AS ts'
      : `first_value(${column}) OVER (same ORDER BY ts, seq) AS ${column}`,
  )
  await connection.run(
    `INSERT INTO ${table} SELECT * EXCLUDE (seq) ${kept.length > 0 ? `REPLACE (${kept.join(', ')})` : ''} FROM fresh ` +
      `WINDOW same AS (PARTITION BY ${by}) QUALIFY row_number() OVER (same ORDER BY ${last} DESC) = 1`,
  )
  await connection.run('DROP TABLE fresh')
}
