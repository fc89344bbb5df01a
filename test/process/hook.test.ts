import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Ended } from '../fixtures/built-cli.ts'
import { cliHome } from '../fixtures/cli-home.ts'
import { recordedHooks } from '../fixtures/hook-events.ts'
import { verifies } from '../requirements.ts'

const USED = {
  session_id: 's-1',
  transcript_path: '/home/u/.claude/projects/p/s-1.jsonl',
  cwd: '/work/p',
  hook_event_name: 'PostToolUse',
  tool_name: 'mcp__github__search',
  tool_input: { query: 'sk-secret "quoted" ü' },
  tool_response: [{ type: 'text', text: 'found' }],
  tool_use_id: 'toolu_1',
  duration_ms: 12.5,
}

const home = cliHome()
beforeEach(() => {
  mkdirSync(join(home.dir, '.mycelium/log'), { recursive: true })
})

/** `stdin`: what is written to it; null leaves it open and silent, undefined gives none. */
function run(
  args: readonly string[],
  stdin: string | null | undefined,
  env: NodeJS.ProcessEnv = { HOME: home.dir },
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [home.bin, ...args], {
      env,
      stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    })
    let [stdout, stderr] = ['', '']
    child.stdout!.setEncoding('utf8').on('data', (chunk) => (stdout += chunk))
    child.stderr!.setEncoding('utf8').on('data', (chunk) => (stderr += chunk))
    child.stdin?.on('error', () => {})
    if (typeof stdin === 'string') child.stdin?.end(stdin)
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
}

const SILENT = { code: 0, signal: null, stdout: '', stderr: '' }
const file = (name: string) => join(home.dir, '.mycelium', name)
const events = () => recordedHooks(file(''))

