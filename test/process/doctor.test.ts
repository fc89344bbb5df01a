import { spawn } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openDatabase } from '../../src/core/events/db.ts'
import { identityOf } from '../../src/core/process.ts'
import { builtCli, type Ended, ended } from '../fixtures/built-cli.ts'
import { type DaemonHome, daemonHome, PROBE, until } from '../fixtures/daemon-home.ts'
import { verifies } from '../requirements.ts'

/** As `--json` prints it. */
interface Found {
  readonly id: string
  readonly severity: string
  readonly subject: string
  readonly message: string
  readonly fix: string | null
  readonly fixable: boolean
}

let bin: string
let home: DaemonHome
let env: Record<string, string>
beforeAll(() => {
  bin = builtCli()
})
beforeEach(async () => {
  home = daemonHome()
  env = { ...home.env, MYCELIUM_HOME: home.paths.root }
  put('.claude.json', JSON.stringify({ mcpServers: { probe: { command: process.execPath, args: [PROBE] } } }))
  expect((await mycelium('init', '--yes')).code).toBe(0)
})
afterEach(() => home.close())

const mycelium = (...args: string[]): Promise<Ended> => ended(process.execPath, [bin, ...args], env, home.dir)
const at = (path: string) => join(home.dir, path)
const launcher = () => join(home.paths.launchers, 'probe')

function put(path: string, text: string, mode = 0o600): string {
  const file = at(path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text, { mode })
  return file
}

async function findings(...args: string[]): Promise<readonly Found[]> {
  const { stdout } = await mycelium('doctor', '--json', ...args)
  return JSON.parse(stdout).findings
}

const bad = async (...args: string[]) =>
  (await findings(...args)).filter(({ severity }) => !['ok', 'advice'].includes(severity))

/** A pid that nobody has. */
async function endedPid(): Promise<number> {
  const child = spawn('/bin/true')
  await new Promise((resolve) => child.once('exit', resolve))
  await until('it is gone', () => identityOf(child.pid!) === undefined)
  return child.pid!
}

/** Leaves a socket whose process was killed. */
async function abandoned(socket: string): Promise<void> {
  const script = `require('net').createServer().listen(${JSON.stringify(socket)},()=>process.kill(process.pid,'SIGKILL'))`
  const child = spawn(process.execPath, ['-e', script])
  await new Promise((resolve) => child.once('exit', resolve))
  expect(statSync(socket).isSocket()).toBe(true)
}

/** Puts the trouble into the home. */
type Trouble = () => unknown

/** What `--fix` mends: finding, severity, and how to get it. */
const MENDED: readonly (readonly [string, string, Trouble])[] = [
  ['launcher-stale', 'warning', () => appendFileSync(launcher(), '# older\n')],
  ['launcher-missing', 'error', () => rmSync(launcher())],
  ['launcher-not-executable', 'error', () => chmodSync(launcher(), 0o600)],
  [
    'lock-stale',
    'warning',
    () => writeFileSync(join(home.paths.run, 'daemon.7'), '{"pid":1,"startTime":"0","boot":"x"}'),
  ],
  ['lock-stale', 'warning', () => writeFileSync(join(home.paths.run, 'configs.9'), 'nonsense')],
  ['socket-stale', 'warning', () => abandoned(home.paths.socket)],
  ['socket-stale', 'warning', () => abandoned(home.paths.quickSocket)],
  [
    'draining-stale',
    'warning',
    async () => writeFileSync(join(home.paths.run, `draining-${await endedPid()}`), '{}'),
  ],
  [
    'temporary-left',
    'warning',
    async () => writeFileSync(`${home.paths.registry}.${await endedPid()}.0123abcd.tmp`, ''),
  ],
  ['directory-open', 'error', () => chmodSync(home.paths.launchers, 0o777)],
  ['directory-open', 'error', () => chmodSync(home.paths.root, 0o755)],
  ['file-open', 'error', () => chmodSync(launcher(), 0o777)],
  [
    'file-open',
    'error',
    async () => {
      const database = await openDatabase({ file: home.paths.database, write: true })
      database.close()
      chmodSync(home.paths.database, 0o644)
    },
  ],
]

