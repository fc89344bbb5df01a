import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { applyPlan } from '../../src/core/clients/apply.ts'
import { knownServers } from '../../src/core/clients/known-servers.ts'
import { planOf } from '../../src/core/clients/plan.ts'
import { type Sandbox, sandbox } from '../fixtures/configs/sandbox.ts'
import { verifies } from '../requirements.ts'

const ONE = `{
  "numStartups": 1,
  "mcpServers": {
    "one": { "command": "\\u006ePx", "args": [ "-y" ] },
    "two": { "command": "two" }
  }
}
`

function claude(text = ONE): Sandbox {
  const box = sandbox()
  box.put('.claude.json', text)
  return box
}

/** What Claude Code does on every run: reads, counts, prints anew. */
function claudeRuns(box: Sandbox, change: (config: Record<string, unknown>) => void = () => {}): void {
  const config = JSON.parse(box.read('.claude.json'))
  config.numStartups += 1
  change(config)
  box.put('.claude.json', JSON.stringify(config, null, 2))
}

describe('undo', () => {
  it('restores every byte when nobody else wrote, and removes everything of ours', async () => {
    verifies('LAUNCH-1')
    const box = claude()
    await box.init()
    mkdirSync(box.paths.run, { recursive: true })
    const { files, removed } = await box.undo()
    expect(files).toMatchObject([{ outcome: 'restored', servers: ['one', 'two'] }])
    expect(removed).toBe(true)
    expect(box.read('.claude.json')).toBe(ONE)
    expect(readdirSync(box.home).sort()).toEqual(['.claude.json', 'project'])
  })

  it('keeps settings, which are the user’s own', async () => {
    const box = claude()
    await box.init()
    box.put('.mycelium/config.json', '{ "limits": { "idle_ms": "5m" } }')
    // What a `config set` leaves that was killed: conf's draft, and our second link to the file as it was.
    box.put('.mycelium/config.json.tmp-1732627200abc123', '{')
    box.put('.mycelium/config.json.4711.0123abcd.tmp', '{}')
    await box.undo()
    expect(readdirSync(box.paths.root)).toEqual(['config.json'])
  })

  it('after the client printed its file anew takes back our edits alone, and says so', async () => {
    verifies('LAUNCH-1')
    const box = claude()
    await box.init()
    claudeRuns(box)
    const { files } = await box.undo()
    expect(files).toMatchObject([{ outcome: 'merged', servers: ['one', 'two'] }])
    const back = box.read('.claude.json')
    expect(JSON.parse(back)).toEqual({ ...JSON.parse(ONE), numStartups: 2 })
    expect(back).toContain('"command": "\\u006ePx"')
    expect(back).not.toContain('"args": []')
  })

  it('goes back to the first bytes although init ran in two steps', async () => {
    verifies('LAUNCH-1')
    const box = claude()
    await box.init([], ['one'])
    await box.init()
    expect((await box.undo()).files).toMatchObject([{ outcome: 'restored', servers: ['one', 'two'] }])
    expect(box.read('.claude.json')).toBe(ONE)
  })

  it('after init, a rewrite by the client with a new server, and init again, restores what the client wrote, byte for byte', async () => {
    verifies('LAUNCH-1')
    const box = claude()
    await box.init()
    const changed = box.read('.claude.json')
    box.put(
      '.claude.json',
      changed.replace('"two"', '"new": { "command": "new", "env": {} },\n    "two"').replace('1,', '2,'),
    )
    expect((await box.init()).changed).toMatchObject([{ servers: ['new'] }])
    const { files } = await box.undo()
    expect(files.map((file) => file.outcome)).toEqual(['restored'])
    expect(box.read('.claude.json')).toBe(
      ONE.replace('"two"', '"new": { "command": "new", "env": {} },\n    "two"').replace('1,', '2,'),
    )
  })

  it('keeps a backup of the very first bytes through later inits, readable by the user alone', async () => {
    const box = claude()
    await box.init([], ['one'])
    claudeRuns(box)
    await box.init()
    const backups = readdirSync(box.paths.backups).filter((name) => name !== 'journal.json')
    expect(backups.length).toBe(2)
    const texts = backups.map((name) => box.read(`.mycelium/backups/${name}`))
    expect(texts).toContain(ONE)
    for (const name of readdirSync(box.paths.backups)) {
      expect(statSync(join(box.paths.backups, name)).mode & 0o077).toBe(0)
    }
  })

  it('keeps arguments and commands that the user edited behind our part', async () => {
    verifies('LAUNCH-1')
    const box = claude()
    await box.init()
    const edited = box.read('.claude.json').replace('"-y"', '"-y", "--more"').replace(', "two"', ', "deux"')
    box.put('.claude.json', edited)
    expect((await box.undo()).files).toMatchObject([{ outcome: 'merged' }])
    expect(box.read('.claude.json')).toBe(
      ONE.replace('"-y"', '"-y", "--more"').replace('"two" }', '"deux" }'),
    )
  })

  it('keeps an entry that the user pointed elsewhere, and one that the user deleted stays deleted', async () => {
    const box = claude()
    await box.init()
    claudeRuns(box, (config) => {
      const servers = config.mcpServers as Record<string, unknown>
      servers.one = { command: 'mine', args: ['a'] }
      delete servers.two
    })
    await box.undo()
    expect(JSON.parse(box.read('.claude.json')).mcpServers).toEqual({ one: { command: 'mine', args: ['a'] } })
  })

  it('finds entries that were renamed, copied or disabled meanwhile', async () => {
    const box = claude()
    await box.init()
    claudeRuns(box, (config) => {
      const servers = config.mcpServers as Record<string, Record<string, unknown>>
      servers.renamed = servers.one!
      delete servers.one
      servers.two!.disabled = true
      const projects = { '/p': { mcpServers: { copy: structuredClone(servers.renamed) } } }
      Object.assign(config, { projects })
    })
    await box.undo()
    const back = JSON.parse(box.read('.claude.json'))
    expect(back.mcpServers).toEqual({
      renamed: { command: 'nPx', args: ['-y'] },
      two: { command: 'two', disabled: true },
    })
    expect(back.projects['/p'].mcpServers.copy).toEqual({ command: 'nPx', args: ['-y'] })
  })

  it('does not make a deleted config anew, and says so', async () => {
    verifies('LAUNCH-1')
    const box = claude()
    await box.init()
    rmSync(join(box.home, '.claude.json'))
    const { files, problems } = await box.undo()
    expect(files.map((file) => file.outcome)).toEqual(['missing'])
    expect(problems.map(({ error }) => error.code)).toEqual(['config_gone'])
    expect(existsSync(join(box.home, '.claude.json'))).toBe(false)
  })

  it('leaves a config alone that the user restored by hand', async () => {
    const box = claude()
    await box.init()
    box.put('.claude.json', ONE)
    expect((await box.undo()).files.map((file) => file.outcome)).toEqual(['clean'])
    expect(box.read('.claude.json')).toBe(ONE)
  })

  it('of one client keeps the other, its launchers and its way back', async () => {
    verifies('LAUNCH-1')
    const box = claude()
    const toml = '[mcp_servers.one]\ncommand = "nPx"\nargs = ["-y"]\n\n[mcp_servers.c]\ncommand = "c"\n'
    box.put('.codex/config.toml', toml)
    await box.init()
    expect(readdirSync(box.paths.launchers).sort()).toEqual(['c', 'one', 'two'])
    const first = await box.undo(['claude-code'])
    expect(first).toMatchObject({ removed: false, problems: [] })
    expect(box.read('.claude.json')).toBe(ONE)
    expect(readdirSync(box.paths.launchers).sort()).toEqual(['c', 'one'])
    expect(
      knownServers(box.paths).servers.map((server) => server.sources.map((source) => source.client)),
    ).toEqual([['codex'], ['codex']])
    expect((await box.undo(['codex'])).removed).toBe(true)
    expect(box.read('.codex/config.toml')).toBe(toml)
  })

  it('reaches a project from any directory', async () => {
    const box = sandbox()
    box.put('project/.mcp.json', ONE)
    await box.init()
    const elsewhere = box.in(box.home)
    expect(elsewhere.where.cwd).not.toBe(box.where.cwd)
    await elsewhere.undo()
    expect(box.read('project/.mcp.json')).toBe(ONE)
  })

  it('that cannot write one config undoes the others and keeps the launchers that it still calls', async () => {
    verifies('LAUNCH-1')
    const box = claude()
    const cursor = '{"mcpServers":{"k":{"command":"k"}}}'
    const file = box.put('.cursor/mcp.json', cursor)
    await box.init()
    chmodSync(file, 0o444)
    const { problems, removed } = await box.undo()
    expect(problems.map(({ client, error }) => [client, error.code])).toEqual([
      ['cursor', 'config_read_only'],
    ])
    expect(removed).toBe(false)
    expect(box.read('.claude.json')).toBe(ONE)
    expect(existsSync(join(box.paths.launchers, 'k'))).toBe(true)
    chmodSync(file, 0o644)
    expect((await box.undo()).removed).toBe(true)
    expect(box.read('.cursor/mcp.json')).toBe(cursor)
  })

  it('refuses to guess the command of an entry that lost it, and names the entry', async () => {
    const box = claude()
    await box.init()
    rmSync(box.paths.backups, { recursive: true })
    claudeRuns(box, (config) => {
      ;(config.mcpServers as Record<string, Record<string, unknown>>).one!.args = []
    })
    const { problems, removed } = await box.undo()
    expect(problems.map(({ error }) => error.code)).toEqual(['config_changed'])
    expect(problems[0]!.error.message).toContain('"one"')
    expect(removed).toBe(false)
  })

  it('survives a lost or broken registry', async () => {
    const box = claude()
    await box.init()
    writeFileSync(box.paths.registry, 'not json')
    expect((await box.undo()).removed).toBe(true)
    expect(box.read('.claude.json')).toBe(ONE)
  })
})

