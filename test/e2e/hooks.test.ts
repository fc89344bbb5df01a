import { spawn } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { parse } from 'jsonc-parser'
import { describe, expect, it } from 'vitest'
import { identityOf } from '../../src/core/process.ts'
import { ended } from '../fixtures/built-cli.ts'
import { cliHome } from '../fixtures/cli-home.ts'
import { PROBE, until } from '../fixtures/daemon-home.ts'
import { recordedHooks } from '../fixtures/hook-events.ts'
import { verifies } from '../requirements.ts'

const EVENTS = [
  'SessionStart',
  'UserPromptSubmit',
  'PostToolUse',
  'PostToolUseFailure',
  'SubagentStop',
  'Stop',
  'SessionEnd',
]

/** Settings as people and Claude Code write them. */
const SETTINGS: readonly (readonly [string, string])[] = [
  ['none of it', '{}'],
  ['an empty file', ''],
  ['as Claude Code prints', '{\n  "model": "opus",\n  "env": {\n    "A": "1"\n  }\n}\n'],
  [
    'comments and tabs',
    '{\n\t// mine\n\t"model": "opus", // today\n\t"hooks": {\n\t\t"PostToolUse": [\n\t\t\t{ "matcher": "Bash", "hooks": [{ "type": "command", "command": "echo" }] } // keep\n\t\t]\n\t}, // end\n}\n',
  ],
  ['odd indentation and CRLF', '{\r\n "hooks" :\r\n     { "Stop" : [ ] },\r\n  "z":1}\r\n'],
  ['one line', '{"hooks":{"Stop":[{"hooks":[{"type":"command","command":"say done"}]}]},"model":"x"}'],
  ['an empty list of hooks', '{\n    "hooks": {}\n}'],
]

const home = cliHome()
const mycelium = home.run
const settings = () => join(home.dir, '.claude/settings.json')
const text = () => readFileSync(settings(), 'utf8')
const put = (content: string) => {
  mkdirSync(dirname(settings()), { recursive: true })
  writeFileSync(settings(), content)
}

/** Runs a command of the settings as Claude Code does. */
function fire(command: string, payload: object): Promise<readonly [number | null, string, string]> {
  return new Promise((resolve) => {
    const child = spawn('/bin/sh', ['-c', command], {
      env: { PATH: '/usr/bin:/bin' },
      cwd: home.dir,
      stdio: 'pipe',
    })
    let [stdout, stderr] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (chunk) => (stdout += chunk))
    child.stderr.setEncoding('utf8').on('data', (chunk) => (stderr += chunk))
    child.stdin.on('error', () => {})
    child.stdin.end(JSON.stringify(payload))
    child.on('close', (code) => resolve([code, stdout, stderr]))
  })
}

// biome-ignore lint/suspicious/noExplicitAny: the shape is the client's
const config = (): any => parse(text(), [], { allowTrailingComma: true })
const hookCommand = (): string => config().hooks.SessionEnd.at(-1).hooks[0].command

