import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ended } from '../fixtures/built-cli.ts'
import { verifies } from '../requirements.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
let checkout: string

/** A fresh clone: what set-up reads of the repository, without node_modules and dist. */
beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), 'my-'))
  for (const part of ['package.json', 'package-lock.json', 'scripts', 'src', 'templates', 'bin']) {
    if (existsSync(join(root, part))) cpSync(join(root, part), join(checkout, part), { recursive: true })
  }
})
afterEach(() => rmSync(checkout, { recursive: true, force: true }))

const withPackages = () => symlinkSync(join(root, 'node_modules'), join(checkout, 'node_modules'))
const setUp = (path = process.env.PATH) =>
  ended(process.execPath, ['scripts/setup.mjs'], { HOME: checkout, PATH: path, CI: 'true' }, checkout)

/** An npm that writes down how it was called and installs by linking: the real one needs a network. */
function linkingNpm(): string {
  const directory = join(checkout, 'tools')
  mkdirSync(directory)
  writeFileSync(
    join(directory, 'npm'),
    `#!/bin/sh\necho "$@" >> '${checkout}/npm-calls'\nln -s '${root}/node_modules' '${checkout}/node_modules'\n`,
  )
  chmodSync(join(directory, 'npm'), 0o755)
  return `${directory}:${process.env.PATH}`
}

it('installs and builds what a fresh clone lacks, then finds nothing to do', async () => {
  verifies('CLI-5')
  const path = linkingNpm()
  const first = await setUp(path)
  expect(first.stderr).toBe('')
  expect(first.code).toBe(0)
  expect(first.stdout).toMatch(/^setup: installing packages \(npm ci\).* done in \d+ s\n/)
  expect(readFileSync(join(checkout, 'npm-calls'), 'utf8')).toMatch(/^ci --include=dev /)
  const version = await ended(process.execPath, ['bin/mycelium.js', 'version'], { HOME: checkout }, checkout)
  expect(version.stdout).toMatch(/^mycelium \d/)

  const built = statSync(join(checkout, 'dist/cli.js')).mtimeMs
  expect(await setUp(path)).toEqual({ code: 0, signal: null, stdout: '', stderr: '' })
  expect(statSync(join(checkout, 'dist/cli.js')).mtimeMs).toBe(built)
})

it('builds again when a source has changed, whatever its date', async () => {
  withPackages()
  await setUp()
  const source = join(checkout, 'src/commands/version.ts')
  writeFileSync(source, readFileSync(source, 'utf8').replace('mycelium ${', 'mycelium changed ${'))
  expect((await setUp()).stdout).toMatch(/^build: /)
  const version = await ended(process.execPath, ['bin/mycelium.js', 'version'], { HOME: checkout }, checkout)
  expect(version.stdout).toMatch(/^mycelium changed \d/)
})

it('started twice at once works once', async () => {
  withPackages()
  const both = await Promise.all([setUp(), setUp(), setUp()])
  expect(both.map((run) => [run.code, run.stderr])).toEqual([
    [0, ''],
    [0, ''],
    [0, ''],
  ])
  expect(both.filter((run) => run.stdout.includes('build: '))).toHaveLength(1)
  expect(existsSync(join(checkout, '.setup.lock'))).toBe(false)
})

it('goes past a lock whose owner has died', async () => {
  withPackages()
  const { stdout: pid } = await ended('sh', ['-c', 'echo $$'], { PATH: process.env.PATH }, checkout)
  writeFileSync(join(checkout, '.setup.lock'), pid.trim())
  expect((await setUp()).code).toBe(0)
  expect(existsSync(join(checkout, '.setup.lock'))).toBe(false)
})

it('an npm that fails is quoted, with the command to try', async () => {
  const directory = join(checkout, 'tools')
  mkdirSync(directory)
  writeFileSync(join(directory, 'npm'), '#!/bin/sh\necho "npm error network is unreachable" >&2\nexit 7\n')
  chmodSync(join(directory, 'npm'), 0o755)
  const { code, stdout, stderr } = await setUp(`${directory}:${process.env.PATH}`)
  expect(code).toBe(1)
  expect(stdout).toContain('npm error network is unreachable')
  expect(stderr).toContain('next: npm ci && npm run build')
})

it('a checkout without dist says how to get one', async () => {
  const { code, stderr } = await ended(
    process.execPath,
    ['bin/mycelium.js', 'version'],
    { HOME: checkout },
    checkout,
  )
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: 'mycelium: dist/cli.js is missing\n  next: npm run build\n',
  })
})