describe('a config behind a symbolic link', () => {
  it('is edited where it is, keeps its mode, and the link stays a link', async () => {
    verifies('LAUNCH-1')
    const box = sandbox()
    const real = box.put('dotfiles/claude.json', ONE)
    chmodSync(real, 0o640)
    symlinkSync(real, join(box.home, '.claude.json'))
    await box.init()
    expect(box.read('dotfiles/claude.json')).toContain('launchers/one')
    expect(statSync(real).mode & 0o777).toBe(0o640)
    await box.undo()
    expect(box.read('dotfiles/claude.json')).toBe(ONE)
  })

  it('shared by two clients belongs to one of them and is edited once', async () => {
    const box = sandbox()
    const real = box.put('shared.json', '{"mcpServers":{"s":{"command":"s"}}}')
    mkdirSync(join(box.home, '.cursor'))
    mkdirSync(join(box.home, '.factory'))
    symlinkSync(real, join(box.home, '.cursor/mcp.json'))
    symlinkSync(real, join(box.home, '.factory/mcp.json'))
    expect((await box.init()).changed).toMatchObject([{ client: 'cursor' }])
    expect((await box.undo(['cursor'])).removed).toBe(true)
    expect(box.read('shared.json')).toBe('{"mcpServers":{"s":{"command":"s"}}}')
  })
})

