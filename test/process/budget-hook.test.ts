import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { planBudgets } from '../../src/core/budget/plan.ts'
import { writePlan } from '../../src/core/budget/plan-file.ts'
import { resolveSettings } from '../../src/core/config/layers.ts'
import { pathsOf } from '../../src/core/config/paths.ts'
import { switchesIn } from '../../src/core/config/switches.ts'
import { askStore } from '../../src/core/events/store.ts'
import type { RankedFile } from '../../src/core/score/ranked.ts'
import type { Ended } from '../fixtures/built-cli.ts'
import { cliHome } from '../fixtures/cli-home.ts'
import { sourceOf } from '../fixtures/parsed-files.ts'
import { rankedFile } from '../fixtures/ranked-files.ts'
import { verifies } from '../requirements.ts'

const home = cliHome()
let work: string
beforeEach(() => {
  work = join(home.dir, 'work')
  for (const dir of [work, root('log'), root('budgets')]) mkdirSync(dir, { recursive: true })
  writeFileSync(join(work, 'big.ts'), BIG)
  writeFileSync(join(work, 'small.ts'), SMALL)
  writeFileSync(root('config.json'), '{"budget.enabled": true}')
  plan()
})

const BIG = sourceOf(60, 30).text
const SMALL = sourceOf(2, 10).text
const root = (name = '') => join(home.dir, '.mycelium', name)
const SILENT = { code: 0, signal: null, stdout: '', stderr: '' }

/** What `mycelium budget files --write` does, with tokens as a quarter of the bytes. */
function plan(window = 8_000, more: readonly RankedFile[] = []): void {
  const ranked = [BIG, SMALL].map((text, i) =>
    rankedFile(['big.ts', 'small.ts'][i]!, {
      tokens: text.length >> 2,
      bytes: text.length,
      importance: 0.1,
    }),
  )
  writePlan(root('budgets'), work, planBudgets([...ranked, ...more], { window }), 0)
}

function fire(payload: object | string, env: NodeJS.ProcessEnv = { HOME: home.dir }): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [home.bin, 'hook', 'claude-code'], { env, stdio: 'pipe' })
    let [stdout, stderr] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (chunk) => (stdout += chunk))
    child.stderr.setEncoding('utf8').on('data', (chunk) => (stderr += chunk))
    child.stdin.on('error', () => {})
    child.stdin.end(typeof payload === 'string' ? payload : JSON.stringify(payload))
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
}

interface ReadInput {
  readonly name?: string
  readonly offset?: number
  readonly limit?: number
  readonly stub?: boolean
  readonly more?: object
}

/** The input of a PostToolUse hook as Claude Code 2.1.197 writes it. */
function read({ name = 'big.ts', offset, limit, stub = false, more = {} }: ReadInput = {}): object {
  const file = join(work, name)
  const lines = readFileSync(file, 'utf8').split('\n')
  const from = offset ?? 1
  const some = lines.slice(from - 1, limit === undefined ? undefined : from - 1 + limit)
  const text = {
    filePath: file,
    content: some.join('\n'),
    numLines: some.length,
    startLine: from,
    totalLines: lines.length,
  }
  return {
    session_id: 's-1',
    cwd: work,
    hook_event_name: 'PostToolUse',
    tool_name: 'Read',
    tool_input: { file_path: file, offset, limit },
    tool_response: stub ? { type: 'file_unchanged', file: { filePath: file } } : { type: 'text', file: text },
    tool_use_id: 't1',
    ...more,
  }
}

/** What the tool's answer becomes: the text of an outline, or the file part; undefined where it stays. */
async function answered(
  payload: object,
): Promise<{ type: string; file: Record<string, unknown> } | undefined> {
  const { code, stdout, stderr } = await fire(payload)
  expect([code, stderr]).toEqual([0, ''])
  if (stdout === '') return undefined
  const { hookSpecificOutput } = JSON.parse(stdout)
  expect(hookSpecificOutput.hookEventName).toBe('PostToolUse')
  return hookSpecificOutput.updatedToolOutput
}

const savings = () =>
  askStore(pathsOf(root()), async ({ database }) =>
    (
      await database.connection.runAndReadAll(
        "SELECT action, client_session, saved_tokens::INTEGER FROM decisions WHERE policy = 'budget' ORDER BY ts",
      )
    ).getRowsJS(),
  )

