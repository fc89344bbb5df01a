import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { writeAgentPlan } from '../../src/core/agents/agent-plan.ts'
import { allowance } from '../../src/core/agents/allowance.ts'
import { removeOurFiles } from '../../src/core/clients/our-files.ts'
import { pathsOf } from '../../src/core/config/paths.ts'
import { askStore } from '../../src/core/events/store.ts'
import type { Ended } from '../fixtures/built-cli.ts'
import { cliHome } from '../fixtures/cli-home.ts'
import { verifies } from '../requirements.ts'

const home = cliHome({ cwd: 'work' })
let work: string
beforeEach(() => {
  work = join(home.dir, 'work')
  for (const dir of [work, root('log'), root('budgets')]) mkdirSync(dir, { recursive: true })
})

const root = (name = '') => join(home.dir, '.mycelium', name)
const agent = (name: string, more = '') => `---\nname: ${name}\ndescription: d\n${more}---\nDo it.\n`

describe('mycelium budget agents', () => {
  it('shares the total of a workflow exactly, says why each has so much, and keeps it for the hook', async () => {
    verifies('ALLOC-1')
    home.put('work/.claude/agents/reader.md', agent('reader', 'tools: Read, Grep\n'))
    home.put('work/.claude/agents/broken.md', 'no settings')
    home.put(
      'work/flow.json',
      JSON.stringify({
        name: 'review',
        total: 40_001,
        agents: [
          { name: 'reader', min: 5_000, want: 20_000, max: 60_000 },
          { name: 'general-purpose', want: 20_000, needs: ['reader'], weight: 2, servers: { github: 3_000 } },
          { name: 'Explore', want: 8_000, degrade: ['cut'] },
        ],
        atMostTogether: [{ name: 'readers', agents: ['reader', 'Explore'], limit: 15_000 }],
      }),
    )
    const { code, stdout, stderr } = await home.run(
      'budget',
      'agents',
      '--workflow',
      'flow.json',
      '--write',
      '--json',
    )
    expect([code, stderr]).toEqual([0, ''])
    const answer = JSON.parse(stdout)
    expect(answer).toMatchObject({
      feasible: true,
      total: 40_001,
      granted: 40_001,
      left: 0,
      certificate: { optimal: true },
      bounds: [
        { name: 'readers', stage: 0, limit: 15_000, used: 15_000 },
        { name: 'total', stage: null, limit: 40_001, used: 40_001 },
      ],
      broken: [{ client: 'claude-code', because: 'no settings between two lines --- at its beginning' }],
    })
    expect(
      answer.agents.map((one: Record<string, unknown>) => [one.name, one.stage, one.binding, one.by]),
    ).toEqual([
      ['reader', 0, 'group', ['readers']],
      ['general-purpose', 1, 'total', []],
      ['Explore', 0, 'group', ['readers']],
    ])
    const kept = JSON.parse(readFileSync(answer.written, 'utf8'))
    expect(kept.agents['general-purpose']).toEqual({
      tokens: answer.agents[1].tokens,
      degrade: ['outline', 'cut', 'stop'],
      servers: { github: 3_000 },
    })
    const shown = await home.run('budget', 'agents', '--workflow', 'flow.json')
    expect(shown.stdout).toMatch(/^reader .* all that readers may have in stage 0/m)
    expect(shown.stderr).toContain('left out: ')
  })

  it('names what contradicts and the ways out, with an exit code, and writes nothing', async () => {
    verifies('ALLOC-1')
    const agents = [
      { name: 'general-purpose', min: 9_000 },
      { name: 'Plan', min: 8_000, needs: ['general-purpose'] },
      { name: 'Explore', min: 1_000 },
    ]
    home.put('work/flow.json', JSON.stringify({ total: 10_000, agents }))
    const text = await home.run('budget', 'agents', '--workflow', 'flow.json', '--write')
    expect(text.code).toBe(1)
    expect(text.stdout).toContain(
      'the total has 10000 tokens, and 18000 are needed: general-purpose (min 9000), Plan (min 8000) cannot all have their min.',
    )
    expect(text.stdout).toMatch(/^defer {5}put off Plan: the others get 10000 tokens$/m)
    expect(text.stdout).toMatch(
      /^simplify .*general-purpose 9000 -> 5000, Plan 8000 -> 4444, Explore 1000 -> 555$/m,
    )
    expect(text.stdout).toMatch(/^abort {5}unless there are more: total 18000 \(8000 more\)$/m)
    expect(text.stderr).toContain('next: raise it, lower a min, or add --defer Plan')
    expect(readdirSync(root('budgets'))).toEqual([])
    const json = await home.run('budget', 'agents', '--workflow', 'flow.json', '--json')
    expect([json.code, JSON.parse(json.stdout)]).toMatchObject([
      1,
      {
        error: { code: 'agents_conflict' },
        feasible: false,
        conflicts: [{ bound: 'total', needed: 18_000 }],
        proposals: {
          defer: { agents: ['Plan'] },
          abort: [{ bound: 'total', limit: 10_000, needed: 18_000 }],
        },
      },
    ])
    const deferred = await home.run('budget', 'agents', '--workflow', 'flow.json', '--defer', 'Plan')
    expect([deferred.code, deferred.stdout]).toEqual([0, expect.stringContaining('put off')])
  })

  it('refuses what it does not understand with the place, the next step and an exit code', async () => {
    verifies('ALLOC-1')
    home.put('work/flow.json', '{"agents":[{"name":"Plan","min":9,"max":5}]}')
    const { code, stdout, stderr } = await home.run('budget', 'agents', '--workflow', 'flow.json')
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain('work/flow.json: Plan: min 9 is more than max 5\n  next: mend the file')
  })

  it('says what is missing where there is nothing to share among', async () => {
    const none = await home.run('budget', 'agents')
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('no client defines an agent here')])
    const gone = await home.run('budget', 'agents', '--workflow', 'gone.json')
    expect([gone.code, gone.stderr]).toEqual([1, expect.stringContaining('gone.json does not exist')])
    const zero = await home.run('budget', 'agents', '--total', '0')
    expect([zero.code, zero.stderr]).toEqual([2, expect.stringContaining('whole number of tokens')])
  })
})

