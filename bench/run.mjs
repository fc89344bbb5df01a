// `npm run bench`: bundles bench/main.ts and runs it with what is left of the arguments.
import { mkdirSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const outdir = `${root}node_modules/.cache/mycelium-bench`
// Rows about the event store start programs of their own; pairs with bench/event-programs.ts.
const programs = readdirSync(`${root}bench/programs`).map((name) => `bench/programs/${name}`)

mkdirSync(outdir, { recursive: true })
await build({
  absWorkingDir: root,
  entryPoints: ['bench/main.ts', ...programs.filter((path) => path.includes('/event-'))].map((path) => ({
    in: path,
    out: path.replace(/^.*\/(.+)\.ts$/, '$1'),
  })),
  outdir,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  sourcemap: 'inline',
  mainFields: ['module', 'main'],
  external: ['@duckdb/node-api', 'onnxruntime-node'],
  logLevel: 'warning',
})
if (process.argv[2] === '--build') process.exit(0)
const { main } = await import(`${outdir}/main.mjs`)
process.exitCode = await main(process.argv.slice(2), root)