describe('a read of Claude Code', () => {
  it('over its budget is an outline, then the whole file, and each with what it was worth', async () => {
    verifies('BUDGET-1')
    const outline = await answered(read())
    expect(outline).toMatchObject({ type: 'notebook', file: { filePath: join(work, 'big.ts') } })
    const [{ source }] = outline!.file.cells as [{ source: string }]
    expect(source).toContain(`Outline of ${join(work, 'big.ts')}: 1800 lines`)
    expect(source).toContain('Read it again without them for the whole file.')
    expect(source).toContain('\n31-60: function step1(): void\n')
    expect(source).toContain('\n1\tfunction step0(): void {\n')
    expect(source.length).toBeLessThan(BIG.length / 2)
    // Claude Code answers the second read by its own word that nothing changed.
    expect(await answered(read({ stub: true }))).toEqual({
      type: 'text',
      file: { filePath: join(work, 'big.ts'), content: BIG, numLines: 1801, startLine: 1, totalLines: 1801 },
    })
    // From then on that word is true.
    expect(await answered(read({ stub: true }))).toBeUndefined()
    const rows = await savings()
    expect(rows).toEqual([
      ['outline', 's-1', expect.any(Number)],
      ['again', 's-1', -(BIG.length >> 2)],
    ])
    expect(rows[0]![2]).toBeGreaterThan(0)
  })

  it('of a range is granted, before an outline and after it, also where the client says that nothing changed', async () => {
    verifies('BUDGET-1')
    expect(await answered(read({ offset: 100, limit: 50 }))).toBeUndefined()
    expect(await answered(read())).toMatchObject({ type: 'notebook' })
    expect(await answered(read({ offset: 200, limit: 50 }))).toBeUndefined()
    await fire({ session_id: 's-1', hook_event_name: 'SessionStart', source: 'compact', cwd: work })
    const lines = BIG.split('\n')
    expect(await answered(read({ offset: 200, limit: 50, stub: true }))).toEqual({
      type: 'text',
      file: {
        filePath: join(work, 'big.ts'),
        content: lines.slice(199, 249).join('\n'),
        numLines: 50,
        startLine: 200,
        totalLines: 1801,
      },
    })
    expect((await savings()).map(([action]) => action)).toEqual(['outline', 'part', 'again'])
  })

  it('is for each agent and session by itself, and new after a compaction', async () => {
    expect(await answered(read())).toBeDefined()
    expect(await answered(read({ more: { agent_id: 'a1' } }))).toBeDefined()
    expect(await answered(read({ more: { session_id: 's-2' } }))).toBeDefined()
    await fire({ session_id: 's-1', hook_event_name: 'PreCompact', trigger: 'auto', cwd: work })
    expect(await answered(read())).toMatchObject({ type: 'notebook' })
    expect(await answered(read())).toBeUndefined()
  })

  it.each([
    ['without bound where everything fits', []],
    ['within its share', [rankedFile('other.ts', { tokens: 400_000, importance: 0.1 })]],
  ])('that is given whole stays so while it grows, %s', async (_, more) => {
    verifies('BUDGET-1')
    plan(100_000, more)
    expect(await fire(read())).toEqual(SILENT)
    writeFileSync(join(work, 'big.ts'), `${BIG}//${'x'.repeat(BIG.length >> 5)}\n`)
    expect(await fire(read({ more: { session_id: 's-2' } }))).toEqual(SILENT)
  })

  it('that is longer than a hook may parse is outlined by its lines', async () => {
    const long = `${BIG}${'// a line that says nothing\n'.repeat(10_000)}`
    writeFileSync(join(work, 'big.ts'), long)
    const [{ source }] = (await answered(read()))!.file.cells as [{ source: string }]
    expect(source).not.toContain('step15 (lines')
    expect(source).toContain('\nhead (lines 1-')
    expect(existsSync(root('budgets/outlines'))).toBe(false)
  })

  it('begins with what the session edited or asked for elsewhere, not with what this context has', async () => {
    const outlineFor = async (agent_id: string) => {
      const outline = await answered(read({ more: { agent_id } }))
      return (outline!.file.cells as [{ source: string }])[0].source
    }
    const small = /\n(asked for|edited lately|step0) \(lines \d+-\d+\):/g
    await answered(read({ offset: 200, limit: 5, more: { agent_id: 'a1' } }))
    expect((await outlineFor('a1')).match(small)).toEqual(['\nstep0 (lines 1-30):'])
    const patch = { structuredPatch: [{ oldStart: 901, oldLines: 1, newStart: 901, newLines: 2, lines: [] }] }
    const edit = { tool_name: 'Edit', tool_input: { file_path: join(work, 'big.ts') }, tool_response: patch }
    await fire(read({ more: edit }))
    expect((await outlineFor('a2')).match(small)?.slice(0, 2)).toEqual([
      '\nasked for (lines 200-204):',
      '\nedited lately (lines 898-905):',
    ])
  })

  it('that comes after a notebook edit is not pointed to', async () => {
    writeFileSync(root('config.json'), '{"budget": {"enabled": true, "unchanged_answers": true}}')
    const lines = read({ offset: 10, limit: 500 })
    await answered(lines)
    const edit = { tool_name: 'NotebookEdit', tool_input: { notebook_path: join(work, 'big.ts') } }
    await fire({ ...lines, ...edit, tool_response: {} })
    expect(await answered(lines)).toBeUndefined()
  })

  it('that the client answers itself, of a time before there was a hook, is left to it', async () => {
    verifies('BUDGET-1')
    expect(await answered(read({ stub: true }))).toBeUndefined()
    expect(await answered(read())).toBeUndefined()
  })

  it('that many make at once of what an outline would not make smaller costs nothing', async () => {
    // One line of data: nothing of it would be shown.
    writeFileSync(join(work, 'big.ts'), 'x '.repeat(BIG.length >> 1))
    await Promise.all(Array.from({ length: 4 }, () => answered(read())))
    const actions = existsSync(pathsOf(root()).database) ? await savings() : []
    expect(actions.filter(([action]) => action === 'again')).toEqual([])
  })

  it('that many make at once gets one outline', async () => {
    verifies('BUDGET-1')
    const all = await Promise.all(Array.from({ length: 12 }, () => answered(read())))
    expect(all.filter((one) => one !== undefined)).toHaveLength(1)
    const log = readdirSync(root('budgets/sessions'))
    expect(log).toHaveLength(1)
    expect(
      readFileSync(root(`budgets/sessions/${log[0]}`), 'utf8')
        .trim()
        .split('\n'),
    ).toHaveLength(12)
  })

  it('leaves neither text nor names in what is kept of a session', async () => {
    await answered(read())
    await answered(read())
    const [log] = readdirSync(root('budgets/sessions'))
    const text = readFileSync(root(`budgets/sessions/${log}`), 'utf8')
    expect(text).not.toContain('big')
    expect(text).not.toContain('step')
    expect(log).not.toContain('s-1')
    expect(statSync(root(`budgets/sessions/${log}`)).mode & 0o777).toBe(0o600)
  })

  it('within its budget, of another kind, elsewhere or with budgets off is left alone', async () => {
    const pdf = { type: 'pdf', file: { filePath: 'x', base64: '', originalSize: 1 } }
    for (const payload of [
      read({ name: 'small.ts' }),
      read({ more: { tool_response: pdf } }),
      read({ more: { tool_response: 'text' } }),
      read({ more: { tool_name: 'Bash' } }),
      read({ more: { tool_input: { file_path: join(home.dir, 'nowhere') } } }),
      read({ more: { tool_input: 7 } }),
    ])
      expect(await fire(payload)).toEqual(SILENT)
    writeFileSync(root('config.json'), '{"budget": {"enabled": false}}')
    expect(await fire(read())).toEqual(SILENT)
    writeFileSync(root('config.json'), '{"budget": {"enabled": true}}')
    rmSync(root('budgets'), { recursive: true })
    expect(await fire(read())).toEqual(SILENT)
    expect(existsSync(root('budgets'))).toBe(false)
    expect(existsSync(root('log/hook.log'))).toBe(false)
  })

  it('is left alone where nothing can be recorded, and the reason is in the log', async () => {
    writeFileSync(root('budgets/sessions'), 'in the way')
    expect(await fire(read())).toEqual(SILENT)
    expect(readFileSync(root('log/hook.log'), 'utf8')).toContain('ENOTDIR')
  })

  it('does not wait for a FIFO where the settings of the project, or the plan, should be', async () => {
    verifies('BUDGET-1')
    execFileSync('mkfifo', [join(work, '.mycelium.json')])
    // The user's own settings count.
    expect(await answered(read())).toMatchObject({ type: 'notebook' })
    const [plan] = readdirSync(root('budgets')).filter((name) => name.startsWith('plan-'))
    rmSync(root(`budgets/${plan}`))
    execFileSync('mkfifo', [root(`budgets/${plan}`)])
    expect(await fire(read({ more: { session_id: 's-2' } }))).toEqual(SILENT)
  })

  it('that the client cut at its own limit says how to edit then', async () => {
    const cut = {
      filePath: join(work, 'big.ts'),
      content: 'function',
      numLines: 400,
      startLine: 1,
      totalLines: 1801,
    }
    const outline = await answered(read({ more: { tool_response: { type: 'text', file: cut } } }))
    const [{ source }] = outline!.file.cells as [{ source: string }]
    expect(source).toContain('for the lines that you edit, before you edit them')
    expect(source).toContain('1800 lines')
  })

  it('of lines that are in the context is answered by a pointer only when the user wants that', async () => {
    verifies('BUDGET-1')
    const again = read({ offset: 10, limit: 500 })
    expect([await answered(again), await answered(again)]).toEqual([undefined, undefined])
    writeFileSync(root('config.json'), '{"budget": {"enabled": true, "unchanged_answers": true}}')
    const pointer = await answered(again)
    expect((pointer!.file.cells as [{ source: string }])[0].source).toContain('lines 10-509: unchanged since')
    expect(await answered(again)).toBeUndefined()
    // Another content, or an edit of the agent: the text is given.
    await answered(again)
    const file = join(work, 'big.ts')
    await fire({ ...again, tool_name: 'Edit', tool_input: { file_path: file }, tool_response: {} })
    expect(await answered(again)).toBeUndefined()
    writeFileSync(file, `${BIG}// more\n`)
    expect(await answered(again)).toBeUndefined()
  })
})

