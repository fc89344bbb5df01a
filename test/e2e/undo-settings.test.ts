import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { cliHome } from '../fixtures/cli-home.ts'
import { verifies } from '../requirements.ts'

const home = cliHome({
  files: { '.cursor/mcp.json': '{ "mcpServers": { "cat": { "command": "cat" } } }\n' },
})
const mycelium = home.run
let root: string
beforeEach(async () => {
  root = join(home.dir, '.mycelium')
  expect((await mycelium('init', '--yes')).code).toBe(0)
})
const settings = () => join(root, 'config.json')

describe('the settings at an undo', () => {
  const NOTHING: readonly (readonly [what: string, text: string])[] = [
    ['an empty file', ''],
    ['an empty object', '{}\n'],
    ['an empty section and a schema', '{ "$schema": "https://example.test/s.json", "limits": {} }\n'],
    ['a default', '{ "hooks": { "enabled": true } }\n'],
  ]
  it.each(NOTHING)('%s says nothing and goes: nothing stays', async (_, text) => {
    verifies('LAUNCH-1', 'CLI-1')
    writeFileSync(settings(), text)
    const { code, stdout } = await mycelium('undo')
    expect([code, stdout]).toEqual([0, expect.not.stringContaining('stay')])
    expect(existsSync(root)).toBe(false)
  })

  it('that were set and unset again go', async () => {
    verifies('LAUNCH-1', 'CLI-1')
    expect((await mycelium('config', 'set', 'limits.idle_ms=5m')).code).toBe(0)
    expect((await mycelium('config', 'unset', 'limits.idle_ms')).code).toBe(0)
    expect((await mycelium('undo')).code).toBe(0)
    expect(existsSync(root)).toBe(false)
  })

  const OWN: readonly (readonly [what: string, text: string])[] = [
    ['a setting of the user', '{ "limits": { "idle_ms": "5m" } }\n'],
    ['a key that no setting has', '{ "mine": 1 }\n'],
    ['a text that cannot be read', '{ "limits": \n'],
  ]
  it.each(OWN)('%s stays, and the last line says where and how to be rid of it', async (_, text) => {
    verifies('LAUNCH-1', 'CLI-1')
    writeFileSync(settings(), text)
    const { code, stdout } = await mycelium('undo')
    expect(code).toBe(0)
    expect(stdout).toMatch(
      new RegExp(`\nyour own settings stay: ${settings()}\n {2}next: rm -r '?${root}'?\n$`),
    )
    expect(readFileSync(settings(), 'utf8')).toBe(text)
    expect(JSON.parse((await mycelium('undo', '--json')).stdout)).toMatchObject({ settings: settings() })
    rmSync(settings())
    expect((await mycelium('undo')).code).toBe(0)
    expect(existsSync(root)).toBe(false)
  })

  it('a link to a file that the user keeps elsewhere stays', async () => {
    verifies('LAUNCH-1', 'CLI-1')
    writeFileSync(join(home.dir, 'mine.json'), '{}\n')
    symlinkSync(join(home.dir, 'mine.json'), settings())
    const { stdout } = await mycelium('undo')
    expect(stdout).toContain(`your own settings stay: ${settings()}\n`)
    expect([existsSync(settings()), existsSync(join(home.dir, 'mine.json'))]).toEqual([true, true])
  })

  it('something of somebody else in the directory is named', async () => {
    verifies('LAUNCH-1')
    writeFileSync(join(root, 'notes.txt'), 'mine\n')
    const { stdout } = await mycelium('undo')
    expect(stdout).toContain(`${join(root, 'notes.txt')} stays: mycelium did not make it\n`)
    expect(readFileSync(join(root, 'notes.txt'), 'utf8')).toBe('mine\n')
  })
})