/** What only the user can mend. */
const NAMED: readonly (readonly [string, string, Trouble, string])[] = [
  [
    'entry-new',
    'warning',
    () => put('.cursor/mcp.json', '{"mcpServers":{"more":{"command":"more"}}}'),
    'mycelium init',
  ],
  ['config-unusable', 'warning', () => put('.cursor/mcp.json', '{"mcpServers":'), 'mend the file'],
  [
    'launcher-unknown',
    'error',
    () => writeFileSync(home.paths.registry, '{"version":1,"servers":[]}'),
    'mycelium init',
  ],
  ['registry-invalid', 'error', () => writeFileSync(home.paths.registry, '{'), 'mycelium init --yes'],
  ['config-invalid', 'error', () => writeFileSync(home.paths.settings, '['), 'mend the file'],
  [
    'database-broken',
    'error',
    () => writeFileSync(home.paths.database, 'none', { mode: 0o600 }),
    'move the file',
  ],
  [
    'database-newer',
    'error',
    async () => {
      const database = await openDatabase({ file: home.paths.database, write: true })
      await database.connection.run("UPDATE meta SET value = '99' WHERE key = 'schema_version'")
      database.close()
    },
    'use the version',
  ],
  ['directory-blocked', 'error', () => writeFileSync(join(home.paths.root, 'events'), ''), 'mv '],
  [
    'daemon-start-failed',
    'warning',
    () => writeFileSync(join(home.paths.run, 'start-failed'), 'no reason\n'),
    'mycelium daemon logs',
  ],
  [
    'server-command-missing',
    'error',
    () => {
      const text = readFileSync(at('.claude.json'), 'utf8')
      writeFileSync(at('.claude.json'), text.replaceAll(JSON.stringify(process.execPath), '"/no/such"'))
    },
    'check the command',
  ],
  [
    'server-start-failed',
    'warning',
    () => {
      const event = {
        at: new Date().toISOString(),
        event: 'upstream-start-failed',
        server: 'probe',
        because: 'exit 3',
      }
      appendFileSync(join(home.paths.log, 'daemon.log'), `${JSON.stringify(event)}\n`)
    },
    'mycelium daemon logs --server probe',
  ],
  [
    'daemon-bug',
    'warning',
    () =>
      appendFileSync(
        join(home.paths.log, 'daemon.log'),
        `${JSON.stringify({ at: new Date().toISOString(), event: 'bug' })}\n`,
      ),
    'mycelium daemon logs',
  ],
]