describe('mycelium hook', () => {
  it('records names, ids and sizes of a tool use, and nothing that was said', async () => {
    verifies('CLI-3')
    const before = Date.now() * 1000
    expect(await run(['hook', 'claude-code'], JSON.stringify(USED))).toEqual(SILENT)
    expect(readFileSync(file('events/shared.seg'), 'utf8')).not.toContain('secret')
    expect(statSync(file('events/shared.seg')).mode & 0o777).toBe(0o600)
    expect(statSync(file('events')).mode & 0o777).toBe(0o700)
    const event = (await events())[0]!
    expect(event).toEqual({
      at: expect.any(Number),
      client: 'claude-code',
      clientSession: 's-1',
      project: '/work/p',
      agent: '',
      event: 'PostToolUse',
      tool: 'mcp__github__search',
      toolUse: 'toolu_1',
      bytesIn: Buffer.byteLength(JSON.stringify(USED.tool_input)),
      bytesOut: Buffer.byteLength(JSON.stringify(USED.tool_response)),
      durationUs: 12_500,
      outcome: 'ok',
    })
    expect(event.at).toBeGreaterThanOrEqual(before)
    expect(event.at).toBeLessThanOrEqual(Date.now() * 1000 + 1000)
  })

  it.each([
    [
      'a failed tool',
      { ...USED, hook_event_name: 'PostToolUseFailure', tool_response: undefined, error: 'boom' },
      { outcome: 'failed', bytesOut: 6 },
    ],
    [
      'a prompt',
      { session_id: 's', hook_event_name: 'UserPromptSubmit', prompt: 'hello' },
      { event: 'UserPromptSubmit', bytesIn: 7, bytesOut: 0, tool: '', durationUs: -1 },
    ],
    [
      'a sub-agent',
      { hook_event_name: 'SubagentStop', agent_id: 'a1', last_assistant_message: 'bye' },
      { agent: 'a1', bytesOut: 5 },
    ],
    [
      'fields of other types',
      { session_id: 7, tool_name: null, hook_event_name: ['x'] },
      { clientSession: '', tool: '', event: '', outcome: 'ok' },
    ],
  ])('knows %s', async (_, payload, expected) => {
    expect(await run(['hook', 'claude-code'], JSON.stringify(payload))).toEqual(SILENT)
    expect(await events()).toMatchObject([expected])
  })

  // As the clients sent them (Codex 0.169.0, Gemini CLI 0.61.0), cut to what is looked at.
  it.each([
    [
      'codex',
      {
        session_id: '01a2',
        turn_id: '01a3',
        transcript_path: '/home/u/.codex/sessions/2026/11/27/rollout.jsonl',
        cwd: '/work/p',
        hook_event_name: 'PostToolUse',
        model: 'gpt-5.5',
        permission_mode: 'default',
        tool_name: 'Bash',
        tool_input: { command: 'cat a' },
        tool_response: 'text\n',
        tool_use_id: 'call_1',
      },
      { clientSession: '01a2', tool: 'Bash', toolUse: 'call_1', bytesIn: 19, bytesOut: 8, outcome: 'ok' },
    ],
    [
      'codex',
      {
        session_id: '01a2',
        hook_event_name: 'PostToolUse',
        tool_name: 'mcp__x__y',
        tool_response: { content: [], isError: true },
      },
      { tool: 'mcp__x__y', outcome: 'failed' },
    ],
    [
      'gemini-cli',
      {
        session_id: '32b6',
        cwd: '/work/p',
        hook_event_name: 'AfterTool',
        timestamp: '2026-11-27T03:47:42.783Z',
        tool_name: 'mcp_github_search',
        tool_input: { query: 'x' },
        mcp_context: { server_name: 'github', tool_name: 'search' },
        tool_response: { llmContent: 'found', returnDisplay: '' },
      },
      {
        event: 'AfterTool',
        tool: 'mcp_github_search',
        toolUse: '',
        bytesIn: 13,
        bytesOut: 41,
        outcome: 'ok',
      },
    ],
    [
      'gemini-cli',
      {
        hook_event_name: 'AfterTool',
        tool_name: 'read_file',
        tool_response: {
          llmContent: 'no',
          returnDisplay: 'no',
          error: { message: 'no', type: 'file_not_found' },
        },
      },
      { outcome: 'failed' },
    ],
    [
      'gemini-cli',
      { hook_event_name: 'AfterAgent', prompt: 'hello', prompt_response: 'bye', stop_hook_active: false },
      { event: 'AfterAgent', bytesIn: 7, bytesOut: 5 },
    ],
  ])('knows what %s sends: %#', async (client, payload, expected) => {
    expect(await run(['hook', client], JSON.stringify(payload))).toEqual(SILENT)
    expect(await events()).toMatchObject([{ client, ...expected }])
  })

  it.each([
    ['no JSON', 'not json', 'unreadable'],
    ['JSON that is cut short', JSON.stringify(USED).slice(0, 80), 'unreadable'],
    ['a list', '[1,2]', 'unreadable'],
    ['nothing', '', 'unreadable'],
    ['a byte order mark and other bytes', '\u{feff}\0\u{ffff}', 'unreadable'],
  ])('tolerates %s', async (_, text, outcome) => {
    expect(await run(['hook', 'claude-code', 'Stop'], text)).toEqual(SILENT)
    expect(await events()).toMatchObject([{ event: 'Stop', outcome }])
  })

  it('takes 10 MB of a tool result', async () => {
    const text = JSON.stringify({ ...USED, tool_response: 'a "line"\n'.repeat(1_000_000) })
    expect(text.length).toBeGreaterThan(10_000_000)
    expect(await run(['hook', 'claude-code'], text)).toEqual(SILENT)
    expect(await events()).toMatchObject([{ toolUse: 'toolu_1', bytesOut: 12_000_002 }])
  })

  it('waits a second for an input that never ends, and not at all for one that is not there', async () => {
    const since = performance.now()
    expect(await run(['hook', 'claude-code'], null)).toEqual(SILENT)
    expect(performance.now() - since).toBeLessThan(5_000)
    expect(await run(['hook', 'claude-code'], undefined)).toEqual(SILENT)
    expect(await events()).toHaveLength(2)
    expect(readFileSync(file('log/hook.log'), 'utf8')).toMatch(
      /^\S+ claude-code: the input did not end, or was too long\n$/,
    )
  })

  it('reads a file given as input', async () => {
    const input = join(home.dir, 'payload.json')
    writeFileSync(input, JSON.stringify(USED))
    const { openSync, closeSync } = await import('node:fs')
    const fd = openSync(input, 'r')
    const child = spawn(process.execPath, [home.bin, 'hook', 'claude-code'], {
      env: { HOME: home.dir },
      stdio: [fd, 'pipe', 'pipe'],
    })
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0)
    closeSync(fd)
    expect(await events()).toMatchObject([{ toolUse: 'toolu_1' }])
  })

  it('without arguments, without HOME, and where nothing can be written, is silent all the same', async () => {
    expect(await run(['hook'], '{}')).toEqual(SILENT)
    expect(await run(['hook', 'x', '--what'], '{}')).toEqual(SILENT)
    expect(await run(['hook', 'claude-code'], '{}', { MYCELIUM_HOME: '/proc/nothing/here' })).toEqual(SILENT)
    const taken = join(home.dir, 'a-file')
    writeFileSync(taken, '')
    expect(await run(['hook', 'claude-code'], '{}', { MYCELIUM_HOME: taken })).toEqual(SILENT)
    expect(await run(['hook', 'claude-code'], '{}', { MYCELIUM_HOME: join(taken, 'x'), HOME: '' })).toEqual(
      SILENT,
    )
    rmSync(file('events'), { recursive: true })
    writeFileSync(file('events'), 'in the way')
    expect(await run(['hook', 'claude-code'], '{}')).toEqual(SILENT)
    expect(readFileSync(file('log/hook.log'), 'utf8')).toContain('ENOTDIR')
  })

  it('makes no root of its own: after an undo nothing comes back', async () => {
    rmSync(file('.'), { recursive: true })
    expect(await run(['hook', 'claude-code'], JSON.stringify(USED))).toEqual(SILENT)
    expect(existsSync(file('.'))).toBe(false)
  })

  it('adds nothing to a file that nobody takes in', async () => {
    mkdirSync(file('events'))
    writeFileSync(file('events/shared.seg'), '')
    truncateSync(file('events/shared.seg'), 128 * 1024 * 1024)
    expect(await run(['hook', 'claude-code'], JSON.stringify(USED))).toEqual(SILENT)
    expect(statSync(file('events/shared.seg')).size).toBe(128 * 1024 * 1024)
  })

  it('does nothing while hooks are switched off', async () => {
    writeFileSync(file('config.json'), '{"hooks":{"enabled":false}}')
    expect(await run(['hook', 'claude-code'], JSON.stringify(USED))).toEqual(SILENT)
    expect(existsSync(file('events'))).toBe(false)
    writeFileSync(file('config.json'), '{"hooks":{"enabled":tru')
    expect(await run(['hook', 'claude-code'], JSON.stringify(USED))).toEqual(SILENT)
    expect(await events()).toHaveLength(1)
  })

  it('of many at once loses no line', async () => {
    const all = await Promise.all(
      Array.from({ length: 24 }, () => run(['hook', 'claude-code'], JSON.stringify(USED))),
    )
    expect(all).toEqual(all.map(() => SILENT))
    expect(await events()).toHaveLength(24)
  })

  it('explains itself when asked', async () => {
    expect((await run(['hook', '--help'], undefined)).stdout).toContain(
      'Usage: mycelium hook [options] <client> [event]',
    )
  })
})
