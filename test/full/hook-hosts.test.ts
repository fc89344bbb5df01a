import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { runIgnoreWrite } from '../../src/commands/ignore.ts'
import { runIgnoreVerify } from '../../src/commands/ignore-verify.ts'
import { createSandbox, removeSandbox, type Sandbox } from '../../src/core/bench/sandbox.ts'
import { builtCli, ended } from '../fixtures/built-cli.ts'
import { capturedIo } from '../fixtures/captured-io.ts'
import { recordedHooks } from '../fixtures/hook-events.ts'
import { CODEX, GEMINI, type HookedClient } from '../fixtures/hooked-clients.ts'
import { rankedFile } from '../fixtures/ranked-files.ts'
import { realClient } from '../fixtures/real-clients.ts'
import { type ScriptedUse, startUseByUse } from '../fixtures/scripted-model.ts'
import { verifies } from '../requirements.ts'

const EVERYTHING = {
  command: process.execPath,
  args: [
    fileURLToPath(
      new URL('../../node_modules/@modelcontextprotocol/server-everything/dist/index.js', import.meta.url),
    ),
  ],
}

let cli = ''
let sandbox: Sandbox
beforeAll(() => {
  cli = builtCli()
  realClient('codex')
}, 900_000)
beforeEach(() => {
  sandbox = createSandbox(process.env.PATH ?? '')
  mkdirSync(join(sandbox.project, '.git'))
})
afterEach(() => void removeSandbox(sandbox))

const mycelium = (...args: string[]) =>
  ended(process.execPath, [cli, ...args], { ...sandbox.env }, sandbox.project)
const text = (file: string) => readFileSync(join(sandbox.home, file), 'utf8')
const root = () => join(sandbox.home, '.mycelium')

/** A turn in which the model asks for these tools; what each answered. */
async function turn(client: HookedClient, uses: readonly ScriptedUse[], server?: typeof EVERYTHING) {
  const model = await startUseByUse(uses)
  try {
    client.configure(sandbox, model.url, server)
    const said = await client.turn(sandbox, model.url)
    expect(said.code, said.stderr).toBe(0)
    return [...model.answers]
  } finally {
    model.close()
  }
}

async function hookFindings(client: HookedClient) {
  const { stdout } = await mycelium('doctor', '--json')
  const { findings } = JSON.parse(stdout) as { findings: readonly { id: string; subject: string }[] }
  return findings.filter(({ id, subject }) => id.startsWith('hooks') && subject === client.id)
}

/** Tools with the names that each client gives them, and what its hooks then call them. */
const USED: readonly (readonly [
  HookedClient,
  {
    uses: readonly ScriptedUse[]
    recorded: readonly (readonly [string, string, string])[]
    events: readonly string[]
  },
])[] = [
  [
    GEMINI,
    {
      uses: [
        { tool: 'read_file', input: { file_path: 'note.txt' } },
        { tool: 'read_file', input: { file_path: 'none.txt' } },
        { tool: 'mcp_everything_echo', input: { message: 'hello' } },
      ],
      recorded: [
        ['AfterTool', 'read_file', 'ok'],
        ['AfterTool', 'read_file', 'failed'],
        ['AfterTool', 'mcp_everything_echo', 'ok'],
      ],
      events: ['SessionStart', 'BeforeAgent', 'AfterAgent', 'SessionEnd'],
    },
  ],
  [
    CODEX,
    {
      uses: [
        CODEX.shell('cat note.txt'),
        { tool: 'apply_patch', text: '*** Begin Patch\n*** Add File: new.txt\n+x\n*** End Patch' },
      ],
      recorded: [
        ['PostToolUse', 'Bash', 'ok'],
        ['PostToolUse', 'apply_patch', 'ok'],
      ],
      events: ['SessionStart', 'UserPromptSubmit', 'Stop', 'SessionEnd'],
    },
  ],
]

