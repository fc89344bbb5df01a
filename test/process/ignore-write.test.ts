import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { runIgnorePlan, runIgnoreRefresh, runIgnoreWrite } from '../../src/commands/ignore.ts'
import { runIgnoreAllow, runIgnoreStatus, runIgnoreUndo } from '../../src/commands/ignore-state.ts'
import { runIgnoreVerify } from '../../src/commands/ignore-verify.ts'
import { systemClock } from '../../src/core/clock.ts'
import { MyceliumError } from '../../src/core/errors.ts'
import { SHARED_NAME } from '../../src/core/events/shared-name.ts'
import type { RankRepository } from '../../src/core/ignore/source.ts'
import { capturedIo } from '../fixtures/captured-io.ts'
import { cliHome } from '../fixtures/cli-home.ts'
import { rankedFile } from '../fixtures/ranked-files.ts'
import { verifies } from '../requirements.ts'

const FILES = [
  rankedFile('src/main.ts', { importance: 0.9, commitsAgo: 0 }),
  rankedFile('src/legacy.ts', { importance: 0.1 }),
  rankedFile('old/a.ts', { importance: 0.05 }),
  rankedFile('old/b (1).ts', { importance: 0.05 }),
  rankedFile('package.json', { nature: 'manifest', importance: 0 }),
]
const rank: RankRepository = async () => ({ files: FILES, commits: [{ files: ['src/main.ts'] }] })

const home = cliHome({ cwd: 'my_work' })
const mycelium = home.run
let project: string
beforeEach(() => {
  project = join(home.dir, 'my_work')
  mkdirSync(join(project, '.git'), { recursive: true })
  mkdirSync(join(home.dir, '.claude'))
  for (const { path } of FILES) put(path, `canary of ${path}\n`)
})

const put = (path: string, content: string | Buffer) => home.put(`my_work/${path}`, content)
const text = (path: string) => readFileSync(join(project, path), 'utf8')
async function write(options: object = {}): Promise<string> {
  const { io, said } = capturedIo(home.env, project)
  expect(await runIgnoreWrite(io, undefined, { yes: true, keep: 40, ...options }, rank)).toBe(0)
  return said()
}
async function state(run: (io: ReturnType<typeof capturedIo>['io']) => Promise<number>): Promise<string> {
  const { io, said } = capturedIo(home.env, project)
  expect(await run(io)).toBe(0)
  return said()
}
/** Every file below a directory with its bytes. */
function tree(directory: string): Record<string, string> {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort()
  return Object.fromEntries(
    names.map((name) => [
      name,
      statSync(join(directory, name)).isFile() ? readFileSync(join(directory, name), 'latin1') : '',
    ]),
  )
}
/** What the installed hook says to a use of a tool, as Claude Code asks it. */
function hook(tool: string, input: object, cwd = project): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(join(home.dir, '.mycelium/bin/quiet'), ['hook', 'claude-code'], {
      env: home.env,
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    let out = ''
    child.stdout.setEncoding('utf8').on('data', (chunk) => (out += chunk))
    child.on('error', reject)
    child.on('close', () => resolve(out))
    child.stdin.end(
      JSON.stringify({
        session_id: 's',
        cwd,
        hook_event_name: 'PreToolUse',
        tool_name: tool,
        tool_input: input,
        tool_use_id: 't',
      }),
    )
  })
}

/** Ignore files and settings as people leave them. */
const HOSTILE: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['nothing', {}],
  ['empty files', { '.claudeignore': '', '.claude/settings.local.json': '', '.cursorignore': '\n' }],
  ['no line end at the end', { '.claudeignore': 'mine', '.geminiignore': '# a\n!b' }],
  ['CRLF and a byte order mark', { '.claudeignore': '\uFEFFmine\r\n!x\r\n', '.cursorignore': 'a\r\nb' }],
  [
    'settings with comments, tabs and rules',
    {
      '.claude/settings.local.json':
        '{\n\t// mine\n\t"permissions": {\n\t\t"allow": ["Bash(ls:*)"], // keep\n\t\t"deny": [\n\t\t\t"Read(./.env)" // secret\n\t\t]\n\t}\n}\n',
      'opencode.jsonc':
        '{ "permission": { "read": { "*": "allow", "*.pem": "deny" }, "bash": "ask" }, /* x */ }',
    },
  ],
  [
    'one line',
    { '.claude/settings.local.json': '{"permissions":{"deny":[]},"model":"x"}', 'opencode.json': '{}' },
  ],
]

