import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { declaredEntries } from '../../src/core/clients/declared.ts'
import { knownServers } from '../../src/core/clients/known-servers.ts'
import { redacted } from '../../src/core/clients/redact.ts'
import { idStem } from '../../src/core/clients/server-id.ts'
import { nearest } from '../../src/core/nearest.ts'
import { sandbox } from '../fixtures/configs/sandbox.ts'
import { verifies } from '../requirements.ts'

const config = (servers: object) => JSON.stringify({ mcpServers: servers })

describe('an entry', () => {
  it('whose name is written twice is left, and so is one with a key twice or in a doubled list', () => {
    verifies('LAUNCH-1')
    const box = sandbox()
    box.put(
      '.cursor/mcp.json',
      '{"mcpServers":{"a":{"command":"1"},"a":{"command":"2"},"b":{"command":"x","command":"y"},"c":{"command":"c"}}}',
    )
    box.put('.factory/mcp.json', '{"mcpServers":{"d":{"command":"d"}},"mcpServers":{}}')
    expect(box.find().found.map(({ name, reason }) => [name, reason])).toEqual([
      ['a', 'the name appears twice'],
      ['a', 'the name appears twice'],
      ['b', '"command" appears twice in the entry'],
      ['c', ''],
      ['d', '"mcpServers" appears twice in the file'],
    ])
  })

  it('whose command only the client or a shell could start is left', () => {
    const box = sandbox()
    const spaced = box.put('with space/server', '')
    const servers = {
      tilde: { command: '~/bin/x' },
      shell: { command: 'npx -y thing' },
      file: { command: spaced },
      blank: { command: ' ' },
      nul: { command: 'a\0b' },
      other: { command: '/elsewhere/launchers/x', args: ['--client=cursor', 'y'] },
    }
    box.put('.cursor/mcp.json', config(servers))
    expect(
      Object.fromEntries(box.find().found.map(({ name, reason }) => [name, reason.split(':')[0]])),
    ).toEqual({
      tilde: 'its command starts with ~, which only the client expands',
      shell: 'its command holds spaces and names no file',
      file: '',
      blank: 'broken',
      nul: 'broken',
      other: 'taken over by another mycelium home',
    })
  })

  it('of a plugin or an extension is listed and left', () => {
    verifies('LAUNCH-1')
    const box = sandbox()
    box.put('.claude/plugins/cache/market/tool/1.0.0/.mcp.json', config({ p: { command: 'p' } }))
    box.put('.gemini/extensions/ext/gemini-extension.json', config({ e: { command: 'e' } }))
    expect(box.find().found.map(({ name, verdict, scope }) => [name, verdict, scope])).toEqual([
      ['p', 'leave', 'managed'],
      ['e', 'leave', 'managed'],
    ])
  })

  it('is found where environment variables move the config, and in the git root of the project', () => {
    const box = sandbox()
    const env = {
      HOME: box.home,
      CLAUDE_CONFIG_DIR: join(box.home, 'cl'),
      CODEX_HOME: join(box.home, 'cx'),
      XDG_CONFIG_HOME: join(box.home, 'xdg'),
      OPENCODE_CONFIG: join(box.home, 'oc.jsonc'),
    }
    box.put('cl/.claude.json', config({ a: { command: 'a' } }))
    box.put('cx/config.toml', '[mcp_servers.b]\ncommand = "b"\n')
    box.put('xdg/opencode/opencode.json', '{"mcp":{"c":{"command":["c"]}}}')
    box.put('oc.jsonc', '{"mcp":{"d":{"command":["d"]}}}')
    mkdirSync(join(box.project, '.git'))
    box.put('project/.mcp.json', config({ e: { command: 'e' } }))
    box.put('project/deep/er/.cursor/mcp.json', config({ f: { command: 'f' } }))
    const where = { ...box.where, env, cwd: join(box.project, 'deep/er') }
    expect(declaredEntries(where).map((entry) => entry.name)).toEqual(['a', 'e', 'b', 'c', 'd', 'f'])
  })

  it('gives names of variables to everyone, values to nobody but the one that warms', () => {
    verifies('LAUNCH-1')
    const box = sandbox()
    const envFile = box.put('vars.env', '# x\nFILED=filed-secret\nexport ALSO = y\n')
    const entry = {
      command: 'npx',
      args: ['${HOME}', '${MISSING:-d}'],
      env: { TOKEN: 'hush', H: '${HOME}/x' },
    }
    box.put('.claude.json', config({ a: entry }))
    box.put(
      '.cursor/mcp.json',
      config({ b: { command: 'b', envFile }, c: { command: 'c', args: ['${input:k}'] } }),
    )
    box.put(
      '.codex/config.toml',
      '[mcp_servers.d]\ncommand = "d"\nenv_vars = ["P", { name = "Q" }]\ncwd = "sub"\n',
    )
    const { found } = box.find()
    expect(Object.fromEntries(found.map(({ name, envNames }) => [name, envNames]))).toEqual({
      a: ['H', 'TOKEN'],
      b: ['ALSO', 'FILED'],
      c: [],
      d: ['P', 'Q'],
    })
    expect(JSON.stringify(found)).not.toContain('hush')
    const declared = Object.fromEntries(declaredEntries(box.where).map((row) => [row.name, row]))
    expect(declared.a).toMatchObject({
      argv: ['npx', box.home, 'd'],
      env: { TOKEN: 'hush', H: `${box.home}/x` },
      cwd: box.project,
      unresolved: [],
    })
    expect(declared.b!.unresolved).toEqual(['envFile'])
    expect(declared.c!.unresolved).toEqual(['${input:k}'])
    expect(declared.d!.cwd).toBe(join(box.project, 'sub'))
  })

  it('is declared with its original command after it was taken over', async () => {
    const box = sandbox()
    box.put('.claude.json', config({ a: { command: 'npx', args: ['-y', 'x'], env: { T: '1' } } }))
    const before = declaredEntries(box.where)
    await box.init()
    expect(declaredEntries(box.where)).toEqual(before.map((entry) => ({ ...entry, id: 'a' })))
    expect(JSON.stringify(knownServers(box.paths))).not.toContain('"1"')
  })
})