describe('init --hooks', () => {
  it.each(SETTINGS)(
    'adds its hooks behind those of the user, once, and undo gives every byte back: %s',
    async (_, before) => {
      verifies('CLI-3')
      put(before)
      expect(await mycelium('init', '--hooks', '--statusline', '--yes')).toMatchObject({
        code: 0,
        stderr: '',
      })
      const after = text()
      const old = parse(before || '{}', [], { allowTrailingComma: true })
      for (const event of EVENTS) {
        const groups = config().hooks[event]
        expect(groups.slice(0, -1)).toEqual(old.hooks?.[event] ?? [])
        expect(groups.at(-1).matcher).toBe(event.startsWith('PostToolUse') ? '*' : undefined)
        expect(groups.at(-1).hooks).toEqual([
          { type: 'command', command: expect.stringContaining('hook claude-code'), timeout: 5 },
        ])
      }
      expect({ ...config(), hooks: undefined, statusLine: undefined }).toEqual({
        ...old,
        hooks: undefined,
        statusLine: undefined,
      })
      expect(await mycelium('init', '--hooks', '--statusline', '--yes')).toMatchObject({
        code: 0,
        stdout: 'nothing to do\n',
      })
      expect(await mycelium('init', '--yes')).toMatchObject({ code: 0, stdout: 'nothing to do\n' })
      expect(text()).toBe(after)
      expect(await mycelium('undo')).toMatchObject({ code: 0, stderr: '' })
      expect(text()).toBe(before)
      expect(readdirSync(home.dir)).toEqual(['.claude'])
    },
  )

  it.each(SETTINGS)('edited meanwhile, loses only ours: %s', async (_, before) => {
    if (before === '') return
    put(before)
    await mycelium('init', '--hooks', '--statusline', '--yes')
    writeFileSync(settings(), `${text()}\n// later\n`)
    expect((await mycelium('undo')).stdout).toContain('the other changes kept')
    expect(text()).toBe(`${before.replace('[ ]', '[]')}\n// later\n`)
  })

  it('makes the file where Claude Code has none yet, and undo removes it and its directory', async () => {
    writeFileSync(join(home.dir, '.claude.json'), '{}')
    expect((await mycelium('init', '--hooks', '--yes')).code).toBe(0)
    expect(Object.keys(config().hooks)).toEqual(EVENTS)
    expect(statSync(settings()).mode & 0o777).toBe(0o600)
    expect((await mycelium('undo')).code).toBe(0)
    expect(readdirSync(home.dir)).toEqual(['.claude.json'])
  })

  it('goes where CLAUDE_CONFIG_DIR says, and only shows in a dry run', async () => {
    const dir = join(home.dir, 'elsewhere')
    mkdirSync(dir)
    const there = (...args: string[]) =>
      ended(process.execPath, [home.bin, ...args], { ...home.env, CLAUDE_CONFIG_DIR: dir })
    const { stdout } = await there('init', '--hooks', '--dry-run')
    expect(stdout).toContain('+    "SessionStart"')
    expect(readdirSync(dir)).toEqual([])
    const { hooks } = JSON.parse((await there('init', '--hooks', '--yes', '--json')).stdout)
    expect(hooks).toEqual([{ client: 'claude-code', file: join(dir, 'settings.json'), added: EVENTS }])
    // Undo knows the place from its journal.
    expect((await mycelium('undo')).code).toBe(0)
    expect(readdirSync(dir)).toEqual([])
  })

  it('says where there is nothing to install into, and leaves a status line of the user', async () => {
    expect((await mycelium('init', '--hooks', '--yes')).stdout).toContain('none of them is in use here')
    expect(existsSync(join(home.dir, '.claude'))).toBe(false)
    mkdirSync(join(home.dir, '.codex'))
    const { stdout } = await mycelium('init', '--statusline', '--yes')
    expect(stdout).toContain('status line: Claude Code alone has one, and it is not in use here')
    expect(stdout).not.toContain('hooks:')
    put('{"statusLine": {"type": "command", "command": "mine"}}')
    expect((await mycelium('init', '--statusline', '--yes')).stdout).toContain('has another one, which stays')
    expect(config().statusLine.command).toBe('mine')
  })

  it('refuses settings it cannot be sure of, and leaves them', async () => {
    for (const bad of [
      '{"hooks": []}',
      '{"hooks": {"Stop": {}}}',
      '{"hooks": {}, "hooks": {}}',
      '{"hooks": ',
    ]) {
      put(bad)
      const { code, stderr } = await mycelium('init', '--hooks', '--yes')
      expect([code, text()]).toEqual([1, bad])
      expect(stderr).toContain('settings.json')
    }
  })

  it('finds its hooks without its journal too', async () => {
    put('{\n  "model": "opus"\n}\n')
    await mycelium('init', '--hooks', '--yes')
    rmSync(join(home.dir, '.mycelium/backups'), { recursive: true })
    expect((await mycelium('undo')).code).toBe(0)
    expect(text()).toBe('{\n  "model": "opus"\n}\n')
  })

  it('installed in two steps knows which containers were the user’s', async () => {
    const before = '{\n  "hooks": {\n    "Stop": []\n  }\n}\n'
    put(before)
    await mycelium('init', '--statusline', '--yes')
    await mycelium('init', '--hooks', '--yes')
    writeFileSync(settings(), `${text()}// later\n`)
    expect((await mycelium('undo')).code).toBe(0)
    expect(text()).toBe(`${before}// later\n`)
  })

  it('undo of another client leaves them', async () => {
    put('{}')
    await mycelium('init', '--hooks', '--yes')
    await mycelium('undo', '--client', 'codex')
    expect(Object.keys(config().hooks)).toEqual(EVENTS)
    await mycelium('undo', '--client', 'claude-code')
    expect(text()).toBe('{}')
  })

  it('installs commands that record, and that end well and silently with mycelium broken or gone', async () => {
    verifies('CLI-3')
    const copy = join(home.dir, 'package')
    for (const part of ['bin', 'dist', 'templates', 'package.json'])
      cpSync(join(dirname(home.bin), '..', part), join(copy, part), { recursive: true })
    put('{}')
    const own = (...args: string[]) =>
      ended(process.execPath, [join(copy, 'bin/mycelium.js'), ...args], home.env)
    await own('init', '--hooks', '--statusline', '--yes')
    const [hook, line] = [hookCommand(), config().statusLine.command as string]
    const payload = { hook_event_name: 'SessionEnd', session_id: 's', model: { display_name: 'Opus' } }
    expect(await fire(hook, payload)).toEqual([0, '', ''])
    const [recorded] = await recordedHooks(join(home.dir, '.mycelium'))
    expect(recorded).toMatchObject({
      event: 'SessionEnd',
      client: 'claude-code',
      clientSession: 's',
    })
    expect((await fire(line, payload))[1]).toContain('Opus')

    writeFileSync(join(copy, 'dist/hook.cjs'), 'this is no program')
    expect(await fire(hook, payload)).toEqual([0, '', ''])
    rmSync(copy, { recursive: true })
    expect(await fire(hook, payload)).toEqual([0, '', ''])
    expect(await fire(line, payload)).toEqual([0, '', ''])
    renameSync(join(home.dir, '.mycelium'), join(home.dir, 'gone'))
    expect(await fire(hook, payload)).toEqual([0, '', ''])
    expect(readdirSync(home.dir).sort()).toEqual(['.claude', 'gone'])
  })

  it('leave no process behind: what waits for them ends with undo', async () => {
    verifies('CLI-3')
    put('{}')
    const server = { command: process.execPath, args: [PROBE] }
    home.put('.claude.json', JSON.stringify({ mcpServers: { probe: server } }))
    const root = join(home.dir, '.mycelium')
    await mycelium('init', '--hooks', '--yes')
    await mycelium('daemon', 'start')
    const command = hookCommand()
    await until('something waits for hooks', async () => {
      await fire(command, { hook_event_name: 'Stop' })
      return existsSync(join(root, 'run/q.sock'))
    })
    const log = readFileSync(join(root, 'log/daemon.log'), 'utf8')
    const pid = Number(/"quick-host-started","pid":(\d+)/.exec(log)?.[1])
    expect(await fire(command, { hook_event_name: 'Stop' })).toEqual([0, '', ''])
    expect(identityOf(pid)).toBeDefined()
    expect((await mycelium('undo', '--yes')).code).toBe(0)
    expect(identityOf(pid)).toBeUndefined()
    expect(existsSync(root)).toBe(false)
    expect(await fire(command, { hook_event_name: 'Stop' })).toEqual([0, '', ''])
  })
})