describe('mycelium ignore write', () => {
  it.each(HOSTILE)('and undo leave every byte as it was: %s', async (_, files) => {
    verifies('IGNORE-1')
    for (const [path, content] of Object.entries(files)) put(path, content)
    mkdirSync(join(home.dir, '.cursor'))
    mkdirSync(join(home.dir, '.config/opencode'), { recursive: true })
    const before = tree(project)
    await write()
    for (const path of ['.claudeignore', '.cursorignore']) {
      const own = files[path] ?? ''
      expect(text(path).startsWith(own)).toBe(true)
      expect(text(path)).toMatch(/\/old\/\r?\n\/src\/legacy\.ts\r?\n# <<< mycelium ignore <<<\r?\n$/)
    }
    const rules = JSON.stringify(text('.claude/settings.local.json'))
    expect(rules).toContain('Read(./old/**)')
    expect(rules).toContain('Read(./src/legacy.ts)')
    const written = tree(project)
    await write()
    expect(tree(project)).toEqual(written)
    expect(await state((io) => runIgnoreUndo(io, undefined, {}))).toContain('byte for byte')
    expect(tree(project)).toEqual(before)
    expect(tree(join(home.dir, '.claude'))).toEqual({})
    await write()
    expect(await mycelium('undo')).toMatchObject({ code: 0, stderr: '' })
    expect(tree(project)).toEqual(before)
    expect(existsSync(join(home.dir, '.mycelium'))).toBe(false)
    expect(tree(join(home.dir, '.claude'))).toEqual({})
  })

  it('takes back exactly its own when the files changed meanwhile', async () => {
    verifies('IGNORE-1')
    put('.claudeignore', 'mine')
    put('.claude/settings.local.json', '{\n  "permissions": {\n    "deny": ["Read(./old/**)"]\n  }\n}\n')
    await write()
    writeFileSync(join(project, '.claudeignore'), `${text('.claudeignore')}later\n`)
    writeFileSync(
      join(project, '.claude/settings.local.json'),
      text('.claude/settings.local.json').replace('"permissions"', '"model": "x",\n  "permissions"'),
    )
    expect(await mycelium('undo')).toMatchObject({ code: 0, stderr: '' })
    expect(text('.claudeignore')).toBe('mine\nlater\n')
    expect(text('.claude/settings.local.json')).toBe(
      '{\n  "model": "x",\n  "permissions": {\n    "deny": ["Read(./old/**)"]\n  }\n}\n',
    )
  })

  it('respects what the user keeps, and says in .claudeignore that Claude Code does not read it', async () => {
    put('.claudeignore', '!/src/legacy.ts\n')
    put('.mycelium.json', '{"ignore.keep": ["old/a*"]}')
    await write()
    expect(text('.claudeignore')).toContain('Claude Code does not read this file')
    expect(text('.claudeignore')).not.toMatch(/^\/src/m)
    expect(text('.claudeignore')).toMatch(/^\/old\/b \(1\)\.ts$/m)
    expect(text('.claude/settings.local.json')).toContain('"Read(./old/b \\\\(1\\\\).ts)"')
  })

  it('leaves what recent sessions used visible: of Claude Code by its transcripts, of all clients by the store', async () => {
    const used = (name: string, path: string) =>
      JSON.stringify({ message: { content: [{ type: 'tool_use', name, input: { file_path: path } }] } })
    const directory = join(home.dir, '.claude/projects', project.replace(/[^a-zA-Z0-9]/g, '-'))
    mkdirSync(directory, { recursive: true })
    writeFileSync(
      join(directory, 's.jsonl'),
      `${used('Read', join(project, 'old/a.ts'))}\nnot json\n${used('Edit', '/elsewhere/b.ts')}\n`,
    )
    mkdirSync(`${directory}-src/t/subagents`, { recursive: true })
    writeFileSync(`${directory}-src/t.jsonl`, '{}\n')
    writeFileSync(`${directory}-src/t/subagents/agent-1.jsonl`, used('Read', join(project, 'src/agents.ts')))
    const recorded: RankRepository = async () => ({
      files: [...FILES, rankedFile('src/agents.ts', { importance: 0.01 })],
      commits: [],
      recent: { sessions: [['src/legacy.ts']] },
    })
    const { io, said } = capturedIo(home.env, project)
    await runIgnorePlan(io, undefined, { keep: 0, json: true }, recorded)
    const { hide, keep } = JSON.parse(said())
    expect(hide.map(({ path }: { path: string }) => path)).toEqual(['old/b (1).ts'])
    expect(keep).toEqual(
      expect.arrayContaining([
        { path: 'old/a.ts', reason: 'read or edited in recent sessions' },
        { path: 'src/agents.ts', reason: 'read or edited in recent sessions' },
        { path: 'src/legacy.ts', reason: 'read or edited in recent sessions' },
      ]),
    )
  })

  it('leaves what history speaks for visible, and says what that costs', async () => {
    const edited: RankRepository = async () => ({ files: FILES, commits: [{ files: ['old/a.ts'] }] })
    const { io, said } = capturedIo(home.env, project)
    await runIgnorePlan(io, undefined, { keep: 0 }, edited)
    expect(said()).toContain('100.0 % were of files that stay visible')
    expect(said()).toMatch(/^\d+ tokens over the budget: the rest must stay visible$/m)
    expect(said()).not.toMatch(/^old\/a\.ts /m)
  })

  it('does not stay to write what the user did not agree to', async () => {
    verifies('IGNORE-1')
    const { io, said } = capturedIo(home.env, project)
    const before = tree(project)
    const asked = { ...io, ask: async () => 'n' }
    expect(await runIgnoreWrite(asked, undefined, { keep: 40, watch: true }, rank)).toBe(0)
    expect(said()).toContain('nothing was changed')
    expect(tree(project)).toEqual(before)
  })

  it('says what fails in a later turn of --watch, and goes on', async () => {
    const leave = new AbortController()
    const { io, said } = capturedIo(home.env, project, leave.signal)
    let turn = 0
    const failing: RankRepository = async () => {
      turn += 1
      if (turn === 2) throw new Error('git is busy')
      if (turn === 3) leave.abort()
      return { files: FILES, commits: [] }
    }
    const clock = {
      ...systemClock,
      after: (_: number, run: () => void) => {
        queueMicrotask(run)
        return () => {}
      },
    }
    await runIgnoreWrite(io, undefined, { keep: 40, watch: true, yes: true }, failing, clock)
    expect(turn).toBe(3)
    expect(said()).toContain('git is busy')
  })

  it('installs the hook where Claude Code was never started yet, once its rules are written', async () => {
    verifies('IGNORE-1')
    rmSync(join(home.dir, '.claude'), { recursive: true })
    put('.claude/settings.json', '{}')
    await write()
    expect(text('.claude/settings.local.json')).toContain('Read(./old/**)')
    expect(readFileSync(join(home.dir, '.claude/settings.json'), 'utf8')).toContain('PreToolUse')
    expect(await mycelium('undo')).toMatchObject({ code: 0, stderr: '' })
    expect(existsSync(join(home.dir, '.claude'))).toBe(false)
  })

  it('knows its targets, and says what each cannot be told', async () => {
    const said = await write({ target: ['codex', 'gemini-cli', 'ripgrep'] })
    expect(said).toContain('Codex has no ignore file')
    expect(said).toContain('shell commands, replace and no_ignore do not: the hook does')
    expect(said).toContain('.codex/hooks.json: the hook for PreToolUse is added')
    expect(said).toContain('start codex, enter /hooks')
    expect(existsSync(join(project, '.geminiignore')) && existsSync(join(project, '.ignore'))).toBe(true)
    expect(existsSync(join(project, '.claude'))).toBe(false)
    await write({ target: ['aider'] })
    expect(existsSync(join(project, '.geminiignore'))).toBe(false)
    await expect(write({ target: ['curser'] })).rejects.toMatchObject({
      code: 'unknown_target',
      hint: 'did you mean cursor?',
    })
  })
})

/** What the installed hook of another client says, as that client asks it. */
function ask(client: string, event: string, asked: object): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(join(home.dir, '.mycelium/bin/quiet'), ['hook', client], {
      env: home.env,
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    let out = ''
    child.stdout.setEncoding('utf8').on('data', (chunk) => (out += chunk))
    child.on('error', reject)
    child.on('close', () => resolve(out))
    child.stdin.end(JSON.stringify({ session_id: 's', cwd: project, hook_event_name: event, ...asked }))
  })
}

