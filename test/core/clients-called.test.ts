import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { applyPlan } from '../../src/core/clients/apply.ts'
import { knownServers } from '../../src/core/clients/known-servers.ts'
import { planOf } from '../../src/core/clients/plan.ts'
import { readRegistry } from '../../src/core/config/registry.ts'
import { type Sandbox, sandbox } from '../fixtures/configs/sandbox.ts'
import { verifies } from '../requirements.ts'

const config = (names: readonly string[]) =>
  JSON.stringify({ mcpServers: Object.fromEntries(names.map((name) => [name, { command: name }])) })
const ids = (box: Sandbox) => knownServers(box.paths).servers.map((server) => server.id)
const launchers = (box: Sandbox) => readdirSync(box.paths.launchers).sort()

describe('a write that fails', () => {
  it('leaves the launcher of an entry in the same file that works', async () => {
    verifies('LAUNCH-1')
    const box = sandbox()
    const entry = { mcpServers: { m: { command: 'm' } } }
    const file = box.put('.claude.json', JSON.stringify({ projects: { '/p1': entry } }))
    await box.init()
    const now = JSON.parse(box.read('.claude.json'))
    now.projects['/p2'] = { mcpServers: { ...entry.mcpServers, fresh: { command: 'fresh' } } }
    writeFileSync(file, JSON.stringify(now))
    const plan = planOf(box.find(), knownServers(box.paths), box.paths, [])
    chmodSync(file, 0o444)
    const { changed, problems } = await applyPlan(plan, box.where, box.paths, (server) => server.id)
    expect([changed, problems.map(({ error }) => error.code)]).toEqual([[], ['config_read_only']])
    expect([launchers(box), ids(box)]).toEqual([['m'], ['m']])
  })

  it('is reported beside what was changed, also when then the registry cannot be written', async () => {
    verifies('LAUNCH-1')
    const box = sandbox()
    box.put('.claude.json', config(['a']))
    const file = box.put('.cursor/mcp.json', config(['b']))
    const plan = planOf(box.find(), knownServers(box.paths), box.paths, [])
    chmodSync(file, 0o444)
    // Between the first writing of the registry and the second.
    const signal = {
      get aborted() {
        rmSync(box.paths.registry, { recursive: true })
        mkdirSync(box.paths.registry)
        return false
      },
    } as AbortSignal
    const { changed, problems } = await applyPlan(plan, box.where, box.paths, ({ id }) => id, signal)
    expect(changed).toMatchObject([{ client: 'claude-code', servers: ['a'] }])
    expect(problems.map(({ client, error }) => [client, error.code])).toEqual([
      ['cursor', 'config_read_only'],
      ['mycelium', 'write_failed'],
    ])
  })
})

describe('init forgets', () => {
  it('a server whose entry was deleted by hand, and its launcher', async () => {
    verifies('LAUNCH-1')
    const box = sandbox()
    box.put('.claude.json', config(['a', 'b']))
    await box.init()
    const now = JSON.parse(box.read('.claude.json'))
    delete now.mcpServers.a
    box.put('.claude.json', JSON.stringify(now))
    expect((await box.init()).forgotten).toEqual(['a'])
    expect([ids(box), launchers(box)]).toEqual([['b'], ['b']])
  })

  it('a server of another project whose entry is gone, and none that is still called there', async () => {
    const box = sandbox()
    const file = box.put('project/.mcp.json', config(['a', 'b']))
    await box.init()
    const elsewhere = box.in(box.home)
    await elsewhere.init()
    expect([ids(box), launchers(box)]).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ])
    const now = JSON.parse(box.read('project/.mcp.json'))
    delete now.mcpServers.b
    writeFileSync(file, JSON.stringify(now))
    await elsewhere.init()
    expect([ids(box), launchers(box)]).toEqual([['a'], ['a']])
  })

  it('no server of a config that cannot be read now', async () => {
    const box = sandbox()
    box.put('project/.mcp.json', config(['a']))
    box.put('.cursor/mcp.json', config(['b']))
    await box.init()
    const written = box.read('project/.mcp.json')
    box.put('project/.mcp.json', '{')
    const elsewhere = box.in(box.home)
    await elsewhere.init()
    expect([ids(box), launchers(box)]).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ])
    expect((await elsewhere.undo()).problems.map(({ error }) => error.code)).toEqual(['config_invalid'])
    box.put('project/.mcp.json', written)
    expect((await elsewhere.undo()).removed).toBe(true)
  })

  it('keeps the mode of a server that was taken back by hand and is taken over again', async () => {
    const box = sandbox()
    const file = box.put('.cursor/mcp.json', config(['a']))
    await box.init()
    const servers = knownServers(box.paths).servers.map((server) => ({ ...server, mode: 'shared' }))
    writeFileSync(box.paths.registry, JSON.stringify({ version: 1, servers }))
    writeFileSync(file, config(['a']))
    await box.init()
    expect(knownServers(box.paths).servers).toMatchObject([{ id: 'a', mode: 'shared' }])
  })

  it('leaves no trace when there is nothing to take over', async () => {
    verifies('LAUNCH-1')
    const box = sandbox()
    await box.init()
    expect(existsSync(box.paths.root)).toBe(false)
  })
})

