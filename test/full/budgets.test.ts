import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startModel } from '../../bench/model-endpoint.ts'
import { planBudgets } from '../../src/core/budget/plan.ts'
import { writePlan } from '../../src/core/budget/plan-file.ts'
import { pathsOf } from '../../src/core/config/paths.ts'
import { askStore } from '../../src/core/events/store.ts'
import { ended } from '../fixtures/built-cli.ts'
import { type ClientHome, clientHome } from '../fixtures/client-home.ts'
import { sourceOf } from '../fixtures/parsed-files.ts'
import { rankedFile } from '../fixtures/ranked-files.ts'
import { realClient } from '../fixtures/real-clients.ts'
import { verifies } from '../requirements.ts'

const LIMIT_S = 120
/** Below what Claude Code takes of one MCP result. */
const BIG = sourceOf(25, 30).text

/** One tool that the model asks for, and what the agent answered. */
type Step = readonly [tool: string, input: object]
interface Result {
  readonly content: unknown
  readonly is_error?: boolean
}

describe('the real Claude Code under budgets', () => {
  let claude = ''
  let home: ClientHome
  let file = ''
  let turns = 0
  beforeAll(() => {
    claude = realClient('claude')
  }, 600_000)
  beforeEach(async () => {
    home = clientHome()
    file = join(home.sandbox.project, 'big.ts')
    writeFileSync(file, BIG)
    await home.mycelium('init', '--hooks', '--yes')
    expect(await home.mycelium('config', 'set', 'budget.enabled=true')).toMatchObject({ code: 0 })
    const ranked = rankedFile('big.ts', { tokens: BIG.length >> 2, bytes: BIG.length, importance: 0.1 })
    mkdirSync(root().budgets, { recursive: true })
    writePlan(root().budgets, home.sandbox.project, planBudgets([ranked], { window: 8_000 }), 0)
  })
  afterEach(() => home.close())

  const root = () => pathsOf(join(home.sandbox.home, '.mycelium'))

  /** Runs the agent with a model that asks for these tools in turn; gives what each was answered by. */
  async function turn(steps: readonly Step[], ...args: string[]): Promise<readonly Result[]> {
    const results = new Map<string, Result>()
    let asked = 0
    // A session that goes on shows what was used before.
    const turn = turns++
    const id = (step: number) => `toolu_${turn}_${step}`
    const model = await startModel(({ tools, messages }) => {
      for (const { content } of messages ?? [])
        for (const block of Array.isArray(content) ? content : [])
          if (block.type === 'tool_result') results.set(block.tool_use_id, block)
      const step = tools?.some(({ name }) => name === 'Read') ? steps[asked] : undefined
      if (step === undefined) return { type: 'text', text: 'Done.' }
      return { type: 'tool_use', id: id(asked++), name: step[0], input: step[1] }
    })
    try {
      const env = {
        ...home.sandbox.env,
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        DISABLE_AUTOUPDATER: '1',
        ANTHROPIC_BASE_URL: model.url,
        ANTHROPIC_API_KEY: 'not-a-key',
        MCP_CONNECTION_NONBLOCKING: '0',
        ENABLE_TOOL_SEARCH: 'false',
      }
      const words = [
        '-s',
        'KILL',
        String(LIMIT_S),
        claude,
        '-p',
        'go',
        '--allowedTools',
        'Read,Edit,mcp__filesystem__read_text_file',
        ...args,
      ]
      expect(await ended('timeout', words, env, home.sandbox.project)).toMatchObject({ code: 0 })
      return steps.map((_, i) => results.get(id(i))!)
    } finally {
      model.close()
    }
  }

  const text = ({ content }: Result): string =>
    typeof content === 'string' ? content : (content as [{ text: string }])[0].text
  const numbered = (from: number, to: number) =>
    BIG.split('\n')
      .slice(from - 1, to)
      .map((line, i) => `${from + i}\t${line}`)
      .join('\n')

  it('gets an outline first, then the whole file, a range as it is, and may edit what it saw in part', async () => {
    verifies('BUDGET-1')
    const edit = {
      file_path: file,
      old_string: "work(0, 2, 'some text",
      new_string: "work(0, 2, 'other text",
    }
    const [outline, whole, range, edited, after] = await turn([
      ['Read', { file_path: file }],
      ['Read', { file_path: file }],
      ['Read', { file_path: file, offset: 100, limit: 20 }],
      ['Edit', edit],
      ['Read', { file_path: file, offset: 1, limit: 3 }],
    ])
    expect(text(outline!)).toContain(`Outline of ${file}: 750 lines`)
    expect(text(outline!)).toContain(`\n${numbered(1, 30)}\n`)
    expect(text(outline!).length).toBeLessThan(BIG.length / 2)
    expect(text(whole!)).toBe(numbered(1, 751))
    expect(text(range!)).toBe(numbered(100, 119))
    expect(text(edited!)).toContain('has been updated')
    expect(text(after!)).toContain('other text')
    for (const result of [outline, whole, range, edited, after]) expect(result?.is_error ?? false).toBe(false)
    const rows = await askStore(root(), async ({ database }) =>
      (
        await database.connection.runAndReadAll(
          "SELECT action, sign(saved_tokens)::INTEGER FROM decisions WHERE policy = 'budget' ORDER BY ts",
        )
      ).getRowsJS(),
    )
    expect(rows).toEqual([
      ['outline', 1],
      ['again', -1],
    ])
  }, 300_000)

  it('may edit right after an outline, and starts anew in a session that it resumes', async () => {
    verifies('BUDGET-1')
    const edit = {
      file_path: file,
      old_string: "work(0, 2, 'some text",
      new_string: "work(0, 2, 'other text",
    }
    const [outline, edited] = await turn([
      ['Read', { file_path: file }],
      ['Edit', edit],
    ])
    expect(text(outline!)).toContain('Outline of')
    expect(text(edited!)).toContain('has been updated')
    expect(readFileSync(file, 'utf8')).toContain('other text')
    const [again, range] = await turn(
      [
        ['Read', { file_path: file }],
        ['Read', { file_path: file, offset: 40, limit: 5 }],
      ],
      '--continue',
    )
    expect(text(again!)).toContain('Outline of')
    expect(text(range!)).toBe(numbered(40, 44))
  }, 300_000)

  it('gets the same from a tool of an MCP server, through the daemon', async () => {
    verifies('BUDGET-1')
    const [outline, whole] = await turn([
      ['mcp__filesystem__read_text_file', { path: file }],
      ['mcp__filesystem__read_text_file', { path: file }],
    ])
    expect(text(outline!)).toContain(`Outline of ${file}: 750 lines`)
    // Claude Code shows the structured content of an answer as JSON.
    expect(JSON.parse(text(whole!))).toEqual({ content: BIG })
  }, 300_000)
})