describe('mycelium doctor', () => {
  it('finds nothing wrong in a home that is in order, and says what it looked at', async () => {
    verifies('CLI-3', 'LAUNCH-6')
    const found = await findings()
    expect(found.filter(({ severity }) => severity === 'error' || severity === 'warning')).toEqual([])
    const looked = new Set(found.map(({ id }) => id))
    for (const id of [
      'node-version',
      'directories',
      'disk',
      'daemon',
      'run-files',
      'launcher',
      'relay',
      'client-found',
    ])
      expect(looked).toContain(id)
    expect((await mycelium('doctor')).code).toBe(0)
  })

  it.each(MENDED)(
    '%s (%s): named with the command, mended by --fix, and clean the second time',
    async (id, severity, trouble) => {
      verifies('CLI-3')
      await trouble()
      const before = await bad()
      expect(before).toMatchObject([{ id, severity, fixable: true, fix: expect.any(String) }])
      expect((await mycelium('doctor')).code).toBe(severity === 'error' ? 1 : 0)
      const { stdout, code } = await mycelium('doctor', '--fix', '--json')
      expect(JSON.parse(stdout)).toMatchObject({
        ok: true,
        fixed: [{ id, did: expect.not.stringContaining('not done') }],
      })
      expect(code).toBe(0)
      expect(await bad()).toEqual([])
      expect(JSON.parse((await mycelium('doctor', '--fix', '--json')).stdout).fixed).toEqual([])
      expect(statSync(launcher()).mode & 0o777).toBe(statSync(launcher()).mode & 0o755)
    },
  )

  it.each(NAMED)(
    '%s (%s): named with the next step, and left to the user',
    async (id, severity, trouble, fix) => {
      verifies('CLI-3')
      await trouble()
      const found = (await bad('--fix')).filter((one) => one.id === id)
      expect(found).toMatchObject([{ id, severity, fixable: false, fix: expect.stringContaining(fix) }])
    },
  )

  it('names a daemon that does not answer, one that drains, and one of another version', async () => {
    verifies('CLI-3')
    ;(await home.start()).close()
    const agent = await home.agent('probe')
    await agent.initialize()
    const { pid } = await home.status()
    process.kill(pid, 'SIGSTOP')
    try {
      expect(await bad()).toMatchObject([
        { id: 'daemon-silent', severity: 'error', fix: `kill -KILL ${pid}` },
      ])
    } finally {
      process.kill(pid, 'SIGCONT')
    }
    await mycelium('daemon', 'restart')
    expect((await findings()).find(({ id }) => id === 'daemon-draining')?.message).toContain(`pid ${pid} `)
    agent.kill()
  })

  it('names what outlived daemon and watcher, and --fix ends it', async () => {
    verifies('CLI-3', 'POOL-3')
    const agent = await home.agent('probe')
    await agent.initialize()
    const { pid, watcherPid } = await home.status()
    const [record] = readdirSync(join(home.paths.run, 'upstreams'))
    process.kill(watcherPid!, 'SIGKILL')
    process.kill(pid, 'SIGKILL')
    await until('the daemon is gone', () => identityOf(pid) === undefined)
    // The server ends by itself when its input does; another process of ours stands in for one that does not.
    const child = spawn('/bin/sleep', ['60'], { detached: true })
    const file = join(home.paths.run, 'upstreams', record!)
    const text = JSON.parse(readFileSync(file, 'utf8'))
    writeFileSync(file, JSON.stringify({ ...text, root: identityOf(child.pid!) }))
    const ending = new Promise((resolve) => child.once('exit', resolve))
    expect((await bad()).find(({ id }) => id === 'process-left')).toMatchObject({
      severity: 'error',
      fixable: true,
    })
    await mycelium('doctor', '--fix')
    await ending
    expect((await bad()).filter(({ severity }) => severity === 'error')).toEqual([])
  })

  it('names servers that crash and servers that are paused', async () => {
    verifies('CLI-3')
    const agent = await home.agent('probe')
    await agent.initialize()
    await mycelium('server', 'pause', 'probe')
    expect(await bad()).toMatchObject([{ id: 'server-paused', fix: 'mycelium server resume probe' }])
  })

  it('proposes to share a server that asked nothing, with the evidence, and no longer once the user decided', async () => {
    verifies('CLI-3')
    const agent = await home.agent('probe')
    await agent.initialize()
    await agent.request('tools/list')
    const advice = await until('there is evidence', async () =>
      (await findings()).find(({ id }) => id === 'server-could-share'),
    )
    expect(advice).toMatchObject({ severity: 'advice', subject: 'probe', fixable: false })
    expect(advice.message).toMatch(
      /^1 session, \d process(es)?; \d+ of \d+ tools are declared read-only; it asked nothing of agents in \d+ calls?$/,
    )
    expect(advice.fix).toMatch(/^mycelium server share probe (call|shared)$/)
    await mycelium('server', 'share', 'probe', 'session')
    expect((await findings()).map(({ id }) => id)).not.toContain('server-could-share')
  })

  it('knows clients by their program, by its package or by asking, for 3 s at most', async () => {
    verifies('CLI-3')
    put('bin/codex', '#!/bin/sh\necho codex-cli 1.2.3\n', 0o755)
    put('lib/node_modules/gem/package.json', '{"name":"gem","version":"4.5.6"}')
    put('lib/node_modules/gem/gemini.js', '#!/bin/sh\nexit 1\n', 0o755)
    symlinkSync(at('lib/node_modules/gem/gemini.js'), at('bin/gemini'))
    put('bin/opencode', '#!/bin/sh\nsleep 60\n', 0o755)
    env = { ...env, PATH: `${at('bin')}:${env.PATH}` }
    const since = performance.now()
    const found = await findings()
    expect(performance.now() - since).toBeLessThan(15_000)
    const of = (client: string) =>
      found.find(({ id, subject }) => id.startsWith('client-') && subject === client)
    expect(of('codex')?.message).toContain('Codex 1.2.3')
    expect(of('gemini-cli')?.message).toContain('Gemini CLI 4.5.6')
    expect(of('opencode')).toMatchObject({ id: 'client-version-unknown', severity: 'advice' })
    expect(of('claude-code')?.message).toContain('a config, no program on PATH')
  })

  it('shows the version that npx servers are pinned to, and its drift', async () => {
    verifies('LAUNCH-6', 'CLI-3')
    const { createHash } = await import('node:crypto')
    put('bin/npx', '#!/bin/sh\nexit 1\n', 0o755)
    env = { ...env, PATH: `${at('bin')}:${env.PATH}` }
    const cached = (spec: string, name: string, version: string) => {
      const dir = `.npm/_npx/${createHash('sha512').update(spec).digest('hex').slice(0, 16)}`
      put(`${dir}/package.json`, JSON.stringify({ _npx: { packages: [spec] } }))
      put(
        `${dir}/node_modules/${name}/package.json`,
        JSON.stringify({ name, version, bin: { [name]: 'x.js' } }),
      )
      put(`${dir}/node_modules/${name}/x.js`, '#!/usr/bin/env node\n', 0o755)
      mkdirSync(at(`${dir}/node_modules/.bin`))
      symlinkSync(at(`${dir}/node_modules/${name}/x.js`), at(`${dir}/node_modules/.bin/${name}`))
    }
    cached('my-mcp', 'my-mcp', '1.0.0')
    cached('other-mcp@2.0.0', 'other-mcp', '1.9.0')
    const entry = (spec: string) => ({ command: 'npx', args: ['-y', spec] })
    put(
      '.cursor/mcp.json',
      JSON.stringify({ mcpServers: { mine: entry('my-mcp'), other: entry('other-mcp@2.0.0') } }),
    )
    await mycelium('init', '--yes')
    const found = await findings()
    const of = (server: string) =>
      found.find(({ id, subject }) => id.startsWith('server-') && subject === server)
    expect(of('mine')).toMatchObject({
      id: 'server-version',
      message: 'pinned to my-mcp 1.0.0, installed in the npx cache',
    })
    expect(of('other')).toMatchObject({ id: 'server-version-drift', severity: 'warning' })
    expect(of('other')?.message).toContain('the npx cache holds 1.9.0')
    expect(of('other')?.fix).toBe('npx -y -p other-mcp@2.0.0 true && mycelium server restart other')
  })

  it('follows hooks: not installed, firing, partial, disabled, silent, and their program gone', async () => {
    verifies('CLI-3')
    const hooks = async () => (await findings()).filter(({ id }) => id.startsWith('hook'))
    expect(await hooks()).toMatchObject([
      { id: 'hooks-not-installed', severity: 'advice', fix: 'mycelium init --hooks' },
    ])
    await mycelium('init', '--hooks', '--yes')
    expect(await hooks()).toMatchObject([
      { id: 'hooks', severity: 'ok', message: '7 installed, none has fired yet' },
    ])
    await mycelium('hook', 'claude-code', 'Stop')
    expect((await hooks())[0]?.message).toMatch(/^7 installed, the last one fired 0 min ago$/)

    const file = at('.claude/settings.json')
    const whole = readFileSync(file, 'utf8')
    const transcript = put('.claude/projects/p/s.jsonl', '')
    const later = Date.now() / 1000 + 7200
    utimesSync(transcript, later, later)
    expect(await hooks()).toMatchObject([{ id: 'hooks-silent', severity: 'warning' }])
    rmSync(transcript)

    writeFileSync(file, whole.replace('"Stop"', '"Other"'))
    expect(await hooks()).toMatchObject([{ id: 'hooks-partial', message: 'not installed for Stop' }])
    writeFileSync(file, whole.replace('{', '{ "disableAllHooks": true,'))
    expect(await hooks()).toMatchObject([{ id: 'hooks-disabled' }])
    writeFileSync(file, whole)
    rmSync(join(home.paths.bin, 'quiet'))
    expect(await hooks()).toMatchObject([{ id: 'hook-program-stale', fixable: true }])
    await mycelium('doctor', '--fix')
    expect(await hooks()).toMatchObject([{ id: 'hooks' }])
    expect(existsSync(join(home.paths.bin, 'quiet'))).toBe(true)
  })

  it('follows the hooks of Codex and Gemini CLI, each by its own words for off and for trust', async () => {
    verifies('CLI-3')
    put('.codex/config.toml', '')
    put('.gemini/settings.json', '{}')
    const of = async (client: string) =>
      (await findings()).filter(({ id, subject }) => id.startsWith('hook') && subject === client)
    for (const client of ['codex', 'gemini-cli'])
      expect(await of(client)).toMatchObject([{ id: 'hooks-not-installed', fix: 'mycelium init --hooks' }])
    await mycelium('init', '--hooks', '--yes')
    expect(await of('gemini-cli')).toMatchObject([
      { id: 'hooks', message: '5 installed, none has fired yet' },
    ])
    expect(await of('codex')).toMatchObject([
      { id: 'hooks-untrusted', severity: 'warning', fix: expect.stringContaining('/hooks') },
    ])
    const state = (event: string) =>
      `[hooks.state."${at('.codex/hooks.json')}:${event}:0:0"]\ntrusted_hash = "sha256:0"\n`
    const all = [
      'session_start',
      'user_prompt_submit',
      'post_tool_use',
      'post_compact',
      'subagent_stop',
      'stop',
    ]
    put('.codex/config.toml', all.map(state).join(''))
    expect((await of('codex'))[0]?.message).toMatch(/not yet: SessionEnd$/)
    put('.codex/config.toml', [...all, 'session_end'].map(state).join(''))
    expect(await of('codex')).toMatchObject([{ id: 'hooks', message: '7 installed, none has fired yet' }])
    put('.codex/config.toml', '[features]\nhooks = false\n')
    expect(await of('codex')).toMatchObject([{ id: 'hooks-disabled' }])

    const whole = readFileSync(at('.gemini/settings.json'), 'utf8')
    for (const off of ['"enabled": false', '"disabled": ["mycelium"]']) {
      put('.gemini/settings.json', whole.replace('{', `{ "hooksConfig": { ${off} },`))
      expect(await of('gemini-cli')).toMatchObject([{ id: 'hooks-disabled' }])
    }
    put('.gemini/settings.json', whole.replace('"AfterAgent"', '"Other"'))
    expect(await of('gemini-cli')).toMatchObject([
      { id: 'hooks-partial', message: 'not installed for AfterAgent' },
    ])
    put('.gemini/settings.json', whole)
    const transcript = put('.gemini/tmp/work/chats/session-1.jsonl', '')
    const later = Date.now() / 1000 + 7200
    utimesSync(transcript, later, later)
    expect(await of('gemini-cli')).toMatchObject([{ id: 'hooks-silent' }])
  })

  it('names who holds the database', async () => {
    verifies('CLI-3')
    const held = await openDatabase({ file: home.paths.database, write: true })
    try {
      const found = (await findings()).filter(({ id }) => id === 'database-locked')
      expect(found).toMatchObject([
        { severity: 'warning', message: expect.stringContaining(`PID ${process.pid}`) },
      ])
    } finally {
      held.close()
    }
  }, 30_000)

  it('in a home where nothing was set up finds its way, and makes nothing', async () => {
    const empty = at('empty')
    mkdirSync(empty)
    const { code, stdout } = await ended(process.execPath, [bin, 'doctor', '--fix'], {
      HOME: empty,
      PATH: '/nowhere',
    })
    expect(code).toBe(0)
    expect(stdout).toContain('no coding agent was found')
    expect(readdirSync(empty)).toEqual([])
  })

  it('prints worst first, within the width, and ends with the count and the next command', async () => {
    rmSync(launcher())
    put('.cursor/mcp.json', '{"mcpServers":{"more":{"command":"more"}}}')
    env = { ...env, COLUMNS: '80' }
    const { stdout } = await mycelium('doctor')
    const heads = stdout.split('\n').filter((line) => /^[A-Z]+$/.test(line))
    expect(heads).toEqual(['ERRORS', 'WARNINGS', 'ADVICE', 'FINE'])
    expect(stdout).toMatch(/\n1 error, 1 warning, 1 piece of advice\n {2}next: mycelium doctor --fix\n$/)
    expect(stdout).not.toContain('\u001b')
  })
})