describe('the id of a server', () => {
  const NAMES = [
    'a b',
    'a/b',
    '../..',
    '..',
    '.hidden',
    '',
    'Ünï',
    '日本',
    '__proto__',
    'constructor',
    '-x',
    'x'.repeat(300),
    'a\nb',
    '$(id)',
    "it's",
  ]

  it('is a safe file name whatever the name, and the name in the config stays', async () => {
    verifies('LAUNCH-1')
    const box = sandbox()
    const servers = NAMES.map((name, index) => `${JSON.stringify(name)}:{"command":"c${index}"}`).join(',')
    box.put('.cursor/mcp.json', `{"mcpServers":{${servers}}}`)
    expect((await box.init()).changed[0]!.servers).toEqual(NAMES)
    const known = knownServers(box.paths).servers
    expect(known.map((server) => server.name).sort()).toEqual([...NAMES].sort())
    expect(new Set(known.map((server) => server.id)).size).toBe(NAMES.length)
    for (const { id } of known) expect(id).toMatch(/^[a-z0-9_][a-z0-9._-]{0,63}$/)
    expect(box.find().found.map((found) => found.name)).toEqual(NAMES)
    await box.undo()
    expect(box.read('.cursor/mcp.json')).toBe(`{"mcpServers":{${servers}}}`)
  })

  it('is one for the same name and command in several clients, and two for two commands', async () => {
    verifies('LAUNCH-1')
    const box = sandbox()
    box.put(
      '.claude.json',
      config({ a: { command: 'npx', args: ['x'] }, A: { command: 'npx', args: ['x'] } }),
    )
    box.put('.cursor/mcp.json', config({ a: { command: 'npx', args: ['x'] } }))
    box.put('.codex/config.toml', '[mcp_servers.a]\ncommand = "npx"\nargs = ["y"]\n')
    await box.init()
    const known = knownServers(box.paths).servers
    expect(
      known.map((server) => [server.id.replace(/-[0-9a-f]{4}$/, '-hash'), server.sources.length]),
    ).toEqual([
      ['a', 2],
      ['a-hash', 1],
      ['a-hash', 1],
    ])
  })

  it('never starts with a dot or a dash', () => {
    expect([idStem('..'), idStem('-rf'), idStem('.a'), idStem('')]).toEqual(['server', 'rf', 'a', 'server'])
  })
})

