import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, renameSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest'
import { runAlone } from '../../src/core/daemon/alone.ts'
import { builtCli, type Ended, ended } from '../fixtures/built-cli.ts'
import { type Sandbox, sandbox } from '../fixtures/configs/sandbox.ts'
import { until } from '../fixtures/daemon-home.ts'
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
    expect(stdout).toContain(`-command = "npx" # …\n`)
    expect(stdout).toContain(`+command = "${box.paths.launchers}/memory" # …\n`)
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
    expect((await run(box, 'undo', '--yes')).stdout).toBe('nothing to undo\n')
  })

  it('--json is one object with changes, servers, what was left and problems, and holds no value of a variable', async () => {
    verifies('LAUNCH-1')
    const box = home()
    box.put('.cursor/mcp.json', '{"mcpServers":\n  oops')
    const { code, stdout } = await run(box, 'init', '--yes', '--json')
    expect(code).toBe(1)
    const answer = JSON.parse(stdout)
    expect(Object.keys(answer).sort()).toEqual([
      'changed',
      'dryRun',
      'hooks',
      'left',
      'mcp',
      'problems',
      'relay',
      'servers',
    ])
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

  it('in a directory where init never ran removes nothing, and says so', async () => {
    verifies('LAUNCH-1')
    const box = sandbox()
    box.put('data/backups/db.sql', 'x')
    mkdirSync(join(box.home, 'data/log'))
    const env = { HOME: box.home, PATH: process.env.PATH, MYCELIUM_HOME: join(box.home, 'data') }
    const undone = await ended(process.execPath, [cli, 'undo'], env, box.project)
    expect(undone).toMatchObject({ code: 0, stdout: 'nothing to undo\n' })
    expect(readdirSync(join(box.home, 'data'))).toEqual(['backups', 'log'])
    expect(box.read('data/backups/db.sql')).toBe('x')
  })

  it('that finds nothing leaves no trace', async () => {
    const box = sandbox()
    box.put('.mycelium/config.json', '{}')
    expect((await run(box, 'init', '--yes')).stdout).toBe('nothing to do\n')
    expect(readdirSync(box.paths.root)).toEqual(['config.json'])
  })

  it('says that nothing was undone when every undo failed', async () => {
    verifies('LAUNCH-1')
    const box = sandbox()
    box.put('.cursor/mcp.json', '{"mcpServers":{"k":{"command":"k"}}}')
    await run(box, 'init', '--yes')
    box.put('.cursor/mcp.json', '{')
    const undone = await run(box, 'undo')
    expect([undone.code, undone.stdout]).toEqual([1, 'nothing was undone\n'])
    expect(undone.stderr).toMatch(/^cursor: .*mcp\.json:1:2: .*\n {2}next: /)
  })

  it('names what was changed beside what failed, in text and in JSON', async () => {
    verifies('LAUNCH-1')
    for (const json of [false, true]) {
      const box = sandbox()
      box.put('.claude.json', '{"mcpServers":{"a":{"command":"a"}}}')
      const pad = 'x'.repeat(400_000)
      const large = `{"pad":"${pad}","mcpServers":{"b":{"command":"b"}}}`
      box.put('.cursor/mcp.json', large)
      // No file may become longer than 200 blocks of 512 or 1024 bytes.
      const script = `ulimit -f 200; exec "$@" init --yes ${json ? '--json' : ''}`
      const { code, stdout, stderr } = await ended(
        '/bin/sh',
        ['-c', script, 'sh', process.execPath, cli],
        { HOME: box.home, PATH: process.env.PATH },
        box.project,
      )
      expect(code).toBe(1)
      expect(box.read('.cursor/mcp.json')).toBe(large)
      if (json) {
        const { changed, problems } = JSON.parse(stdout)
        expect(changed).toMatchObject([{ client: 'claude-code', servers: ['a'] }])
        expect(problems).toMatchObject([{ file: join(box.home, '.cursor/mcp.json'), code: 'write_failed' }])
      } else {
        expect(stdout).toContain(`${join(box.home, '.claude.json')}: a changed\n`)
        expect(stdout).toContain('1 entry in 1 file changed')
        expect(stderr).toContain('EFBIG')
      }
      expect(readdirSync(box.paths.launchers)).toEqual(['a'])
    }
  })

  it('Ctrl-C stops it between two files: exit 130, what was done is reported, and undo takes it back', async () => {
    verifies('LAUNCH-1')
    const box = home()
    const files = Array.from({ length: 400 }, (_, n) => `.continue/mcpServers/s${n}.json`)
    const before = '{"mcpServers":{"k":{"command":"k"}}}'
    for (const file of files) box.put(`project/${file}`, before)
    const child = spawn(process.execPath, [cli, 'init', '--yes', '--json'], {
      env: { HOME: box.home, PATH: process.env.PATH },
      cwd: box.project,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let stdout = ''
    child.stdout.on('data', (chunk) => (stdout += chunk))
    const exited = once(child, 'close')
    await until('the first file is changed', () => box.read('.claude.json') !== CLAUDE)
    child.kill('SIGINT')
    expect(await exited).toEqual([130, null])
    const { changed, problems } = JSON.parse(stdout)
    expect(problems).toMatchObject([{ code: 'interrupted' }])
    const written = files.filter((file) => box.read(`project/${file}`) !== before)
    expect(changed.length).toBe(written.length + 2)
    expect(written.length).toBeLessThan(files.length)
    expect((await run(box, 'undo')).code).toBe(0)
    expect(files.every((file) => box.read(`project/${file}`) === before)).toBe(true)
    expect([box.read('.claude.json'), box.read('.codex/config.toml')]).toEqual([CLAUDE, CODEX])
    expect(existsSync(box.paths.root)).toBe(false)
  })

  it('a daemon that does not answer is named; the configs are restored, and a second undo ends it', async () => {
    verifies('LAUNCH-1')
    const box = home()
    await run(box, 'init', '--yes')
    await run(box, 'daemon', 'start')
    const { pid } = JSON.parse((await run(box, 'daemon', 'status', '--json')).stdout)
    process.kill(pid, 'SIGSTOP')
    onTestFinished(() => {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {}
    })
    const undone = await run(box, 'undo')
    expect(undone.code).toBe(1)
    expect(undone.stdout.match(/as it was, byte for byte/g)).toHaveLength(2)
    expect(undone.stderr).toContain(`next: kill -KILL ${pid}`)
    expect([box.read('.claude.json'), box.read('.codex/config.toml')]).toEqual([CLAUDE, CODEX])
    process.kill(pid, 'SIGCONT')
    expect((await run(box, 'undo')).stdout).toContain('daemon stopped')
    expect(existsSync(box.paths.root)).toBe(false)
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