describe('a whole turn of a real client with our hooks', () => {
  it.each(USED.map(([client, turn]) => [client.id, client, turn] as const))(
    'records each event once, and one that mycelium left does not disturb it: %s',
    async (_, client, { uses, recorded, events }) => {
      verifies('CLI-3')
      writeFileSync(join(sandbox.project, 'note.txt'), 'a note\n')
      client.configure(sandbox, 'http://127.0.0.1:1', EVERYTHING)
      const before = client === GEMINI ? text(client.file) : ''
      expect(await mycelium('init', '--hooks', '--yes')).toMatchObject({ code: 0, stderr: '' })
      if (client === CODEX) {
        // Not reviewed, none runs, and nothing is said of it but here.
        await turn(client, uses)
        expect(await recordedHooks(root())).toEqual([])
        expect(await hookFindings(client)).toMatchObject([{ id: 'hooks-untrusted' }])
        await client.trust(sandbox)
      }
      const settings = text(client.file)
      const answers = await turn(client, uses)
      expect(answers[0]).toContain('a note')
      const rows = await recordedHooks(root())
      expect(rows.map(({ event }) => event)).toEqual(expect.arrayContaining([...events]))
      expect(
        rows.filter(({ tool }) => tool !== '').map(({ event, tool, outcome }) => [event, tool, outcome]),
      ).toEqual(recorded)
      expect(new Set(rows.map(({ clientSession }) => clientSession)).size).toBe(1)
      expect(rows.every((row) => row.client === client.id && row.project === sandbox.project)).toBe(true)
      const [used] = rows.filter(({ tool }) => tool !== '')
      expect(used!.bytesIn).toBeGreaterThan(10)
      expect(used!.bytesOut).toBeGreaterThan(5)
      expect(await hookFindings(client)).toMatchObject([{ id: 'hooks' }])
      expect(text(client.file)).toBe(settings)

      await mycelium('daemon', 'stop')
      rmSync(join(root(), 'bin/quiet'))
      expect((await turn(client, uses))[0]).toContain('a note')
      expect(await mycelium('undo')).toMatchObject({ code: 0, stderr: '' })
      if (client === GEMINI) expect(text(client.file)).toBe(before)
      else expect(() => text(client.file)).toThrow('ENOENT')
    },
    600_000,
  )
})

const FILES = [
  rankedFile('src/main.ts', { importance: 0.9, commitsAgo: 0 }),
  rankedFile('old/a.ts', { importance: 0 }),
  rankedFile('old/b.ts', { importance: 0 }),
]
const CANARY = 'canary4711'
const VISIBLE = 'visible4711'

/** What each client's tools are asked for: those that must not give the canary away, and those that must give what is visible. */
const READS: readonly (readonly [HookedClient, readonly ScriptedUse[], readonly ScriptedUse[]])[] = [
  [
    GEMINI,
    [
      { tool: 'read_file', input: { file_path: 'old/a.ts' } },
      { tool: 'grep_search', input: { pattern: CANARY } },
      { tool: 'grep_search', input: { pattern: CANARY, no_ignore: true } },
      {
        tool: 'replace',
        input: { file_path: 'old/a.ts', instruction: 'x', old_string: 'a.ts', new_string: 'a.tsx' },
      },
      { tool: 'run_shell_command', input: { command: 'cat a.ts', dir_path: 'old', description: 'x' } },
    ],
    [
      { tool: 'read_file', input: { file_path: 'src/main.ts' } },
      { tool: 'grep_search', input: { pattern: VISIBLE } },
      { tool: 'grep_search', input: { pattern: VISIBLE, no_ignore: true, dir_path: 'src' } },
      { tool: 'glob', input: { pattern: '**/main.ts' } },
    ],
  ],
  [
    CODEX,
    [
      { tool: 'exec_command', input: { cmd: 'cat a.ts', workdir: 'old' } },
      { tool: 'exec_command', input: { cmd: 'cat {P}/old/a.ts', workdir: '/' } },
      { tool: 'view_image', input: { path: 'old/a.ts' } },
      {
        tool: 'apply_patch',
        text: `*** Begin Patch\n*** Update File: old/a.ts\n@@\n-${CANARY}\n+x\n*** End Patch`,
      },
      CODEX.shell(
        "apply_patch <<'E'\n*** Begin Patch\n  *** Update File: old/b.ts\n*** Move to: b.txt\n@@\n+x\n*** End Patch\nE",
      ),
      CODEX.shell('cat b.txt'),
      CODEX.shell(
        "cd old && apply_patch <<'E'\n*** Begin Patch\n*** Update File: b.ts\n*** Move to: ../c.txt\n@@\n+x\n*** End Patch\nE",
      ),
      CODEX.shell('cat c.txt'),
    ],
    [{ tool: 'exec_command', input: { cmd: 'cat main.ts', workdir: 'src' } }],
  ],
]

