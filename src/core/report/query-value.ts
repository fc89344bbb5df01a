/** Of dates that JavaScript can tell, about ±270,000 years, microseconds. */
const MAX_DATE_US = 8_640_000_000_000_000_000n

/**
 * A value of DuckDB as JSON has it: whole numbers as numbers where they are exact, times in ISO 8601, lists and structs as arrays and
 * objects; what JSON has no word for (dates, intervals, blobs, NaN) as DuckDB writes it.
 */
export function queryValue(value: unknown): unknown {
  if (value === null || value === undefined) return null
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (typeof value !== 'object') return value
  // By name: the classes belong to a module that is loaded only with the database.
  const one = value as Readonly<Record<string, unknown>>
  switch (value.constructor.name) {
    case 'DuckDBListValue':
    case 'DuckDBArrayValue':
      return (one.items as readonly unknown[]).map(queryValue)
    case 'DuckDBStructValue':
      return Object.fromEntries(
        Object.entries(one.entries as Readonly<Record<string, unknown>>).map(([key, inner]) => [
          key,
          queryValue(inner),
        ]),
      )
    case 'DuckDBMapValue':
      return (one.entries as readonly { readonly key: unknown; readonly value: unknown }[]).map((entry) => ({
        key: queryValue(entry.key),
        value: queryValue(entry.value),
      }))
    case 'DuckDBTimestampValue':
      return timestamp(one.micros as bigint) ?? String(value)
    default:
      return String(value)
  }
}

function timestamp(micros: bigint): string | undefined {
  if (micros % 1000n !== 0n || micros > MAX_DATE_US || micros < -MAX_DATE_US) return undefined
  return new Date(Number(micros / 1000n)).toISOString()
}

/** The same for a table or CSV: empty where there is no value. */
export function queryText(value: unknown): string {
  const plain = queryValue(value)
  if (plain === null) return ''
  return typeof plain === 'object' ? JSON.stringify(plain) : String(plain)
}
