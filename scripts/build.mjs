// Bundles src/ into dist/: cli.js with one chunk per command, daemon.js and the quick commands in one file each. Run it alone, or let scripts/setup.mjs call build().
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { withLock } from './lock.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')
/** What dist/ was built from; not part of the package. */
const stamp = join(dist, '.inputs')

/** How everything for Node 20 is bundled here; scripts/man.mjs uses it too. */
export const nodeBundle = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  // jsonc-parser's `main` is UMD, whose requires no bundler can follow.
  mainFields: ['module', 'main'],
  legalComments: 'none',
  // commander and others are CommonJS inside; their require calls need one to call.
  banner: {
    js: "import { createRequire as createRequireOfBundle } from 'node:module'\nconst require = createRequireOfBundle(import.meta.url)",
  },
  // Native, and the only packages that are installed beside the bundle.
  external: ['@duckdb/node-api', 'oxc-parser', 'oxc-resolver'],
  logLevel: 'warning',
}

/** ink connects to React's developer tools when DEV is set; they are not in the package. */
const withoutDevtools = {
  name: 'without-devtools',
  setup: ({ onLoad }) => onLoad({ filter: /ink[\\/]build[\\/]devtools\.js$/ }, () => ({ contents: '' })),
}

/** Half of the table of tokens only turns them back into text, which nothing here does. Pairs with src/core/tokens/claude-table.ts. */
export const withoutDecoder = {
  name: 'without-decoder',
  setup: ({ onLoad }) =>
    onLoad({ filter: /ai-tokenizer[\\/]dist[\\/]encoding[\\/]claude-[\w-]+\.js$/ }, ({ path }) => {
      const contents = readFileSync(path, 'utf8').replace(
        /^const decoder = \{[\s\S]*?^\};$/m,
        'const decoder = {};',
      )
      return { contents }
    }),
}

/** The SDK checks what people answer to a form with it, and nothing here asks for forms; it is half of the SDK's size. */
const withoutAjv = {
  name: 'without-ajv',
  setup: ({ onLoad }) =>
    onLoad({ filter: /ajvProvider-[\w-]+\.mjs$/ }, ({ path }) => {
      const names = [...readFileSync(path, 'utf8').matchAll(/ as (\w)\b/g)].map(([, name]) => name)
      return {
        contents: `class None {}\nexport { ${[...new Set(names)].map((name) => `None as ${name}`).join(', ')} }`,
      }
    }),
}

/** The table of tokens is a third of whatever it is in: one file beside all of them. */
const withTableApart = {
  name: 'with-table-apart',
  setup: ({ onResolve }) =>
    onResolve({ filter: /\/claude-table\.ts$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: './claude-table.js', external: true } : undefined,
    ),
}

/** CommonJS starts 6 ms faster than a module. */
const quickBundle = { format: 'cjs', outExtension: { '.js': '.cjs' }, banner: {} }

const entries = [
  { in: 'src/cli.ts', splitting: true },
  // One file: launchers start it by path, and it must not depend on chunks that an upgrade may sweep away under it.
  // With short names within: it keeps its own text in memory for as long as it runs, 2 MB more with long ones.
  { in: 'src/core/daemon/main.ts', out: 'daemon', splitting: false, more: { minifyIdentifiers: true } },
  // What agents wait for: one small file each, without what only libraries in CommonJS need.
  // The first is also the process that the daemon keeps for both.
  { in: 'src/hook.ts', splitting: false, more: quickBundle },
  { in: 'src/statusline.ts', splitting: false, more: quickBundle },
  // Loaded by the hook, by path, for an outline of what it has not seen before.
  { in: 'src/core/budget/parsers.ts', out: 'parsers', splitting: false },
  // Loaded by `mycelium mcp` alone; it is a library, so nobody looks for its names in a stack trace.
  { in: 'src/core/mcp/sdk.ts', out: 'mcp-sdk', splitting: false, more: { minifyIdentifiers: true } },
  { in: 'src/core/events/main.ts', out: 'ingest', splitting: false },
  // Loaded by whatever counts tokens, by path.
  { in: 'src/core/tokens/claude-table.ts', out: 'claude-table', splitting: false },
  { in: 'src/core/policy/markov/main.ts', out: 'foresee', splitting: false },
  { in: 'src/core/score/main.ts', out: 'analysis', splitting: false },
  { in: 'src/core/shorten/main.ts', out: 'shorten', splitting: false },
  { in: 'src/core/verdict/main.ts', out: 'verdict', splitting: false },
  // The agents of the demo: processes of their own, so that they can be killed as agents are.
  { in: 'src/core/bench/agent.ts', out: 'agent', splitting: false },
  // Runs in worker threads, which are started by path.
  { in: 'src/core/usage/transcripts/worker.ts', out: 'transcripts', splitting: false },
]