describe('the hooks of other clients', () => {
  beforeEach(() => {
    home.put('.gemini/settings.json', '{}')
    home.put('.codex/config.toml', '')
  })

  it('are installed for those in use, answer each in its own words, and go with the plan', async () => {
    verifies('IGNORE-1')
    await write()
    const gemini = (tool_name: string, tool_input: object) =>
      ask('gemini-cli', 'BeforeTool', { tool_name, tool_input })
    expect(JSON.parse(await gemini('read_file', { file_path: 'src/legacy.ts' }))).toEqual({
      decision: 'deny',
      reason: expect.stringContaining('mycelium ignore allow src/legacy.ts'),
    })
    const searched = JSON.parse(
      await gemini('run_shell_command', { command: 'grep -rn canary .', description: 'd' }),
    )
    expect(searched).toEqual({
      hookSpecificOutput: {
        hookEventName: 'BeforeTool',
        tool_input: { command: expect.not.stringContaining('legacy'), description: 'd' },
      },
    })
    expect(await gemini('read_file', { file_path: 'src/main.ts' })).toBe('')
    const codex = (tool_name: string, tool_input: object, more = {}) =>
      ask('codex', 'PreToolUse', { tool_name, tool_input, tool_use_id: 'call_1', ...more })
    expect(JSON.parse(await codex('Bash', { command: 'cat old/a.ts' })).hookSpecificOutput).toMatchObject({
      hookEventName: 'PreToolUse',
      permissionDecision: 'deny',
    })
    // Without `allow` Codex takes no other input.
    expect(
      JSON.parse(await codex('Bash', { command: 'grep -rn canary .' })).hookSpecificOutput,
    ).toMatchObject({
      permissionDecision: 'allow',
      updatedInput: { command: expect.not.stringContaining('legacy') },
    })
    // The directory of the one command is elsewhere; the session began in the project.
    const transcript = home.put(
      'rollout.jsonl',
      `{"type":"session_meta","payload":{"cwd":${JSON.stringify(project)}}}\n`,
    )
    const away = { cwd: '/', transcript_path: transcript }
    expect(await codex('Bash', { command: `cat ${project}/old/a.ts` }, away)).toContain('"deny"')
    expect(
      await codex('Bash', { command: `cat ${project}/old/a.ts` }, { ...away, transcript_path: '/dev/null' }),
    ).toBe('')
    const recorded = readFileSync(join(home.dir, '.mycelium/events', SHARED_NAME)).toString('latin1')
    expect(recorded.match(/the files are hidden/g)).toHaveLength(3)
    await state((io) => runIgnoreUndo(io, undefined, {}))
    expect(readFileSync(join(home.dir, '.gemini/settings.json'), 'utf8')).toBe('{}')
    expect(existsSync(join(home.dir, '.codex/hooks.json'))).toBe(false)
  })

  it('are tried by verify with what each client sends, and are no wall while Codex does not trust them', async () => {
    verifies('IGNORE-1')
    await write()
    const rowsOf = async () => {
      const { io, said } = capturedIo(home.env, project)
      await runIgnoreVerify(io, undefined, { json: true })
      const { rows } = JSON.parse(said()) as {
        rows: readonly Record<'client' | 'tool' | 'result' | 'by', string>[]
      }
      return (client: string) => rows.filter((row) => row.client === client)
    }
    const first = await rowsOf()
    expect(first('gemini-cli').map(({ tool }) => tool)).toEqual(
      expect.arrayContaining([
        'read_file',
        'grep_search',
        'grep_search no_ignore',
        'run_shell_command cat',
        'MCP file tool',
      ]),
    )
    expect(first('gemini-cli').filter(({ result }) => result !== 'unreadable')).toEqual([])
    expect(first('gemini-cli')[0]?.by).toBe('.geminiignore and hook')
    expect(first('codex').every(({ result, by }) => result === 'READABLE' && by.includes('/hooks'))).toBe(
      true,
    )
    home.put(
      '.codex/config.toml',
      `[hooks.state."${join(home.dir, '.codex/hooks.json')}:pre_tool_use:0:0"]\ntrusted_hash = "sha256:0"\n`,
    )
    expect((await rowsOf())('codex').filter(({ result }) => result !== 'unreadable')).toEqual([])
    home.put(
      '.gemini/settings.json',
      readFileSync(join(home.dir, '.gemini/settings.json'), 'utf8').replace(
        '{',
        '{"hooksConfig":{"disabled":["mycelium"]},',
      ),
    )
    const later = (await rowsOf())('gemini-cli')
    expect(later.find(({ tool }) => tool === 'run_shell_command cat')).toMatchObject({
      result: 'READABLE',
      by: expect.stringContaining('switched off'),
    })
  })
})

