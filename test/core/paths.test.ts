import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type Paths, pathsOf, preparePaths } from '../../src/core/config/paths.ts'
import { connect } from '../../src/core/daemon/connect.ts'
import { verifies } from '../requirements.ts'

function home(): string {
  const dir = mkdtempSync(join(tmpdir(), 'my-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

const modeOf = (path: string) => statSync(path).mode & 0o777
const codeOf = (paths: Paths) => {
  try {
    preparePaths(paths)
  } catch (error) {
    return (error as { code: string }).code
  }
  return 'prepared'
}

test('root and run directory are made for the user alone', () => {
  verifies('LAUNCH-3')
  const paths = pathsOf(join(home(), 'm'))
  preparePaths(paths)
  expect([paths.root, paths.log, paths.run].map(modeOf)).toEqual([0o700, 0o700, 0o700])
})

test('others lose the right to write where launchers lie, and keep the right to read what was theirs to read', () => {
  verifies('LAUNCH-3')
  const paths = pathsOf(join(home(), 'm'))
  for (const dir of [paths.root, paths.launchers, paths.run]) {
    mkdirSync(dir)
    chmodSync(dir, 0o777)
  }
  preparePaths(paths)
  expect([paths.root, paths.launchers, paths.run].map(modeOf)).toEqual([0o755, 0o755, 0o700])
})

test.runIf(process.getuid?.() === 0)("a directory of somebody else's is refused, wherever it lies", () => {
  verifies('LAUNCH-3')
  for (const name of ['root', 'launchers', 'backups', 'run'] as const) {
    const paths = pathsOf(join(home(), 'm'))
    mkdirSync(paths[name], { recursive: true })
    chownSync(paths[name], 65_533, 65_533)
    expect([name, codeOf(paths)]).toEqual([name, 'run_dir_unsafe'])
  }
})

test.runIf(process.getuid?.() === 0)(
  'a command line sends nothing to a socket in a directory of somebody else',
  async () => {
    verifies('LAUNCH-3')
    const paths = pathsOf(join(home(), 'm'))
    mkdirSync(paths.run, { recursive: true })
    const heard: unknown[] = []
    const server = createServer((socket) => socket.on('data', (bytes) => heard.push(bytes)))
    onTestFinished(() => void server.close())
    await new Promise<void>((resolve) => server.listen(paths.socket, resolve))
    chownSync(paths.run, 65_533, 65_533)
    await expect(connect(paths)).rejects.toMatchObject({ code: 'run_dir_unsafe' })
    expect(heard).toEqual([])
  },
)

test('a run directory that is a link is refused; a root that is one is not', () => {
  verifies('LAUNCH-3')
  const dir = home()
  mkdirSync(join(dir, 'elsewhere'))
  symlinkSync(join(dir, 'elsewhere'), join(dir, 'm'))
  expect(codeOf(pathsOf(join(dir, 'm')))).toBe('prepared')
  const paths = pathsOf(join(dir, 'n'))
  mkdirSync(paths.root)
  symlinkSync(join(dir, 'elsewhere'), paths.run)
  expect(codeOf(paths)).toBe('run_dir_unsafe')
})

test('a file or a dangling link in the place of the root is a named error', () => {
  verifies('LAUNCH-3')
  const dir = home()
  writeFileSync(join(dir, 'file'), '')
  symlinkSync(join(dir, 'nowhere'), join(dir, 'link'))
  expect(['file', 'file/m', 'link'].map((name) => codeOf(pathsOf(join(dir, name))))).toEqual([
    'home_unusable',
    'home_unusable',
    'home_unusable',
  ])
})
