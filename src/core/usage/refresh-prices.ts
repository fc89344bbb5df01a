import type { DuckDBConnection } from '@duckdb/node-api'
import type { Provision } from '../events/store.ts'
import { fingerprint } from '../hash.ts'
import { type PriceRow, type PriceTable, priceRows } from './prices.ts'

/** Models that have used tokens but have no price, by name. */
export type Unpriced = readonly string[]

/** The prices of all models that occur, to be kept in the database. */
export function pricesFrom(table: PriceTable): Provision {
  return {
    missing: async (connection) => (await wanted(connection, table)).stamp !== (await stampOf(connection)),
    make: async (connection) => writePrices(connection, table.asOf, await wanted(connection, table)),
  }
}

interface Wanted {
  readonly rows: readonly PriceRow[]
  /** Says which models, and their prices. */
  readonly stamp: string
}

async function wanted(connection: DuckDBConnection, table: PriceTable): Promise<Wanted> {
  const reader = await connection.runAndReadAll(
    'SELECT DISTINCT model FROM responses WHERE model IS NOT NULL ORDER BY 1',
  )
  const models = reader.getRowsJS().map(([model]) => String(model))
  const rows = priceRows(table, models)
  return { rows, stamp: fingerprint([JSON.stringify(rows), table.asOf, ...models]) }
}

async function stampOf(connection: DuckDBConnection): Promise<unknown> {
  const reader = await connection.runAndReadAll("SELECT value FROM meta WHERE key = 'prices'")
  return reader.getRowsJS()[0]?.[0]
}

async function writePrices(
  connection: DuckDBConnection,
  asOf: string,
  { rows, stamp }: Wanted,
): Promise<void> {
  await connection.run('BEGIN')
  try {
    await connection.run('DELETE FROM prices')
    const places = Array.from({ length: 13 }, (_, i) => `$${i + 1}`)
    const statement = await connection.prepare(`INSERT INTO prices VALUES (${places.join(', ')})`)
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
        asOf,
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
