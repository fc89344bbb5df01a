import type { DuckDBConnection } from '@duckdb/node-api'
import { fingerprint } from '../hash.ts'
import { type PriceTable, priceRows } from './prices.ts'

/** Models that have used tokens but have no price, by name. */
export type Unpriced = readonly string[]

/** Writes the price of every model that occurs, unless they are there already. Needs a connection that may write. */
export async function refreshPrices(connection: DuckDBConnection, table: PriceTable): Promise<void> {
  const reader = await connection.runAndReadAll(
    'SELECT DISTINCT model FROM responses WHERE model IS NOT NULL ORDER BY 1',
  )
  const models = reader.getRowsJS().map(([model]) => String(model))
  const rows = priceRows(table, models)
  const stamp = fingerprint([JSON.stringify(rows), table.asOf, ...models])
  const known = await connection.runAndReadAll("SELECT value FROM meta WHERE key = 'prices'")
  if (known.getRowsJS()[0]?.[0] === stamp) return
  await connection.run('BEGIN')
  try {
    await connection.run('DELETE FROM prices')
    const statement = await connection.prepare(
      `INSERT INTO prices VALUES (${Array.from({ length: 13 }, (_, i) => `$${i + 1}`).join(', ')})`,
    )
    for (const row of rows) {
      statement.bind([
        row.model,
        row.input,
        row.output,
        row.cacheWrite5m,
        row.cacheWrite1h,
        row.cacheRead,
        row.longFrom,
        row.longInput,
        row.longOutput,
        row.longCacheWrite5m,
        row.longCacheWrite1h,
        row.longCacheRead,
        table.asOf,
      ])
      await statement.run()
    }
    await connection.run(`INSERT OR REPLACE INTO meta VALUES ('prices', '${stamp}')`)
    await connection.run('COMMIT')
  } catch (error) {
    await connection.run('ROLLBACK').catch(() => {})
    throw error
  }
}

/** Models whose tokens have no cost in the reports. */
export async function unpricedModels(connection: DuckDBConnection): Promise<Unpriced> {
  const reader = await connection.runAndReadAll(
    'SELECT DISTINCT model FROM responses WHERE model IS NOT NULL AND model NOT IN (SELECT model FROM prices) ORDER BY 1',
  )
  return reader.getRowsJS().map(([model]) => String(model))
}
