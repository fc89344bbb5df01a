// Makes one plain table of the calls in a database of ours. argv: file of ours, file to make.
import { DuckDBInstance } from '@duckdb/node-api'

const [ours = '', plain = ''] = process.argv.slice(2)
const instance = await DuckDBInstance.create(plain, { memory_limit: '1GB' })
const connection = await instance.connect()
await connection.run(`ATTACH '${ours}' AS ours (READ_ONLY)`)
await connection.run('CREATE TABLE calls AS SELECT * FROM ours.calls')
connection.closeSync()
instance.closeSync()
process.exit(0)
