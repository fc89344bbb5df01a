import type { Finding, Look } from './finding.ts'

/** Whether what was recorded can be asked. */
export function checkDatabase({ paths, storeError }: Look): readonly Finding[] {
  if (storeError === undefined) return []
  return [
    {
      id: storeError.code.replaceAll('_', '-'),
      // A program that has it open lets go of it; without DuckDB everything but reports works.
      severity: ['database_locked', 'duckdb_missing'].includes(storeError.code) ? 'warning' : 'error',
      subject: paths.database,
      message: storeError.message,
      fix: storeError.hint,
    },
  ]
}