describe('what a diff shows', () => {
  it.each([
    [
      'json',
      '{"key":"SECRET","mcpServers":{"a":{"command":"npx","args":["-y"],"env":{"T":"SECRET"},"headers":{"A":"SECRET"}}}}',
    ],
    [
      'toml',
      'k = "SECRET"\nm = """\nSECRET\n"""\n[mcp_servers.a]\ncommand = "npx"\nargs = ["-y"]\nenv = { T = "SECRET" }\n',
    ],
    ['yaml', 'k: SECRET\nextensions:\n  a:\n    cmd: npx\n    args: [-y]\n    envs: { T: SECRET }\n'],
  ] as const)('hides every %s value that is no command or argument, and keeps the lines', (format, text) => {
    verifies('LAUNCH-1')
    const shown = redacted(text, format, 'f')
    expect(shown).not.toContain('SECRET')
    expect(shown).toContain('npx')
    expect(shown).toContain('-y')
    expect(shown.split('\n').length).toBe(text.split('\n').length)
  })

  it.each([
    [
      'yaml',
      'extensions:\n  mem: &m\n    cmd: npx # SECRET\n    envs:\n      GT: SECRET\n  other: *m\n  k: {cmd: npx, envs: {N: 1234567}}\n',
    ],
    [
      'yaml',
      '# SECRET\nextensions:\n  a:\n    cmd: "#npx" # SECRET\n    # T: SECRET\n    args: [a#b]\n    note: |\n      # SECRET\n',
    ],
    [
      'toml',
      '# SECRET\n[mcp_servers.a]\ncommand = "npx" # SECRET\n[mcp_servers.a.env]\nT = "#" # T=SECRET\n',
    ],
    [
      'json',
      '{ // SECRET\n "mcpServers": { "a": { "command": "npx", /* SECRET\n SECRET */ "env": { "T": "//", // SECRET\n } } } }\n',
    ],
  ] as const)('hides in %s comments, anchors and numbers of variables: %j', (format, text) => {
    verifies('LAUNCH-1')
    const shown = redacted(text, format, 'f')
    expect(shown).not.toMatch(/SECRET|1234567/)
    expect(shown).toContain('npx')
    expect(shown.split('\n').length).toBe(text.split('\n').length)
  })

  it('shows no variable, whatever its name', () => {
    const text =
      '{"mcpServers":{"a":{"command":"c","env":{"command":"S1","path":"S2","args":["S3"],"name":{"cmd":"S4"}}}}}'
    expect(redacted(text, 'json', 'f')).toBe(text.replace(/S\d/g, '…'))
  })

  it('shows the command of an old Zed entry, and not its variables', () => {
    const text = '{"context_servers":{"a":{"command":{"path":"old","args":["-v"],"env":{"T":"SECRET"}}}}}'
    expect(redacted(text, 'json', 'f')).toBe(text.replace('SECRET', '…'))
  })

  it.each([
    [
      ['--token=SECRET', '--x'],
      ['--token=…', '--x'],
    ],
    [
      ['--api-key', 'SECRET', 'pkg'],
      ['--api-key', '…', 'pkg'],
    ],
    [
      ['--token', '--verbose'],
      ['--token', '--verbose'],
    ],
    [
      ['--token', '-SECRET_x'],
      ['--token', '…'],
    ],
    [
      ['-e', 'GT=SECRET', '-e', 'NAME'],
      ['-e', 'GT=…', '-e', 'NAME'],
    ],
    [
      ['--env=gt=SECRET', '-egt=SECRET'],
      ['--env=gt=…', '-egt=…'],
    ],
    [
      ['GT=SECRET', 'npx'],
      ['GT=…', 'npx'],
    ],
    [
      ['-c', 'GT="SE CRET" exec npx --password SECRET -y'],
      ['-c', 'GT=… exec npx --password … -y'],
    ],
    [
      ['--header', 'X-Thing: SECRET'],
      ['--header', 'X-Thing: …'],
    ],
    [['Authorization: Bearer SECRET'], ['Authorization: Bearer …']],
    [
      ['https://u:SECRET@example.test/?a=1&api_key=SECRET&b=2'],
      ['https://u:…@example.test/?a=1&api_key=…&b=2'],
    ],
    [['ghp_SECRET0000000000'], ['…']],
    [['-y', '@modelcontextprotocol/server-memory', '--port=80', '--client=cursor', '/home/u/x:y'], undefined],
  ])('hides in arguments the values that look like secrets: %j', (args, shown) => {
    verifies('LAUNCH-1')
    const text = JSON.stringify({ mcpServers: { a: { command: 'npx', args } } })
    const back = JSON.parse(redacted(text, 'json', 'f')).mcpServers.a
    expect(back).toEqual({ command: 'npx', args: shown ?? args })
  })
})

describe('the nearest name', () => {
  it('is offered for a slip, not for another word', () => {
    expect(nearest('claud-code', ['codex', 'claude-code'])).toBe('claude-code')
    expect(nearest('claude', ['codex', 'claude-code'])).toBe('claude-code')
    expect(nearest('zzzzzzzzzz', ['codex', 'claude-code'])).toBeUndefined()
  })
})