describe('the hook that it installs', () => {
  it('refuses hidden files, rewrites searches, and is silent about all else', async () => {
    verifies('IGNORE-1')
    await write()
    const denied = JSON.parse(await hook('Read', { file_path: join(project, 'src/legacy.ts') }))
    expect(denied.hookSpecificOutput).toMatchObject({
      hookEventName: 'PreToolUse',
      permissionDecision: 'deny',
    })
    expect(denied.hookSpecificOutput.permissionDecisionReason).toContain(
      'mycelium ignore allow src/legacy.ts',
    )
    expect(await hook('Bash', { command: 'python3 -c "print(open(\'old/a.ts\').read())"' })).toContain(
      '"deny"',
    )
    expect(await hook('Bash', { command: 'cat a.ts' }, join(project, 'old'))).toContain('"deny"')
    const searched = JSON.parse(await hook('Bash', { command: 'grep -rn canary .', timeout: 5 }))
    expect(searched.hookSpecificOutput.updatedInput).toEqual({
      command: expect.not.stringContaining('legacy'),
      timeout: 5,
    })
    expect(searched.hookSpecificOutput).not.toHaveProperty('permissionDecision')
    expect(await hook('Read', { file_path: join(project, 'src/main.ts') })).toBe('')
    expect(await hook('Read', { file_path: join(home.dir, 'src/legacy.ts') }, home.dir)).toBe('')
    const recorded = readFileSync(join(home.dir, '.mycelium/events', SHARED_NAME)).toString('latin1')
    expect(recorded.match(/the files are hidden/g)).toHaveLength(3)
    expect(recorded.match(/the search would have met hidden files/g)).toHaveLength(1)
    writeFileSync(join(home.dir, '.mycelium/config.json'), '{"ignore.enabled":false}')
    expect(await hook('Read', { file_path: join(project, 'src/legacy.ts') })).toBe('')
    rmSync(join(home.dir, '.mycelium/config.json'))
    writeFileSync(
      join(
        home.dir,
        '.mycelium/ignore',
        readdirSync(join(home.dir, '.mycelium/ignore')).find((name) => name.includes('guard'))!,
      ),
      '{"version":1',
    )
    expect(await hook('Read', { file_path: join(project, 'src/legacy.ts') })).toBe('')
  })

  it('lets a file through that the user opens, in this plan and the next', async () => {
    await write()
    expect(await state((io) => runIgnoreAllow(io, 'old/a.ts', {}))).toContain('visible again')
    expect(await hook('Read', { file_path: join(project, 'old/a.ts') })).toBe('')
    expect(await hook('Read', { file_path: join(project, 'old/b (1).ts') })).toContain('"deny"')
    expect(text('.claudeignore')).toMatch(/^\/old\/b \(1\)\.ts$/m)
    await write()
    expect(await hook('Read', { file_path: join(project, 'old/a.ts') })).toBe('')
    expect(await state((io) => runIgnoreStatus(io, undefined, {}))).toContain('opened by you: old/a.ts')
    const { io } = capturedIo(home.env, project)
    await expect(runIgnoreAllow(io, 'src/legaci.ts', {})).rejects.toMatchObject({
      hint: 'did you mean src/legacy.ts?',
    })
  })

  it('opens a file that was made in a hidden directory since', async () => {
    await write()
    expect(await hook('Write', { file_path: join(project, 'old/later.ts'), content: 'x' })).toBe('')
    put('old/later.ts', 'x')
    expect(await hook('Read', { file_path: join(project, 'old/later.ts') })).toContain('"deny"')
    await state((io) => runIgnoreAllow(io, 'old/later.ts', {}))
    expect(await hook('Read', { file_path: join(project, 'old/later.ts') })).toBe('')
    expect(await hook('Read', { file_path: join(project, 'old/a.ts') })).toContain('"deny"')
  })

  it('stays beside the hooks of init, and goes alone', async () => {
    expect(await mycelium('init', '--hooks', '--yes')).toMatchObject({ code: 0 })
    const before = readFileSync(join(home.dir, '.claude/settings.json'), 'utf8')
    await write()
    expect(readFileSync(join(home.dir, '.claude/settings.json'), 'utf8')).toContain('PreToolUse')
    await state((io) => runIgnoreUndo(io, undefined, {}))
    expect(readFileSync(join(home.dir, '.claude/settings.json'), 'utf8')).toBe(before)
    await mycelium('undo')
    expect(tree(join(home.dir, '.claude'))).toEqual({})
  })
})