/** A quarter of what an answer of ten thousand characters comes to and more. */
const LONG = Array.from({ length: 900 }, (_, i) => `line ${i}: ${'x'.repeat(30)}`).join('\n')

function fire(payload: object, env: NodeJS.ProcessEnv = { HOME: home.dir }): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [home.bin, 'hook', 'claude-code'], { env, stdio: 'pipe' })
    let [stdout, stderr] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (chunk) => (stdout += chunk))
    child.stderr.setEncoding('utf8').on('data', (chunk) => (stderr += chunk))
    child.stdin.on('error', () => {})
    child.stdin.end(JSON.stringify(payload))
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
}

const used = (tool_name: string, tool_input: object, tool_response: unknown, more: object = {}) => ({
  session_id: 's-1',
  cwd: work,
  hook_event_name: 'PostToolUse',
  agent_id: 'a1',
  agent_type: 'reader',
  ...{ tool_name, tool_input, tool_response, tool_use_id: 't1', ...more },
})
const bash = (stdout: string, more: object = {}) =>
  used('Bash', { command: 'make' }, { stdout, stderr: 'warned\n', interrupted: false, isImage: false }, more)
const readOf = (file: string, text: string, from = 1, more: object = {}) =>
  used(
    'Read',
    { file_path: file, ...more },
    {
      type: 'text',
      file: {
        filePath: file,
        content: text,
        numLines: text.split('\n').length,
        startLine: from,
        totalLines: text.split('\n').length + from - 1,
      },
    },
  )

/* biome-ignore lint/suspicious/noExplicitAny: the client's JSON */
type Answered = Record<string, any>

