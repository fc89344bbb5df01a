// Times questions to a database, taking turns. argv: file of ours, file with one plain table, JSON of { name: [ours | plain, SQL] }, rounds.
import { DuckDBInstance } from '@duckdb/node-api'

const [ours = '', plain = '', questions = '{}', rounds = '1'] = process.argv.slice(2)
const settings = { access_mode: 'READ_ONLY', memory_limit: '512MB' }
const connections = {
  ours: await (await DuckDBInstance.create(ours, settings)).connect(),
  plain: await (await DuckDBInstance.create(plain, settings)).connect(),
}
const asked = Object.entries(JSON.parse(questions) as Record<string, ['ours' | 'plain', string]>)
const ms: Record<string, number[]> = Object.fromEntries(asked.map(([name]) => [name, []]))
for (let round = -1; round < Number(rounds); round++) {
  for (let i = 0; i < asked.length; i++) {
    const [name, [file, sql]] = asked[(i + Math.max(0, round)) % asked.length]!
    const start = performance.now()
    await connections[file].runAndReadAll(sql)
    // The first round brings the files into memory.
    if (round >= 0) ms[name]!.push(performance.now() - start)
  }
}
process.stdout.write(`${JSON.stringify(ms)}\n`)
process.exit(0)