it('doctor says which rules a file lost, and the command that writes them', async () => {
  verifies('IGNORE-1')
  await write()
  const findings = async () => {
    const { stdout } = await mycelium('doctor', '--json')
    return (JSON.parse(stdout).findings as { id: string; subject: string; fix: string }[]).filter(
      ({ id }) => id === 'ignore-rules-lost',
    )
  }
  expect(await findings()).toEqual([])
  writeFileSync(join(project, '.claude/settings.local.json'), '{}')
  expect(await findings()).toMatchObject([
    {
      subject: join(project, '.claude/settings.local.json'),
      fix: expect.stringContaining('mycelium ignore write'),
    },
  ])
})

describe('mycelium ignore verify', () => {
  const verified = async () => {
    const { io, said } = capturedIo(home.env, project)
    const code = await runIgnoreVerify(io, undefined, { json: true })
    return { code, ...(JSON.parse(said()) as { rows: { tool: string; result: string }[]; note: string }) }
  }

  it('plants a canary, finds every way in closed, and leaves nothing', async () => {
    verifies('IGNORE-1')
    await write()
    const before = tree(project)
    const { code, rows, note } = await verified()
    expect(rows.filter(({ result }) => result !== 'unreadable')).toEqual([])
    expect(rows.map(({ tool }) => tool)).toEqual(
      expect.arrayContaining(['Read', 'Bash grep -rn', 'Bash python -c', 'MCP file tool']),
    )
    expect(code).toBe(0)
    expect(note).toContain('Claude Code does not read .claudeignore')
    expect(tree(project)).toEqual(before)
  })

  it('says which ways are open when the hook is gone, and exits 1', async () => {
    verifies('IGNORE-1')
    await write()
    writeFileSync(join(home.dir, '.claude/settings.json'), '{}')
    const { code, rows } = await verified()
    expect(code).toBe(1)
    const open = rows.filter(({ result }) => result === 'READABLE').map(({ tool }) => tool)
    expect(open).toEqual(expect.arrayContaining(['Bash grep -rn', 'Bash python -c', 'MCP file tool']))
    expect(open).not.toContain('Read')
  })
})

