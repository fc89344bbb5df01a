import { execFile } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { resolveCommand } from '../../src/core/launch/resolve.ts'
import { which } from '../../src/core/launch/which.ts'
import { type NpmRegistry, startNpmRegistry } from '../fixtures/npm-registry.ts'
import { verifies } from '../requirements.ts'

const run = promisify(execFile)
/** Prints what a server could see of how it was started. */
const PROGRAM = `#!/usr/bin/env node
const { version } = require('./package.json')
console.log(JSON.stringify({ version, args: process.argv.slice(2), self: process.argv[1], cwd: process.cwd() }))
`

let root = ''
let registry: NpmRegistry
let env: NodeJS.ProcessEnv
beforeAll(async () => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'my-')))
  for (const dir of ['home', 'empty', 'bin', 'prefix']) mkdirSync(join(root, dir))
  registry = await startNpmRegistry()
  registry.publish(
    { name: '@acme/one', version: '1.0.0', bin: { 'acme-one': 'main.js' } },
    { 'main.js': PROGRAM },
  )
  registry.publish(
    { name: 'two', version: '1.0.0', bin: { two: 'main.js', other: './other.sh' } },
    { 'main.js': PROGRAM, 'other.sh': '#!/bin/sh\necho other "$@"\n' },
  )
  registry.publish(
    { name: 'unclear', version: '1.0.0', bin: { a: 'main.js', b: 'b.js' } },
    { 'main.js': PROGRAM, 'b.js': PROGRAM },
  )
  // Only what npx needs, so that nothing of this machine's global packages or settings counts.
  const path = [join(root, 'bin'), ...(process.env.PATH ?? '').split(delimiter)].join(delimiter)
  const node = realpathSync(process.execPath)
  symlinkSync(node, join(root, 'bin/node'))
  env = { PATH: path, HOME: join(root, 'home'), npm_config_prefix: join(root, 'prefix') }
  writeFileSync(join(root, 'home/.npmrc'), `registry=${registry.url}\naudit=false\nupdate-notifier=false\n`)
})
afterAll(async () => {
  await registry.close()
  rmSync(root, { recursive: true })
})

const at = (...argv: string[]) => resolveCommand({ argv, cwd: join(root, 'empty'), env })
async function output(file: string, args: readonly string[], cwd = join(root, 'empty')) {
  const { stdout } = await run(file, args, { cwd, env, timeout: 30_000 })
  return stdout
}

it('starts what npx cached, with the same arguments, version, path and directory as npx would', async () => {
  verifies('LAUNCH-6')
  for (const spec of ['@acme/one', '@acme/one@1.0.0', '@acme/one@latest', '@acme/one@^1.0.0']) {
    const argv = ['npx', '-y', spec, '--root', 'a b']
    const before = at(...argv)
    expect(before).toMatchObject({
      how: 'as-is',
      file: which('npx', { cwd: root, env }),
      args: argv.slice(1),
    })
    expect(before.why).toBe('not in the npx cache yet')
    const original = await output(before.file, before.args)
    const after = at(...argv)
    expect(after).toMatchObject({
      how: 'npx',
      file: join(root, 'bin/node'),
      package: '@acme/one',
      version: '1.0.0',
    })
    expect(await output(after.file, after.args)).toBe(original)
  }
}, 60_000)

it('finds a named program of a package, whatever interpreter it wants', async () => {
  const argv = ['npx', '-y', '-p', 'two', 'other', 'x']
  const original = await output(at(...argv).file, argv.slice(1))
  const resolved = at(...argv)
  expect(resolved).toMatchObject({ how: 'npx', args: ['x'], package: 'two', version: '1.0.0' })
  expect(await output(resolved.file, resolved.args)).toBe(original)
  // The same cache entry serves a call by package name alone, which picks the program named like the package.
  const other = at('npx', '-y', 'two', 'y')
  expect(JSON.parse(await output(other.file, other.args))).toMatchObject({ args: ['y'] })
}, 60_000)

it('stays at the cached version when the registry moves on, until npx is run again, and says which it is', async () => {
  registry.publish({ name: 'three', version: '1.0.0', bin: 'main.js' }, { 'main.js': PROGRAM })
  const argv = ['npx', '-y', 'three@latest']
  await output('npx', argv.slice(1))
  registry.publish({ name: 'three', version: '1.1.0', bin: 'main.js' }, { 'main.js': PROGRAM })
  expect(at(...argv).version).toBe('1.0.0')
  expect(JSON.parse(await output('npx', argv.slice(1)))).toMatchObject({
    version: '1.1.0',
  })
  expect(at(...argv).version).toBe('1.1.0')
}, 60_000)

it('finds the cache through npm_config_cache and through the .npmrc of the user', () => {
  const cached = dirname(dirname(at('npx', '-y', '@acme/one').binDir!))
  const moved = join(root, 'moved/_npx')
  mkdirSync(moved, { recursive: true })
  symlinkSync(cached, join(moved, cached.split('/').at(-1)!))
  const argv = ['npx', '-y', '@acme/one']
  const home = join(root, 'other-home')
  mkdirSync(home)
  const bare = { ...env, HOME: home }
  const cwd = join(root, 'empty')
  expect(resolveCommand({ argv, cwd, env: bare }).how).toBe('as-is')
  expect(resolveCommand({ argv, cwd, env: { ...bare, NPM_CONFIG_CACHE: join(root, 'moved') } }).how).toBe(
    'npx',
  )
  writeFileSync(join(home, '.npmrc'), 'cache = "${HOME}/../moved"\n')
  expect(resolveCommand({ argv, cwd, env: bare }).how).toBe('npx')
})

