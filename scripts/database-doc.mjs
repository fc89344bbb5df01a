// Writes docs/usage-database.md from a database made of templates/sql/. --check only compares.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DuckDBInstance } from '@duckdb/node-api'

const root = fileURLToPath(new URL('..', import.meta.url))
const file = join(root, 'docs', 'usage-database.md')

const INTRO = `# The usage database

\`~/.mycelium/usage.duckdb\` is a DuckDB database: any DuckDB opens it, and every table, view and column says in a comment what it is.

\`\`\`sh
duckdb -readonly ~/.mycelium/usage.duckdb "SELECT table_name, comment FROM duckdb_tables()"
duckdb -readonly ~/.mycelium/usage.duckdb "SELECT server, count(*), quantile_cont(upstream_us, 0.95) FROM calls GROUP BY 1"
\`\`\`

- Events reach it when a command asks, not when they happen: until then they are in \`~/.mycelium/events\`.
- Copy \`usage.duckdb.wal\` with it, where there is one: what the last command took in may still be there. \`mycelium usage compact\` moves it in. One
  whose database was moved away is removed when the next is made.
- Open it with \`-readonly\`. A program that holds it for writing keeps everything else out; one that reads it keeps new events out until it ends.
- An empty name is NULL. Times are UTC; days in the sums are of the machine's time zone when the events were taken in.
- The tables of sums (\`calls_daily\`, \`latency_daily\`, \`calls_by_session\`) answer without reading each call. A key may have several rows: always sum.
- A later version adds columns and tables, and says so in the changelog; \`meta\` has the schema's version.

This file is made by \`node scripts/database-doc.mjs\`.
`

/** @returns {Promise<string>} */
async function text() {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  await connection.run('CREATE TABLE meta (key VARCHAR PRIMARY KEY, value VARCHAR NOT NULL)')
  for (const kind of ['schema', 'views']) {
    const dir = join(root, 'templates', 'sql', kind)
    const names = readdirSync(dir).filter((name) => name.endsWith('.sql'))
    for (const name of names.sort()) await connection.run(readFileSync(join(dir, name), 'utf8'))
  }
  const rows = async (sql) => (await connection.runAndReadAll(sql)).getRowsJS()
  const parts = [INTRO]
  for (const [name, comment, what] of await rows(`
      SELECT view_name AS name, comment, 'view' FROM duckdb_views() WHERE NOT internal
      UNION ALL SELECT table_name, comment, 'table' FROM duckdb_tables() ORDER BY 3 DESC, 1`)) {
    const columns = await rows(`SELECT column_name, data_type, is_nullable, comment FROM duckdb_columns()
      WHERE table_name = '${name}' AND NOT internal ORDER BY column_index`)
    parts.push(
      `## ${name}${what === 'view' ? ' (view)' : ''}\n\n${comment ?? ''}\n\n| column | type | |\n|---|---|---|\n${columns
        .map(([column, type, nullable, told]) => {
          const shown = what === 'table' && !nullable ? `${type}, never NULL` : type
          return `| ${column} | ${shown} | ${(told ?? '').replaceAll('|', '\\|')} |\n`
        })
        .join('')}`,
    )
  }
  return parts.join('\n')
}

const wanted = await text()
if (process.argv.includes('--check')) {
  if (readFileSync(file, 'utf8') !== wanted) {
    process.stderr.write(
      'docs/usage-database.md is not what templates/sql/ says\n  next: node scripts/database-doc.mjs\n',
    )
    process.exitCode = 1
  }
} else writeFileSync(file, wanted)
