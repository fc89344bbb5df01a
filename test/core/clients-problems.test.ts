import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { applyPlan } from '../../src/core/clients/apply.ts'
import { changeFile } from '../../src/core/clients/change-file.ts'
import { knownServers } from '../../src/core/clients/known-servers.ts'
import { planOf } from '../../src/core/clients/plan.ts'
import { sandbox } from '../fixtures/configs/sandbox.ts'
import { verifies } from '../requirements.ts'

const GOOD = '{"mcpServers":{"good":{"command":"good"}}}'
const isRoot = process.getuid?.() === 0

describe('a config that cannot be used', () => {
  const INVALID: readonly (readonly [path: string, text: string | Uint8Array, place: RegExp])[] = [
    ['.cursor/mcp.json', '{\n  "mcpServers": {\n    "a": }\n}', /mcp\.json:3:10: value expected/],
    ['.cursor/mcp.json', '{"mcpServers":', /mcp\.json:1:15: /],
    ['.cursor/mcp.json', '["mcpServers"]', /the top level is not an object/],
    ['.cursor/mcp.json', `${'['.repeat(200_000)}`, /nested too deeply|expected/],
    ['.cursor/mcp.json', new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]), /is not UTF-8 text/],
    ['.codex/config.toml', 'a = 1\n[mcp_servers.x]\ncommand = \n', /config\.toml:\d+:\d+: /],
    ['.codex/config.toml', 'a = 1\na = 2\n', /config\.toml:2:1: /],
    ['.config/goose/config.yaml', 'extensions:\n  a: [\n', /config\.yaml:\d+:\d+: /],
    ['.config/goose/config.yaml', '- a\n', /the top level is not a map/],
  ]
  it.each(INVALID)(
    '%s: is named with line and column, and the other clients go on',
    async (path, text, place) => {
      verifies('LAUNCH-1')
      const box = sandbox()
      box.put(path, text)
      box.put('.claude.json', GOOD)
      const { problems } = box.find()
      expect(problems.map(({ error }) => error.code)).toEqual(['config_invalid'])
      expect(problems[0]!.error.message).toMatch(place)
      expect((await box.init()).changed).toMatchObject([{ client: 'claude-code', servers: ['good'] }])
      expect(readFileSync(join(box.home, path))).toEqual(Buffer.from(text as string))
    },
  )

  it.each(['', '  \n', '{}', '{"mcpServers":null}', '{"mcpServers":[]}', '{"mcpServers":{}}'])(
    'is none when it is merely empty: %j',
    (text) => {
      const box = sandbox()
      for (const path of ['.cursor/mcp.json', '.claude.json']) box.put(path, text)
      expect(box.find()).toMatchObject({ found: [], problems: [] })
    },
  )

  it('is no regular file: a directory or a pipe is named, and nobody waits on it', () => {
    verifies('LAUNCH-1')
    const box = sandbox()
    mkdirSync(join(box.home, '.claude.json'))
    mkdirSync(join(box.home, '.cursor'))
    execFileSync('mkfifo', [join(box.home, '.cursor/mcp.json')])
    expect(box.find().problems.map(({ client, error }) => [client, error.code])).toEqual([
      ['claude-code', 'config_unreadable'],
      ['cursor', 'config_unreadable'],
    ])
  })

  it.skipIf(isRoot)('is not to be read', () => {
    const box = sandbox()
    chmodSync(box.put('.claude.json', GOOD), 0)
    expect(box.find().problems.map(({ error }) => error.code)).toEqual(['config_unreadable'])
  })

  it('is read-only: its entries are left, with the reason', async () => {
    verifies('LAUNCH-1')
    const box = sandbox()
    chmodSync(box.put('.claude.json', GOOD), 0o444)
    const { found, problems } = box.find()
    expect(found).toMatchObject([{ verdict: 'leave', reason: 'its file is read-only' }])
    expect(problems.map(({ error }) => error.code)).toEqual(['config_read_only'])
    await box.init()
    expect(box.read('.claude.json')).toBe(GOOD)
  })

  it('lies on a full disk: it stays as it is, and nothing made for it stays', async (context) => {
    verifies('LAUNCH-1')
    const box = sandbox({ env: {} })
    const small = join(box.home, 'project')
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', small], { stdio: 'pipe' })
    } catch {
      context.skip('mounting a small file system is not allowed here')
    }
    onTestFinished(() => void execFileSync('umount', [small]))
    const text = `{"pad":"${'x'.repeat(20_000)}","mcpServers":{"good":{"command":"good"}}}`
    box.put('project/.mcp.json', text)
    box.put('.cursor/mcp.json', '{"mcpServers":{"other":{"command":"other"}}}')
    writeFileSync(join(small, 'filler'), 'x'.repeat(36 * 1024))
    const { changed, problems } = await box.init()
    expect(problems.map(({ file, error }) => [file, error.code])).toEqual([
      [join(small, '.mcp.json'), 'write_failed'],
    ])
    expect(changed).toMatchObject([{ client: 'cursor' }])
    expect(box.read('project/.mcp.json')).toBe(text)
    expect(readdirSync(small).sort()).toEqual(['.mcp.json', 'filler'])
    expect(knownServers(box.paths).servers.map((server) => server.id)).toEqual(['other'])
    expect(readdirSync(box.paths.launchers)).toEqual(['other'])
  })
})

describe('another program that writes the config meanwhile', () => {
  it('loses nothing: the change is made to what it wrote', async () => {
    verifies('LAUNCH-1')
    const box = sandbox()
    const file = box.put('a.json', '1')
    const seen: string[] = []
    const outcome = await changeFile(file, (text) => {
      seen.push(text)
      if (seen.length <= 3) writeFileSync(file, `${seen.length + 1}`)
      return `${text}!`
    })
    expect(outcome).toBe('changed')
    expect(seen).toEqual(['1', '2', '3', '4'])
    expect(box.read('a.json')).toBe('4!')
    expect(readdirSync(box.home).sort()).toEqual(['a.json', 'project'])
  })

  it('and never stops is named, and keeps its file', async () => {
    const box = sandbox()
    const file = box.put('a.json', '0')
    let count = 0
    const run = changeFile(file, (text) => {
      count += 1
      writeFileSync(file, `${count}`)
      return `${text}!`
    })
    await expect(run).rejects.toMatchObject({ code: 'config_changed' })
    expect(box.read('a.json')).toBe(`${count}`)
  })

  it('between plan and change: an entry that says something else by then is left, and named', async () => {
    verifies('LAUNCH-1')
    const box = sandbox()
    box.put('.claude.json', '{"mcpServers":{"a":{"command":"a"},"b":{"command":"b"}}}')
    const plan = planOf(box.find(), knownServers(box.paths), box.paths, [])
    box.put('.claude.json', '{"n":2,"mcpServers":{"a":{"command":"a","args":["new"]},"b":{"command":"b"}}}')
    const { changed, problems } = await applyPlan(plan, box.where, box.paths, (server) => server.id)
    expect(changed).toMatchObject([{ servers: ['b'] }])
    expect(problems[0]!.error).toMatchObject({ code: 'config_changed' })
    expect(problems[0]!.error.message).toContain(': a changed meanwhile')
    const { n, mcpServers } = JSON.parse(box.read('.claude.json'))
    expect([n, mcpServers.a]).toEqual([2, { command: 'a', args: ['new'] }])
  })
})