/** Of the other clients: where their hooks are, what is added, and how long each is waited for, in the client's unit. */
const OTHERS = [
  {
    client: 'codex',
    file: '.codex/hooks.json',
    events: [
      'SessionStart',
      'UserPromptSubmit',
      'PostToolUse',
      'PostCompact',
      'SubagentStop',
      'Stop',
      'SessionEnd',
    ],
    timeouts: [5, 5, 5, 5, 5, 5, 3],
    handler: {},
  },
  {
    client: 'gemini-cli',
    file: '.gemini/settings.json',
    events: ['SessionStart', 'BeforeAgent', 'AfterTool', 'AfterAgent', 'SessionEnd'],
    timeouts: [5000, 5000, 5000, 5000, 5000],
    handler: { name: 'mycelium' },
  },
] as const

describe.each(OTHERS)('init --hooks for $client', ({ client, file, events, timeouts, handler }) => {
  const at = () => join(home.dir, file)
  const of = (content: string) => parse(content, [], { allowTrailingComma: true })

  it.each(SETTINGS)(
    'adds its hooks behind those of the user, once, and undo gives every byte back: %s',
    async (_, content) => {
      verifies('CLI-3')
      const before = content
        .replaceAll('PostToolUse', events[2])
        .replaceAll('"Stop"', client === 'codex' ? '"Stop"' : '"AfterAgent"')
      home.put(file, before)
      const dry = await mycelium('init', '--hooks', '--dry-run', '--json')
      expect(JSON.parse(dry.stdout).hooks).toMatchObject([{ client, file: at(), added: events }])
      expect(readFileSync(at(), 'utf8')).toBe(before)
      // A status line is none of these clients'.
      expect(await mycelium('init', '--hooks', '--statusline', '--yes')).toMatchObject({
        code: 0,
        stderr: '',
      })
      const after = readFileSync(at(), 'utf8')
      const [old, now] = [of(before || '{}'), of(after)]
      for (const [i, event] of events.entries()) {
        expect(now.hooks[event].slice(0, -1)).toEqual(old.hooks?.[event] ?? [])
        expect(now.hooks[event].at(-1)).toEqual({
          ...(/Tool/.test(event) && { matcher: '*' }),
          hooks: [
            {
              ...handler,
              type: 'command',
              command: expect.stringContaining(`hook ${client}`),
              timeout: timeouts[i],
            },
          ],
        })
      }
      expect({ ...now, hooks: undefined }).toEqual({ ...old, hooks: undefined })
      expect(await mycelium('init', '--hooks', '--statusline', '--yes')).toMatchObject({
        code: 0,
        stdout: 'nothing to do\n',
      })
      expect(readFileSync(at(), 'utf8')).toBe(after)
      writeFileSync(at(), `${after}\n// later\n`)
      expect((await mycelium('undo')).stdout).toContain('the other changes kept')
      expect(readFileSync(at(), 'utf8')).toBe(
        `${(before || '{}').replace('[ ]', '[]')}${before === '' ? '\n' : ''}\n// later\n`,
      )
      home.put(file, before)
      await mycelium('init', '--hooks', '--yes')
      expect(await mycelium('undo')).toMatchObject({ code: 0, stderr: '' })
      expect(readFileSync(at(), 'utf8')).toBe(before)
      expect(readdirSync(home.dir)).toEqual([dirname(file)])
    },
  )
})

