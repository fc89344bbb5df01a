import type { DuckDBConnection } from '@duckdb/node-api'

/** Rows that went, by table. */
export type Pruned = Readonly<Record<string, number>>

/** Tables of single events: they go by age. */
const AGED = [
  'call_rows',
  'sessions',
  'processes',
  'samples',
  'decisions',
  'hook_events',
  'allowances',
  'guesses',
  'compressions',
  'expansions',
] as const
/** What nothing could bring back once clients have removed their transcripts: it goes only when somebody says so. */
const KEPT = ['responses', 'tool_uses'] as const
/** A sample a minute for each server adds up, and only recent ones say how much memory a server needs. */
const SAMPLES_RETAIN_MS = 14 * 24 * 3_600_000
const PRUNE_EVERY_MS = 24 * 3_600_000

/** Removes single events older than `retainMs`, and with `all` also answers of models and tool uses. One transaction. */
export async function prune(
  connection: DuckDBConnection,
  wallMs: number,
  retainMs: number,
  { all = false }: { readonly all?: boolean } = {},
): Promise<Pruned> {
  const pruned: Record<string, number> = {}
  await connection.run('BEGIN')
  try {
    for (const table of [...AGED, ...(all ? KEPT : [])]) {
      const ageMs = table === 'samples' ? Math.min(retainMs, SAMPLES_RETAIN_MS) : retainMs
      const result = await connection.run(
        `DELETE FROM ${table} WHERE ts < make_timestamp(${Math.round((wallMs - ageMs) * 1000)})`,
      )
      pruned[table] = result.rowsChanged
    }
    if (pruned.call_rows! > 0)
      for (const part of ['origin', 'target'])
        await connection.run(
          `DELETE FROM call_${part}s WHERE ${part} NOT IN (SELECT DISTINCT ${part} FROM call_rows)`,
        )
    await connection.run(`INSERT OR REPLACE INTO meta VALUES ('pruned_at', '${wallMs}')`)
    await connection.run('COMMIT')
  } catch (error) {
    await connection.run('ROLLBACK').catch(() => {})
    throw error
  }
  return pruned
}

/** As prune(), when it was not done for a day. */
export async function pruneIfDue(
  connection: DuckDBConnection,
  wallMs: number,
  retainMs: number,
): Promise<void> {
  const reader = await connection.runAndReadAll("SELECT value FROM meta WHERE key = 'pruned_at'")
  const last = Number(reader.getRowsJS()[0]?.[0] ?? 0)
  if (Math.abs(wallMs - last) >= PRUNE_EVERY_MS) await prune(connection, wallMs, retainMs)
}