describe('a read by a tool of an MCP server', () => {
  const asked = (given: unknown, args: object = { path: join(work, 'big.ts') }) => ({
    session_id: 's-1',
    cwd: work,
    hook_event_name: 'PostToolUse',
    tool_name: 'mcp__fs__read_text_file',
    tool_input: args,
    tool_response: given,
  })

  it.each<[string, () => unknown]>([
    ['structured content', () => JSON.stringify({ content: BIG })],
    ['a text', () => BIG],
    ['blocks', () => [{ type: 'text', text: BIG }]],
    ['a result', () => ({ content: [{ type: 'text', text: BIG.replaceAll('\n', '\r\n') }] })],
  ])('of the whole file is an outline first: %s', async (_, given) => {
    verifies('BUDGET-1')
    const { stdout } = await fire(asked(given()))
    const [block, ...more] = JSON.parse(stdout).hookSpecificOutput.updatedMCPToolOutput
    expect(more).toEqual([])
    expect(block.text).toContain(`Outline of ${join(work, 'big.ts')}: 1800 lines`)
    expect(block.text).toContain('Call it again with the same arguments for the whole file.')
    expect(await fire(asked(given()))).toEqual(SILENT)
    // One context, whichever tool fills it.
    expect(await fire(read())).toEqual(SILENT)
  })

  it('that is not understood stays as it is', async () => {
    const file = join(work, 'big.ts')
    for (const payload of [
      asked(BIG.slice(0, 5_000)),
      asked(`${BIG} and more`),
      asked([
        { type: 'text', text: BIG },
        { type: 'text', text: '' },
      ]),
      asked([{ type: 'image', data: BIG }]),
      asked({ isError: true }),
      asked(null),
      asked(BIG, { path: file, head: 5 }),
      asked(BIG, { paths: [file] }),
      asked(BIG, {}),
      asked(SMALL, { path: join(work, 'small.ts') }),
    ])
      expect(await fire(payload)).toEqual(SILENT)
    expect(existsSync(root('budgets/sessions'))).toBe(false)
  })
})