/** The same of any shell. */
const SHELL_HIDDEN = [
  'cat old/a.ts',
  `grep -rn ${CANARY} .`,
  `rg -n ${CANARY}`,
  'python3 -c "print(open(\'old/a.ts\').read())"',
]
const SHELL_VISIBLE = ['cat src/main.ts', `grep -rn ${VISIBLE} .`]

describe('a real client reads nothing that is hidden, and everything else', () => {
  it.each(READS.map(([client, ...uses]) => [client.id, client, ...uses] as const))(
    '%s',
    async (_, client, hidden, visible) => {
      verifies('IGNORE-1')
      const { project, home } = sandbox
      const plant = () => {
        for (const { path } of FILES) {
          mkdirSync(dirname(join(project, path)), { recursive: true })
          writeFileSync(join(project, path), `${path === 'src/main.ts' ? VISIBLE : CANARY} of ${path}\n`)
        }
      }
      plant()
      client.configure(sandbox, 'http://127.0.0.1:1')
      const written = capturedIo(sandbox.env, project)
      const rank = async () => ({ files: FILES, commits: [] })
      expect(await runIgnoreWrite(written.io, undefined, { yes: true, keep: 40 }, rank)).toBe(0)
      expect(written.said()).toContain(join(home, client.file))
      await client.trust(sandbox)
      const here = (use: ScriptedUse): ScriptedUse =>
        JSON.parse(JSON.stringify(use).replaceAll('{P}', project)) as ScriptedUse
      const closed = [...hidden.map(here), ...SHELL_HIDDEN.map(client.shell)]
      const open = [...visible, ...SHELL_VISIBLE.map(client.shell)]
      const answers = await turn(client, [...closed, ...open])
      expect(answers.length).toBe(closed.length + open.length)
      for (const [i, use] of closed.entries())
        expect(
          answers[i]!.replaceAll(`rg -n ${CANARY}`, '').includes(`${CANARY} of`),
          `${JSON.stringify(use)}: ${answers[i]}`,
        ).toBe(false)
      for (const [i, use] of open.entries())
        expect(answers[closed.length + i], JSON.stringify(use)).toMatch(/visible4711 of|main\.ts/)

      const { io, said } = capturedIo(sandbox.env, project)
      await runIgnoreVerify(io, undefined, { json: true })
      const { rows } = JSON.parse(said()) as { rows: readonly { client: string; result: string }[] }
      const own = rows.filter((row) => row.client === client.id)
      expect(own.length).toBeGreaterThan(8)
      expect(own.filter(({ result }) => result !== 'unreadable')).toEqual([])

      // Without the hook the same attempts succeed: it was the hook.
      expect(await mycelium('config', 'set', 'ignore.enabled=false')).toMatchObject({ code: 0 })
      plant()
      const without = await turn(client, closed)
      expect(without.filter((answer) => answer.includes(`${CANARY} of`)).length).toBeGreaterThan(3)
    },
    600_000,
  )
})
