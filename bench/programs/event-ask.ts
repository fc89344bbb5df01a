// A command that asks the store for a report, from its start. argv: root, SQL.
import { pathsOf } from '../../src/core/config/paths.ts'
import { askStore } from '../../src/core/events/store.ts'

const [root = '', sql = ''] = process.argv.slice(2)
const rows = await askStore(pathsOf(root), async ({ database: { connection } }) =>
  (await connection.runAndReadAll(sql)).getRowsJson(),
)
process.stdout.write(`${JSON.stringify({ rows: rows.length })}\n`)
process.exit(0)