describe('the settings that the hook reads', () => {
  it('are those that every other reader sees', () => {
    verifies('BUDGET-1')
    const value = fc.constantFrom(undefined, true, false, 'yes', 1, null)
    const settings = fc
      .tuple(fc.boolean(), value, value)
      .map(([dotted, enabled, points]) =>
        dotted
          ? { 'budget.enabled': enabled, 'budget.unchanged_answers': points, 'ignore.enabled': points }
          : { budget: { enabled, unchanged_answers: points }, ignore: { enabled } },
      )
    const word = fc.constantFrom(undefined, 'true', 'off', 'YES', 'perhaps')
    fc.assert(
      fc.property(settings, fc.option(settings), word, (user, project, variable) => {
        writeFileSync(root('config.json'), JSON.stringify(user))
        rmSync(join(work, '.mycelium.json'), { force: true })
        if (project !== null) writeFileSync(join(work, '.mycelium.json'), JSON.stringify(project))
        const env = { HOME: home.dir, ...(variable && { MYCELIUM_BUDGET__ENABLED: variable }) }
        const resolved = resolveSettings({ flags: [], env, cwd: work, paths: pathsOf(root()) })
        const isOn = switchesIn({ userFile: root('config.json'), cwd: work, env })
        for (const key of ['budget.enabled', 'budget.unchanged_answers'] as const)
          expect(isOn(key, false)).toBe(resolved.get(key))
        // Not a project's to set.
        expect(switchesIn({ userFile: root('config.json'), env })('ignore.enabled', true)).toBe(
          resolved.get('ignore.enabled'),
        )
      }),
    )
  })
})
