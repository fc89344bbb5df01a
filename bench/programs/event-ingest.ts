// Takes prepared calls into a database and says what that took. argv: segments, root; or ndjson, directory.
import { join } from 'node:path'
import { stayAlive } from '../../src/core/clock.ts'
import { pathsOf } from '../../src/core/config/paths.ts'
import { takeInEvents } from '../../src/core/events/store.ts'

const [form = '', dir = ''] = process.argv.slice(2)
stayAlive()
const { DuckDBInstance } = await import('@duckdb/node-api')
const cpuBefore = process.cpuUsage()
const start = performance.now()
if (form === 'segments') await takeInEvents(pathsOf(dir))
else {
  const instance = await DuckDBInstance.create(join(dir, 'plain.duckdb'), { memory_limit: '512MB' })
  const connection = await instance.connect()
  await connection.run(
    `CREATE TABLE calls AS SELECT * FROM read_json('${join(dir, 'calls.ndjson')}', format = 'newline_delimited')`,
  )
  connection.closeSync()
  instance.closeSync()
}
const ms = performance.now() - start
const { user, system } = process.cpuUsage(cpuBefore)
process.stdout.write(
  `${JSON.stringify({ ms, cpuUs: user + system, rssKb: process.resourceUsage().maxRSS })}\n`,
)
process.exit(0)
