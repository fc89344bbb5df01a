import { existsSync, mkdirSync, readdirSync, renameSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { runAlone } from '../../src/core/daemon/alone.ts'
import { builtCli, type Ended, ended } from '../fixtures/built-cli.ts'
import { type Sandbox, sandbox } from '../fixtures/configs/sandbox.ts'
import { verifies } from '../requirements.ts'

const CLAUDE = `{
  "mcpServers": {
    "memory": { "command": "npx", "args": ["-y", "@modelcontextprotocol/server-memory"], "env": { "TOKEN": "hush" } },
    "far": { "type": "http", "url": "https://example.test/mcp" }
  }
}
`
const CODEX = `# mine
[mcp_servers.memory]
command = "npx" # with npx
args = ["-y", "@modelcontextprotocol/server-memory"]
`

describe('mycelium init and undo', () => {
  let cli = ''
  beforeAll(() => {
    cli = builtCli()
  }, 120_000)

  const home = (): Sandbox => {
    const box = sandbox()
    box.put('.claude.json', CLAUDE)
    box.put('.codex/config.toml', CODEX)
    return box
  }
  const run = (box: Sandbox, ...args: string[]): Promise<Ended> =>
    ended(process.execPath, [cli, ...args], { HOME: box.home, PATH: process.env.PATH }, box.project)

  it('a dry run shows launcher, mode, reason and diff, hides values, and writes nothing', async () => {
    verifies('LAUNCH-1')
    const box = home()
    const { code, stdout, stderr } = await run(box, 'init', '--dry-run')
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain('memory  shared: 8 sessions run 1 process instead of 8')
    expect(stdout).toContain('in claude-code, codex; ~/.mycelium/launchers/memory')
    expect(stdout).toMatch(/far +claude-code +remote server: left as it is/)
    expect(stdout).toContain(`-command = "npx" # with npx\n`)
    expect(stdout).toContain(`+command = "${box.paths.launchers}/memory" # with npx\n`)
    expect(stdout).not.toContain('hush')
    expect([box.read('.claude.json'), box.read('.codex/config.toml')]).toEqual([CLAUDE, CODEX])
    expect(existsSync(box.paths.root)).toBe(false)
  })

  it('without --yes and with nobody to ask refuses, names --yes, and writes nothing', async () => {
    verifies('LAUNCH-1')
    const box = home()
    const { code, stderr } = await run(box, 'init')
    expect(code).toBe(2)
    expect(stderr).toContain('--yes')
    expect(box.read('.claude.json')).toBe(CLAUDE)
    expect(existsSync(box.paths.root)).toBe(false)
  })

  it('takes over, does nothing the second time, picks up a new server, and undo restores every byte', async () => {
    verifies('LAUNCH-1')
    const box = home()
    expect(await run(box, 'init', '--yes')).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(box.read('.claude.json')).mcpServers.memory).toEqual({
      command: join(box.paths.launchers, 'memory'),
      args: ['--client=claude-code', 'npx', '-y', '@modelcontextprotocol/server-memory'],
      env: { TOKEN: 'hush' },
    })
    expect(statSync(join(box.paths.launchers, 'memory')).mode & 0o777).toBe(0o700)
    expect(box.read('.mycelium/launchers/memory')).toMatch(/^#!\/bin\/sh/)
    expect((await run(box, 'init', '--yes')).stdout).toMatch(/nothing to do\n$/)
    box.put('.cursor/mcp.json', '{"mcpServers":{"new":{"command":"new"}}}')
    expect((await run(box, 'init', '--yes')).stdout).toContain(
      '1 entry in 1 file changed, 1 launcher written',
    )
    const undone = await run(box, 'undo')
    expect(undone).toMatchObject({ code: 0, stderr: '' })
    expect(undone.stdout.match(/as it was, byte for byte/g)).toHaveLength(3)
    expect([box.read('.claude.json'), box.read('.codex/config.toml')]).toEqual([CLAUDE, CODEX])
    expect(readdirSync(box.home).sort()).toEqual(['.claude.json', '.codex', '.cursor', 'project'])
    expect((await run(box, 'undo')).stdout).toBe('nothing to undo\n')
  })

  it('--json is one object with changes, servers, what was left and problems, and holds no value of a variable', async () => {
    verifies('LAUNCH-1')
    const box = home()
    box.put('.cursor/mcp.json', '{"mcpServers":\n  oops')
    const { code, stdout } = await run(box, 'init', '--yes', '--json')
    expect(code).toBe(1)
    const answer = JSON.parse(stdout)
    expect(Object.keys(answer).sort()).toEqual(['changed', 'dryRun', 'left', 'problems', 'relay', 'servers'])
    expect(['c', 'perl', 'other']).toContain(answer.relay)
    expect(answer.changed).toEqual([
      { client: 'claude-code', file: join(box.home, '.claude.json'), servers: ['memory'] },
      { client: 'codex', file: join(box.home, '.codex/config.toml'), servers: ['memory'] },
    ])
    expect(answer.servers).toMatchObject([
      { id: 'memory', name: 'memory', launcher: join(box.paths.launchers, 'memory'), mode: 'shared' },
    ])
    expect(answer.left).toEqual([
      {
        client: 'claude-code',
        file: join(box.home, '.claude.json'),
        name: 'far',
        reason: 'remote server: left as it is',
      },
    ])
    expect(answer.problems).toMatchObject([
      { file: join(box.home, '.cursor/mcp.json'), code: 'config_invalid' },
    ])
    expect(answer.problems[0].message).toContain('mcp.json:2:3')
    expect(stdout).not.toContain('hush')
    const undone = JSON.parse((await run(box, 'undo', '--json')).stdout)
    expect(undone).toMatchObject({ removed: true, problems: [] })
    expect(box.read('.claude.json')).toBe(CLAUDE)
  })

  it('--client and --server narrow it; a slip is met with the nearest name and exit code 2', async () => {
    verifies('LAUNCH-1')
    const box = home()
    const client = await run(box, 'init', '--yes', '--client', 'claud-code')
    expect([client.code, client.stderr]).toEqual([2, expect.stringContaining('did you mean claude-code?')])
    const server = await run(box, 'init', '--yes', '--server', 'memroy')
    expect([server.code, server.stderr]).toEqual([2, expect.stringContaining('did you mean memory?')])
    expect(existsSync(box.paths.root)).toBe(false)
    await run(box, 'init', '--yes', '--client', 'codex', '--server', 'memory')
    expect([box.read('.claude.json'), box.read('.codex/config.toml') === CODEX]).toEqual([CLAUDE, false])
    const undo = await run(box, 'undo', '--client', 'nobody')
    expect(undo.code).toBe(2)
    expect((await run(box, 'undo', '--client', 'codex')).code).toBe(0)
    expect(box.read('.codex/config.toml')).toBe(CODEX)
  })

  it('several at once wait for each other: nothing is lost, every config is whole, and undo finds the way back', async () => {
    verifies('LAUNCH-1')
    const box = home()
    const only = (client: string) => run(box, 'init', '--yes', '--client', client)
    const inits = await Promise.all([only('claude-code'), only('codex'), run(box, 'init', '--yes')])
    expect(inits.map(({ code, stderr }) => [code, stderr])).toEqual([
      [0, ''],
      [0, ''],
      [0, ''],
    ])
    const { servers } = JSON.parse(box.read('.mycelium/servers.json'))
    expect(servers).toHaveLength(1)
    expect(servers[0].sources.map((source: { client: string }) => source.client).sort()).toEqual([
      'claude-code',
      'codex',
    ])
    const mixed = await Promise.all([run(box, 'undo'), run(box, 'init', '--yes'), run(box, 'undo')])
    expect(mixed.map(({ code, stderr }) => [code, stderr])).toEqual([
      [0, ''],
      [0, ''],
      [0, ''],
    ])
    expect((await run(box, 'undo')).code).toBe(0)
    expect([box.read('.claude.json'), box.read('.codex/config.toml')]).toEqual([CLAUDE, CODEX])
    expect(readdirSync(box.home).sort()).toEqual(['.claude.json', '.codex', 'project'])
  })

  it('a command that never ends keeps the others waiting for a bounded time, and is named', async () => {
    verifies('LAUNCH-1')
    const box = home()
    await runAlone(box.paths, async () => {
      const late = runAlone(box.paths, () => 0, { waitMs: 200 })
      await expect(late).rejects.toMatchObject({
        code: 'config_busy',
        message: expect.stringContaining(`pid ${process.pid}`),
      })
    })
    expect(await runAlone(box.paths, () => 'free')).toBe('free')
  })

  it.skipIf(inject('relayBinary') === '')(
    'a compiler on this machine makes the relay; after an upgrade init makes it anew, and undo removes it',
    async () => {
      verifies('LAUNCH-1', 'LAUNCH-2')
      const box = home()
      expect((await run(box, 'init', '--dry-run')).stdout).toContain('relay: compiled on this machine')
      expect(existsSync(box.paths.root)).toBe(false)
      expect((await run(box, 'init', '--yes')).stdout).toContain('\n  relay: compiled on this machine\n')
      const [relay] = readdirSync(box.paths.bin)
      const embedded = () => /^mycelium_c='(.*)'$/m.exec(box.read('.mycelium/launchers/memory'))?.[1]
      expect(embedded()).toBe(join(box.paths.bin, relay!))
      expect((await run(box, 'init', '--yes')).stdout).toMatch(/nothing to do\n$/)

      // What an older package left: a relay of another source, and launchers that name it.
      const older = 'relay-0123456789ab'
      renameSync(join(box.paths.bin, relay!), join(box.paths.bin, older))
      const launcher = box.read('.mycelium/launchers/memory')
      box.put('.mycelium/launchers/memory', launcher.replace(relay!, older))
      expect((await run(box, 'init', '--dry-run')).stdout).toContain('dry run: nothing was changed')
      expect((await run(box, 'init', '--yes')).stdout).toContain('1 launcher written')
      expect(readdirSync(box.paths.bin)).toEqual([relay])
      expect(embedded()).toBe(join(box.paths.bin, relay!))
      await run(box, 'undo')
      expect(existsSync(box.paths.root)).toBe(false)
    },
  )

  it('without a compiler the launchers become another relay, and init says so', async () => {
    verifies('LAUNCH-1', 'LAUNCH-2')
    const box = home()
    const without = { HOME: box.home, PATH: box.project }
    const { code, stdout } = await ended(process.execPath, [cli, 'init', '--yes'], without, box.project)
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /\n {2}relay: (perl|nc or node); with a C compiler here, init makes a lighter one\n/,
    )
    expect(box.read('.mycelium/launchers/memory')).toContain("\nmycelium_c=''\n")
    expect(existsSync(box.paths.bin)).toBe(false)
  })

  it('a taken-over entry starts the original server when no daemon can be had', async () => {
    verifies('LAUNCH-1')
    const box = sandbox()
    mkdirSync(join(box.home, 'bin'))
    const echo = join(box.home, 'bin/echo server')
    symlinkSync('/bin/echo', echo)
    box.put(
      '.cursor/mcp.json',
      JSON.stringify({ mcpServers: { e: { command: echo, args: ['a b', "it's"] } } }),
    )
    await run(box, 'init', '--yes')
    const { command, args } = JSON.parse(box.read('.cursor/mcp.json')).mcpServers.e
    box.put('.mycelium/run/start-failed', 'no daemon in this test\n')
    const started = await ended(command, args, { HOME: box.home, PATH: process.env.PATH }, box.project)
    expect(started).toMatchObject({ code: 0, stdout: "a b it's\n" })
  })
})
