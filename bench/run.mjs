// `npm run bench`: bundles bench/main.ts and runs it with what is left of the arguments.
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const outfile = `${root}node_modules/.cache/mycelium-bench/main.mjs`

mkdirSync(`${root}node_modules/.cache/mycelium-bench`, { recursive: true })
await build({
  absWorkingDir: root,
  entryPoints: ['bench/main.ts'],
  outfile,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  sourcemap: 'inline',
  logLevel: 'warning',
})
const { main } = await import(outfile)
process.exitCode = await main(process.argv.slice(2), root)
