import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { MyceliumError } from '../../src/core/errors.ts'
import { resolveCommand } from '../../src/core/launch/resolve.ts'
import { verifies } from '../requirements.ts'

let root = ''
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'my-'))
  for (const dir of ['first/prog', 'second', 'third']) mkdirSync(join(root, dir), { recursive: true })
  for (const file of ['second/prog', 'third/prog', 'third/uvx', 'third/uv']) program(join(root, file))
  writeFileSync(join(root, 'first/plain'), '')
  program(join(root, 'third/plain'))
})
afterAll(() => rmSync(root, { recursive: true }))

function program(path: string): void {
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, '#!/bin/sh\n')
  chmodSync(path, 0o755)
}
const env = () => ({
  PATH: ['first', 'second', 'third'].map((dir) => join(root, dir)).join(':'),
  HOME: join(root, 'home'),
})
const resolved = (argv: string[], more: NodeJS.ProcessEnv = {}) =>
  resolveCommand({ argv, cwd: root, env: { ...env(), ...more } })

it('finds a command on the PATH of the entry, past directories and files that can not be executed', () => {
  expect(resolved(['prog', 'a'])).toEqual({
    file: join(root, 'second/prog'),
    args: ['a'],
    how: 'path',
    why: 'found on PATH',
  })
  expect(resolved(['plain']).file).toBe(join(root, 'third/plain'))
  expect(resolved(['prog'], { PATH: 'third' }).file).toBe(join(root, 'third/prog'))
})

it('takes a path from the working directory, not from PATH', () => {
  expect(resolved(['./third/prog']).file).toBe(join(root, 'third/prog'))
  expect(resolved([join(root, 'third/prog')]).file).toBe(join(root, 'third/prog'))
})

it.each([['nowhere'], ['./first/plain'], ['first/prog'], ['']])('says that %j is missing', (command) => {
  const attempt = () => resolved([command])
  expect(attempt).toThrow(MyceliumError)
  expect(attempt).toThrow(expect.objectContaining({ code: 'server_command_missing' }))
})

it('counts the directories it searched', () => {
  expect(() => resolved(['nowhere'])).toThrow('nowhere: in none of the 3 directories of PATH')
})

it('starts an installed uv tool directly, wherever uv keeps its tools', () => {
  verifies('LAUNCH-6')
  const places: readonly (readonly [string, NodeJS.ProcessEnv])[] = [
    ['home/.local/share/uv/tools', {}],
    ['data/uv/tools', { XDG_DATA_HOME: join(root, 'data') }],
    ['tools', { UV_TOOL_DIR: join(root, 'tools'), XDG_DATA_HOME: join(root, 'data') }],
  ]
  for (const [dir, more] of places) {
    const tool = join(root, dir, 'mcp-server-x')
    program(join(tool, 'bin/mcp_server_x'))
    mkdirSync(join(tool, 'lib/python3.12/site-packages/mcp_server_x-2025.4.1.dist-info'), { recursive: true })
    expect(resolved(['uvx', 'mcp_server_x'], more).how).toBe('as-is')
    writeFileSync(join(tool, 'uv-receipt.toml'), '[tool]\n')
    for (const argv of [
      ['uvx', '-q', 'mcp_server_x', '--a'],
      ['uv', 'tool', 'run', '--from', 'Mcp.Server-X', 'mcp_server_x', '--a'],
    ]) {
      expect(resolved(argv, more)).toMatchObject({
        how: 'uvx',
        file: join(tool, 'bin/mcp_server_x'),
        args: ['--a'],
        package: 'mcp-server-x',
        version: '2025.4.1',
      })
    }
  }
})

it.each([
  ['uvx mcp_server_x@2025.4.1'],
  ['uvx mcp_server_x@latest'],
  ['uvx --isolated mcp_server_x'],
  ['uvx --with httpx mcp_server_x'],
  ['uvx --from mcp_server_x missing'],
  ['uvx other'],
  ['uv run mcp_server_x'],
])('leaves %s to uv', (line) => {
  const [command, ...args] = line.split(' ')
  expect(resolved([command!, ...args])).toMatchObject({
    how: 'as-is',
    file: join(root, 'third', command!),
    args,
  })
})