/** Files of packages that go along as they are. */
const copied = [
  // It finds its WebAssembly beside itself, and is loaded only where there is a database to read.
  { from: 'node_modules/node-sqlite3-wasm/dist/node-sqlite3-wasm.js', to: 'sqlite3.cjs' },
  { from: 'node_modules/node-sqlite3-wasm/dist/node-sqlite3-wasm.wasm', to: 'node-sqlite3-wasm.wasm' },
  // Pairs with src/core/score/grammar/wasm.ts, which looks for them there by name.
  ...[
    'web-tree-sitter/web-tree-sitter.wasm',
    ...['python', 'go', 'rust', 'java', 'c', 'cpp', 'c_sharp', 'ruby', 'php', 'swift'].map(
      (language) => `@repomix/tree-sitter-wasms/out/tree-sitter-${language}.wasm`,
    ),
    '@vscode/tree-sitter-wasm/wasm/tree-sitter-bash.wasm',
    '@tree-sitter-grammars/tree-sitter-kotlin/tree-sitter-kotlin.wasm',
  ].map((path) => ({ from: `node_modules/${path}`, to: `grammars/${path.split('/').at(-1)}` })),
]

/** Whether dist/ was built from the sources as they are now. */
export function isBuilt() {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === inputsHash()
}

/** Builds dist/. Files are moved into place whole, entries last, so that a command started meanwhile finds the old or the new. */
export async function build() {
  const esbuild = await import('esbuild')
  const inputs = inputsHash()
  const version = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version
  const outputs = new Map()
  const bundled = new Set()
  for (const entry of entries) {
    if (!existsSync(join(root, entry.in))) {
      console.log(`build: ${entry.in} is not there, left out`)
      continue
    }
    const result = await esbuild.build({
      ...nodeBundle,
      absWorkingDir: root,
      entryPoints: [entry.out ? { in: entry.in, out: entry.out } : entry.in],
      outdir: 'dist',
      write: false,
      metafile: true,
      splitting: entry.splitting,
      plugins: [withoutDevtools, withoutDecoder, withoutAjv, withTableApart],
      ...entry.more,
      chunkNames: 'chunk-[name]-[hash]',
      // Names stay, for stack traces in bug reports; lines only of the daemon, whose log has them and nobody sees it fail.
      minifySyntax: true,
      minifyWhitespace: entry.out !== 'daemon',
      define: { MYCELIUM_VERSION: JSON.stringify(version), 'process.env.NODE_ENV': '"production"' },
    })
    for (const file of result.outputFiles) outputs.set(relative(dist, file.path), file.contents)
    for (const input of Object.keys(result.metafile.inputs)) bundled.add(packageOf(input))
  }
  for (const { from, to } of copied) {
    outputs.set(to, readFileSync(join(root, from)))
    bundled.add(packageOf(from))
  }
  bundled.delete(undefined)
  outputs.set('licenses.txt', licencesOf([...bundled].sort()))
  install(outputs)
  writeFileSync(stamp, inputs)
  const bytes = [...outputs.values()].reduce((sum, contents) => sum + contents.length, 0)
  console.log(`build: ${outputs.size} files in dist, ${Math.round(bytes / 1024)} kB`)
}

function install(outputs) {
  for (const name of outputs.keys()) mkdirSync(dirname(join(dist, name)), { recursive: true })
  const chunksFirst = [...outputs.keys()].sort(
    (a, b) => Number(b.startsWith('chunk-')) - Number(a.startsWith('chunk-')),
  )
  for (const name of chunksFirst) {
    const temporary = join(dist, `.${name.replaceAll('/', '-')}.${process.pid}`)
    writeFileSync(temporary, outputs.get(name))
    renameSync(temporary, join(dist, name))
  }
  const directories = new Set([...outputs.keys()].map(dirname))
  for (const name of readdirSync(dist, { recursive: true })) {
    if (!outputs.has(name) && !directories.has(name))
      rmSync(join(dist, name), { recursive: true, force: true })
  }
}

function inputsHash() {
  const hash = createHash('sha256')
  const add = (path) => hash.update(path).update(readFileSync(join(root, path)))
  for (const path of ['package.json', 'package-lock.json', 'scripts/build.mjs']) add(path)
  for (const directory of ['src', 'templates']) {
    const names = existsSync(join(root, directory))
      ? readdirSync(join(root, directory), { recursive: true })
      : []
    for (const name of names.filter((n) => /\.(ts|json)$/.test(n)).sort()) add(join(directory, name))
  }
  return hash.digest('hex')
}

function packageOf(input) {
  return /^.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[0]
}

/** The bundled libraries ask that their notices travel with them. */
function licencesOf(packages) {
  const parts = packages.map((directory) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, directory, 'package.json'), 'utf8'))
    const file = readdirSync(join(root, directory)).find((entry) => /^licen[cs]e/i.test(entry))
    const text = file ? readFileSync(join(root, directory, file), 'utf8').trim() : license
    return `${name} ${version}\n\n${text}\n`
  })
  return Buffer.from(parts.join(`\n${'-'.repeat(78)}\n\n`))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const ifStale = process.argv.includes('--if-stale')
  if (!ifStale || !isBuilt()) await withLock(root, async () => (ifStale && isBuilt() ? undefined : build()))
}