describe('init', () => {
  it('that is interrupted between two files leaves a state that init finishes and undo cleans', async () => {
    verifies('LAUNCH-1')
    for (const next of ['init', 'undo'] as const) {
      const box = claude()
      const cursor = '{"mcpServers":{"k":{"command":"k"}}}'
      box.put('.cursor/mcp.json', cursor)
      const plan = planOf(box.find(), knownServers(box.paths), box.paths, [])
      // Ctrl-C while the first file is being written.
      let asked = 0
      const signal = {
        get aborted() {
          asked += 1
          return asked > 1
        },
      } as AbortSignal
      const run = applyPlan(plan, box.where, box.paths, (server) => server.id, signal)
      expect((await run).problems.map(({ error }) => error.code)).toEqual(['interrupted'])
      expect(box.read('.cursor/mcp.json')).toBe(cursor)
      expect(box.read('.claude.json')).not.toBe(ONE)
      if (next === 'init') expect((await box.init()).changed).toMatchObject([{ client: 'cursor' }])
      expect((await box.undo()).removed).toBe(true)
      expect(box.read('.claude.json')).toBe(ONE)
      expect(box.read('.cursor/mcp.json')).toBe(cursor)
    }
  })

  it('writes a lost launcher and a lost registry anew from what the configs say', async () => {
    const box = claude()
    await box.init()
    const before = knownServers(box.paths)
    rmSync(box.paths.registry)
    rmSync(join(box.paths.launchers, 'one'))
    expect(await box.init()).toMatchObject({ changed: [], launchersWritten: 1 })
    expect(knownServers(box.paths)).toEqual(before)
  })

  it('keeps the mode that the user chose for a server', async () => {
    const box = claude()
    await box.init()
    const { servers } = knownServers(box.paths)
    const chosen = servers.map((server) => ({ ...server, mode: 'shared' as const }))
    writeFileSync(box.paths.registry, JSON.stringify({ version: 1, servers: chosen }))
    await box.init()
    expect(knownServers(box.paths).servers.map((server) => server.mode)).toEqual(['shared', 'shared'])
  })

  it('follows arguments that the user edited in an entry that is taken over', async () => {
    const box = claude()
    await box.init()
    box.put('.claude.json', box.read('.claude.json').replace('"-y"', '"-y", "--more"'))
    await box.init()
    expect(knownServers(box.paths).servers[0]).toMatchObject({ id: 'one', argv: ['nPx', '-y', '--more'] })
  })
})