describe('mycelium ignore refresh', () => {
  it('plans anew in each project that has a plan, as it was asked for, and in no other', async () => {
    verifies('IGNORE-1', 'JOBS-1')
    await write()
    const legacyIsUsed: RankRepository = async () => ({
      files: FILES.map((file) => (file.path === 'src/legacy.ts' ? { ...file, commitsAgo: 0 } : file)),
      commits: [{ files: ['src/main.ts'] }],
    })
    const other = capturedIo(home.env, home.dir)
    expect(await runIgnoreRefresh(other.io, { json: true }, legacyIsUsed)).toBe(0)
    expect(JSON.parse(other.said())).toEqual({ projects: [{ project, outcome: 'planned' }] })
    expect(text('.claudeignore')).not.toContain('legacy')
    expect(text('.claudeignore')).toContain('/old/')
  })

  it('goes on where a project is gone or cannot be planned, and says so', async () => {
    await write()
    const failing: RankRepository = async () => {
      throw new MyceliumError('too_many_files', 'too many')
    }
    const failed = capturedIo(home.env, home.dir)
    expect(await runIgnoreRefresh(failed.io, {}, failing)).toBe(1)
    expect(failed.said()).toContain(`${project}: not planned: too many (next: `)
    const hidden = text('.claudeignore')
    expect(hidden).toContain('/old/')
    rmSync(project, { recursive: true })
    const gone = capturedIo(home.env, home.dir)
    expect(await runIgnoreRefresh(gone.io, {}, rank)).toBe(0)
    expect(gone.said()).toBe(`${project}: it is gone, and its plan does nothing\n`)
  })
})