it("takes the project's own copy first, as npx does", async () => {
  const project = join(root, 'project')
  const pkg = join(project, 'node_modules/@acme/one')
  mkdirSync(join(project, 'node_modules/.bin'), { recursive: true })
  mkdirSync(join(project, 'sub'))
  mkdirSync(pkg, { recursive: true })
  writeFileSync(join(project, 'package.json'), '{"name":"project","dependencies":{"@acme/one":"*"}}')
  writeFileSync(
    join(pkg, 'package.json'),
    '{"name":"@acme/one","version":"0.9.0","bin":{"acme-one":"main.js"}}',
  )
  writeFileSync(join(pkg, 'main.js'), PROGRAM, { mode: 0o755 })
  symlinkSync('../@acme/one/main.js', join(project, 'node_modules/.bin/acme-one'))
  const cwd = join(project, 'sub')
  for (const word of ['@acme/one', 'acme-one']) {
    const resolved = resolveCommand({ argv: ['npx', '-y', word], cwd, env })
    expect(resolved).toMatchObject({ how: 'npx', package: '@acme/one', version: '0.9.0' })
    expect(await output(resolved.file, resolved.args, cwd)).toBe(await output('npx', ['-y', word], cwd))
  }
  const how = (spec: string) => resolveCommand({ argv: ['npx', '-y', spec], cwd, env })
  expect(how('@acme/one@1.0.0')).toMatchObject({ how: 'npx', version: '1.0.0' })
  expect(how('@acme/one@latest').how).toBe('as-is')
  writeFileSync(join(project, '.npmrc'), 'registry=https://registry.example/\n')
  expect(how('@acme/one').how).toBe('as-is')
}, 60_000)

it.each([
  ['a shell line', ['-y', '-c', 'acme-one']],
  ['two packages', ['-y', '-p', '@acme/one', '-p', 'two', 'acme-one']],
  ['an unknown option', ['-y', '--unheard-of', '@acme/one']],
  ['another registry', ['-y', '--registry=https://r.example/', '@acme/one']],
  ['a wish for the newest', ['-y', '--prefer-online', '@acme/one']],
  ['a git address', ['-y', 'github:acme/one']],
  ['a path', ['-y', './one']],
  ['a version that is not there', ['-y', '@acme/one@9.9.9']],
  ['a program that is not there', ['-y', '-p', '@acme/one', 'missing']],
])('leaves %s to npx, arguments untouched', (_, args) => {
  expect(at('npx', ...args)).toMatchObject({ how: 'as-is', args, file: which('npx', { cwd: root, env }) })
})

it('leaves to npx a package that does not say which program it means', async () => {
  await run('npx', ['-y', '-p', 'unclear', 'a'], { cwd: join(root, 'empty'), env })
  expect(at('npx', '-y', 'unclear').how).toBe('as-is')
  expect(at('npx', '-y', '-p', 'unclear', 'b').how).toBe('npx')
}, 60_000)

it('leaves to npx what is being installed, and what is installed globally', () => {
  const dir = dirname(dirname(at('npx', '-y', '@acme/one').binDir!))
  mkdirSync(join(dir, 'concurrency.lock'))
  expect(at('npx', '-y', '@acme/one').why).toBe('npx is installing it right now')
  rmSync(join(dir, 'concurrency.lock'), { recursive: true })
  expect(at('npx', '-y', '@acme/one').how).toBe('npx')
  mkdirSync(join(root, 'prefix/lib/node_modules/@acme/one'), { recursive: true })
  expect(at('npx', '-y', '@acme/one').why).toBe('a global @acme/one may come first')
  rmSync(join(root, 'prefix/lib'), { recursive: true })
})

it('leaves to npx a workspace member and a package that provides the program itself', () => {
  const member = join(root, 'mono/packages/a')
  mkdirSync(member, { recursive: true })
  writeFileSync(join(root, 'mono/package.json'), '{"name":"mono","workspaces":["packages/*"]}')
  writeFileSync(join(member, 'package.json'), '{"name":"a","bin":{"two":"x.js"}}')
  const how = (word: string) => resolveCommand({ argv: ['npx', '-y', word], cwd: member, env })
  expect(how('@acme/one').why).toContain('workspace')
  expect(how('two').why).toContain('itself provides')
})

it('reads a half-written cache as not there', () => {
  const dir = dirname(dirname(at('npx', '-y', '@acme/one').binDir!))
  const file = join(dir, 'package.json')
  const text = readFileSync(file, 'utf8')
  for (const broken of ['', '{', '[]', '{"_npx":{"packages":["@acme/one","two"]}}']) {
    writeFileSync(file, broken)
    expect(at('npx', '-y', '@acme/one').why).toBe('not in the npx cache yet')
  }
  writeFileSync(file, text)
  expect(at('npx', '-y', '@acme/one').how).toBe('npx')
})