describe('undo of one client', () => {
  it('keeps the launchers that a copy of its config in another client calls', async () => {
    verifies('LAUNCH-1')
    const box = sandbox()
    const file = box.put('.cursor/mcp.json', config(['m', 'n']))
    await box.init()
    const copy = join(box.home, '.gemini/settings.json')
    mkdirSync(dirname(copy))
    copyFileSync(file, copy)
    expect(await box.undo(['cursor'])).toMatchObject({ removed: false, problems: [], stays: 'in use' })
    expect([ids(box), launchers(box)]).toEqual([
      ['m', 'n'],
      ['m', 'n'],
    ])
    expect(knownServers(box.paths).servers[0]!.sources.map((source) => source.client)).toEqual(['gemini-cli'])
    expect((await box.undo(['gemini-cli'])).removed).toBe(true)
    expect(JSON.parse(box.read('.gemini/settings.json'))).toMatchObject(JSON.parse(config(['m', 'n'])))
  })

  it('takes back a file that it reads although another client was its name', async () => {
    verifies('LAUNCH-1')
    const box = sandbox()
    const file = box.put('.cursor/mcp.json', config(['m']))
    mkdirSync(join(box.home, '.kiro/settings'), { recursive: true })
    symlinkSync(file, join(box.home, '.kiro/settings/mcp.json'))
    await box.init()
    expect(await box.undo(['kiro'])).toMatchObject({ files: [{ outcome: 'restored' }], removed: true })
    expect(box.read('.cursor/mcp.json')).toBe(config(['m']))
  })

  it('takes back a project’s file from anywhere, whichever client it was taken for', async () => {
    verifies('LAUNCH-1')
    const box = sandbox()
    box.put('project/.mcp.json', config(['m']))
    await box.init(['copilot-cli'])
    const elsewhere = box.in(box.home)
    expect((await elsewhere.undo(['codex'])).files).toEqual([])
    expect(await elsewhere.undo(['claude-code'])).toMatchObject({
      files: [{ outcome: 'restored' }],
      removed: true,
    })
    expect(box.read('project/.mcp.json')).toBe(config(['m']))
  })
})

describe('a broken file of our own', () => {
  it.each(['{"version":1,"servers":[null]}', '{"version":1,"servers":[{"id":"../x"}]}', 'null', '[]', '{'])(
    'registry %s: init writes it anew and undo goes by the configs',
    async (text) => {
      verifies('LAUNCH-1')
      const box = sandbox()
      box.put('.cursor/mcp.json', config(['m']))
      await box.init()
      const good = box.read('.mycelium/servers.json')
      writeFileSync(box.paths.registry, text)
      expect(() => readRegistry(box.paths)).toThrow(expect.objectContaining({ code: 'registry_invalid' }))
      await box.init()
      expect(box.read('.mycelium/servers.json')).toBe(good)
      writeFileSync(box.paths.registry, text)
      expect(await box.undo()).toMatchObject({ removed: true, problems: [] })
      expect(box.read('.cursor/mcp.json')).toBe(config(['m']))
      expect(existsSync(box.paths.root)).toBe(false)
    },
  )

  it.each(['{"version":1,"files":[null]}', '{"version":1,"files":[{"edits":7}]}', '[]', '{'])(
    'journal %s: init and undo go by the configs',
    async (text) => {
      verifies('LAUNCH-1')
      const box = sandbox()
      const file = box.put('.cursor/mcp.json', config(['m']))
      await box.init()
      const journal = join(box.paths.backups, 'journal.json')
      writeFileSync(journal, text)
      const now = JSON.parse(box.read('.cursor/mcp.json'))
      now.mcpServers.k = { command: 'k' }
      writeFileSync(file, JSON.stringify(now))
      expect((await box.init()).problems).toEqual([])
      writeFileSync(journal, text)
      expect(await box.undo()).toMatchObject({ removed: true, problems: [] })
      const { mcpServers } = JSON.parse(box.read('.cursor/mcp.json'))
      expect([mcpServers.m.command, mcpServers.k.command]).toEqual(['m', 'k'])
      expect(existsSync(box.paths.root)).toBe(false)
    },
  )
})

describe('init that is interrupted', () => {
  it('stops between two files although nothing in it waits, and says what was changed', async () => {
    verifies('LAUNCH-1')
    const box = sandbox()
    box.put('.claude.json', config(['a']))
    box.put('.cursor/mcp.json', config(['b']))
    const controller = new AbortController()
    setImmediate(() => setImmediate(() => controller.abort()))
    const { changed, problems } = await box.init([], [], controller.signal)
    expect(changed).toMatchObject([{ client: 'claude-code' }])
    expect(problems.map(({ client, error }) => [client, error.code])).toEqual([['cursor', 'interrupted']])
    expect(launchers(box)).toEqual(['a'])
    expect((await box.init()).changed).toMatchObject([{ client: 'cursor' }])
    expect((await box.undo()).removed).toBe(true)
  })
})