async function answered(payload: object): Promise<Answered | undefined> {
  const { code, stdout, stderr } = await fire(payload)
  expect([code, stderr]).toEqual([0, ''])
  return stdout === '' ? undefined : JSON.parse(stdout).hookSpecificOutput
}

function plan(tokens: number, more: object = {}): void {
  const share = { tokens, degrade: ['outline', 'cut', 'stop'] as const, servers: { github: 2_000 }, ...more }
  writeAgentPlan(root('budgets'), {
    root: work,
    workflow: 'w',
    total: tokens,
    at: 0,
    agents: { reader: share },
  })
  writeFileSync(root('config.json'), '{"agent_budgets.enabled": true}')
}

describe('an agent with a budget', () => {
  it('is told when it runs low, gets outlines, then cut results that can be read whole, then the advice to end', async () => {
    verifies('ALLOC-1')
    plan(20_000)
    // About 10,400 tokens: below three quarters.
    expect(await answered(bash(LONG))).toBeUndefined()
    const file = home.put('work/big.txt', `${LONG}\n`)
    const outlined = await answered(readOf(file, `${LONG}\n`))
    expect(outlined!.additionalContext).toMatch(
      /this agent \(reader\) had used about 1\d{4} of its budget of 20000 tokens/,
    )
    expect(outlined!.additionalContext).toContain('shown as outlines first')
    expect(outlined!.updatedToolOutput.file.cells[0].source).toContain(`Outline of ${file}`)
    const cut = await answered(bash(LONG))
    expect(cut!.additionalContext).toContain('Longer results are now cut')
    const { stdout, ...rest } = cut!.updatedToolOutput
    expect(rest).toEqual({ stderr: 'warned\n', interrupted: false, isImage: false })
    expect(stdout.length).toBeLessThan(LONG.length / 2)
    expect([stdout.startsWith('line 0: '), stdout.endsWith(LONG.slice(-40))]).toEqual([true, true])
    const [, lines, path] = /\[(\d+) lines left out .* The whole text is in (\S+): read it/.exec(stdout)!
    expect(stdout.split('\n').length - 1 + Number(lines)).toBe(900)
    expect(readFileSync(path!, 'utf8')).toBe(`${LONG}warned\n`)
    // What was cut is given when it is asked for.
    const asked = await answered(readOf(path!, LONG.slice(0, 9_000), 1, { limit: 200 }))
    expect(asked?.updatedToolOutput).toBeUndefined()
    let last = asked
    for (let i = 0; i < 12 && !last?.additionalContext?.includes('It is spent'); i++)
      last = await answered(bash(LONG))
    expect(last!.additionalContext).toContain('It is spent: finish now with what you have')
    // It is told once of each step, and other agents and sessions are not held to it.
    expect((await answered(bash(LONG)))!.additionalContext).toBeUndefined()
    expect(await answered(bash(LONG, { agent_type: 'writer' }))).toBeUndefined()
    expect(await answered(bash(LONG, { agent_id: '', agent_type: '' }))).toBeUndefined()
    expect(await answered(bash(LONG, { session_id: 's-2' }))).toBeUndefined()
  })

  it('is held to what it may have of one server, and its kind is known from its transcript where the client does not say it', async () => {
    verifies('ALLOC-1')
    plan(500_000, { degrade: ['cut'] })
    const text = LONG.slice(0, 9_000)
    const mcp = (more: object = {}) => used('mcp__github__list', {}, [{ type: 'text', text }], more)
    const transcript = join(home.dir, 't', 's-1.jsonl')
    home.put('t/s-1/subagents/agent-a1.meta.json', '{"agentType":"reader"}')
    const told = { agent_type: undefined, transcript_path: transcript }
    const cut = await answered(mcp(told))
    expect(cut!.updatedMCPToolOutput[0].text).toContain('lines left out')
    expect(cut!.additionalContext).toContain('of its budget of 2000 tokens for results of github')
    expect(await answered(used('mcp__other__list', {}, [{ type: 'text', text }]))).toBeUndefined()
    // What is no text only is left as it is.
    const image = [
      { type: 'text', text },
      { type: 'image', data: 'x' },
    ]
    expect(await answered(used('mcp__github__list', {}, image))).toBeUndefined()
  })

  it('is left alone without the switch, without a plan here, and with a plan that is damaged', async () => {
    plan(1_000)
    expect(await answered(bash(LONG, { cwd: home.dir }))).toBeUndefined()
    writeFileSync(root('config.json'), '{}')
    expect(await answered(bash(LONG))).toBeUndefined()
    writeFileSync(root('config.json'), '{"agent_budgets.enabled": true}')
    const [name] = readdirSync(root('budgets'))
    for (const text of [
      '{',
      '{"format":2}',
      '{"format":1,"workflow":"","agents":{"reader":{"tokens":"x"}}}',
    ]) {
      writeFileSync(root(`budgets/${name}`), text)
      expect(await answered(bash(LONG))).toBeUndefined()
    }
  })

  it('is on record with what it took against what it was granted, which the next estimate goes by, and undo leaves nothing', async () => {
    verifies('ALLOC-1')
    plan(12_000)
    await answered(bash(LONG))
    await answered(bash(LONG))
    await fire({
      session_id: 's-1',
      cwd: work,
      hook_event_name: 'SubagentStop',
      agent_id: 'a1',
      agent_type: 'reader',
    })
    const rows = await askStore(pathsOf(root()), async ({ database }) =>
      (
        await database.connection.runAndReadAll(
          'SELECT action, granted_tokens::INTEGER, spent_tokens::INTEGER, saved_tokens::INTEGER FROM allowances ORDER BY ts, spent_tokens',
        )
      ).getRowsJS(),
    )
    expect(rows.map(([action]) => action)).toEqual(
      expect.arrayContaining(['granted', 'outline', 'cut', 'ended']),
    )
    const ended = rows.find(([action]) => action === 'ended')!
    expect(ended[2]).toBeGreaterThan(9_000)
    const actual = await home.run('budget', 'agents', '--actual', '--json')
    const [record] = JSON.parse(actual.stdout).agents
    expect(record).toMatchObject({
      agent: 'reader',
      sessions: 1,
      fromTranscript: 0,
      granted: 12_000,
      actual: ended[2],
    })
    expect(record.variance).toBeCloseTo((ended[2] as number) / 12_000 - 1, 9)
    const shown = await home.run('budget', 'agents', '--actual')
    expect(shown.stdout).toContain('1 session as the hook counted')
    removeOurFiles(pathsOf(root()), { launchers: new Set(), backups: new Set(), usage: false })
    expect(existsSync(root('budgets'))).toBe(false)
  })
})

describe('what an agent may still have', () => {
  it('is the lesser of its grant and of its bound for a server; steps begin at three quarters and end at the whole', () => {
    verifies('ALLOC-1')
    const share = { tokens: 1_000, degrade: ['outline', 'cut', 'stop'] as const, servers: { s: 100 } }
    const at = (tokens: number, byServer = 0) => allowance(share, 's', { tokens, byServer: { s: byServer } })
    expect(at(0)).toMatchObject({ left: 100, server: 's', steps: [] })
    expect(at(950)).toMatchObject({ left: 50, server: undefined, steps: ['outline', 'cut'] })
    expect(at(200, 80)).toMatchObject({ left: 20, server: 's', steps: ['outline'] })
    expect(at(2_000)).toMatchObject({
      left: 0,
      steps: ['outline', 'cut', 'stop'],
      fileTokens: 600,
      resultTokens: 400,
    })
    expect(
      allowance({ ...share, degrade: ['stop'] }, undefined, { tokens: 999, byServer: {} }).steps,
    ).toEqual([])
  })
})