describe('hooks beside the servers of the same file', () => {
  it('stand there together with launchers and our own server, and each way back leaves every byte as it was', async () => {
    verifies('CLI-3')
    const before = `{
  // mine
  "mcpServers": { "one": { "command": "${process.execPath}", "args": ["-e", "0"] } },
  "hooks": { "AfterTool": [] }
}
`
    const file = home.put('.gemini/settings.json', before)
    const { stdout } = await mycelium('init', '--hooks', '--mcp', '--dry-run')
    for (const added of ['"SessionStart"', '"mycelium": { "command"', 'bin/mcp'])
      expect(stdout).toContain(added)
    expect(await mycelium('init', '--yes')).toMatchObject({ code: 0, stderr: '' })
    expect(await mycelium('init', '--hooks', '--yes')).toMatchObject({ code: 0, stderr: '' })
    expect(await mycelium('init', '--mcp', '--yes')).toMatchObject({ code: 0, stderr: '' })
    const now = parse(readFileSync(file, 'utf8'))
    expect(now.mcpServers.one.command).not.toBe(process.execPath)
    expect(now.mcpServers.mycelium).toBeDefined()
    expect(now.hooks.AfterTool).toHaveLength(1)
    expect(await mycelium('undo')).toMatchObject({ code: 0, stderr: '' })
    expect(readFileSync(file, 'utf8')).toBe(before)

    await mycelium('init', '--hooks', '--mcp', '--yes')
    writeFileSync(file, `${readFileSync(file, 'utf8')}// later\n`)
    await mycelium('undo')
    expect(readFileSync(file, 'utf8')).toBe(`${before}// later\n`)
  })

  it('says what Codex wants before it runs them, and only of Codex', async () => {
    home.put('.gemini/settings.json', '{}')
    expect((await mycelium('init', '--hooks', '--yes')).stdout).not.toContain('/hooks')
    home.put('.codex/config.toml', '')
    const { stdout } = await mycelium('init', '--hooks', '--yes', '--json')
    expect(JSON.parse(stdout).hooks).toMatchObject([
      { client: 'codex', needs: expect.stringContaining('/hooks') },
    ])
    await mycelium('undo')
    expect((await mycelium('init', '--hooks', '--yes')).stdout).toContain('start codex, enter /hooks')
    expect(readFileSync(join(home.dir, '.codex/config.toml'), 'utf8')).toBe('')
  })
})
