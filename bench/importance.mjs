// `node bench/importance.mjs [--commits N] PATH…`: how well the ranking of files guesses what the next commits of these repositories edit.
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const outfile = `${root}node_modules/.cache/mycelium-bench/importance.mjs`
mkdirSync(`${root}node_modules/.cache/mycelium-bench`, { recursive: true })
await build({
  absWorkingDir: root,
  entryPoints: ['bench/importance.ts'],
  outfile,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  external: ['oxc-resolver'],
  logLevel: 'warning',
})
const { main } = await import(outfile)
process.exitCode = await main(process.argv.slice(2))
