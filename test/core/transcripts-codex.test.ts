import { appendFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lines, type TranscriptHome, total, transcriptHome } from '../fixtures/transcripts/home.ts'
import { verifies } from '../requirements.ts'

const [A, B, C] = [1, 2, 3].map((n) => `01a1fd55-0940-7703-9025-00000000000${n}`) as [string, string, string]
const path = (thread: string): string =>
  `.codex/sessions/2026/10/01/rollout-2026-10-01T00-00-00-${thread}.jsonl`
const record = (type: string, payload: object, second = 0): object => ({
  timestamp: new Date(Date.UTC(2026, 9, 1) + second * 1000).toISOString(),
  type,
  payload,
})
const meta = (id: string, more: object = {}): object =>
  record('session_meta', { id, session_id: id, cwd: '/work/p', ...more })
const turn = (model = 'gpt-5.4'): object => record('turn_context', { cwd: '/work/p', model })
const usage = (input: number, cached: number, output: number): object => ({
  input_tokens: input,
  cached_input_tokens: cached,
  output_tokens: output,
  reasoning_output_tokens: 1,
})
const counted = (total: object, last: object, second = 0): object =>
  record(
    'event_msg',
    { type: 'token_count', info: { total_token_usage: total, last_token_usage: last } },
    second,
  )
const answered = (response: string, used: object, thread = A): object =>
  record('token_usage_record', { thread_id: thread, session_id: thread, response_id: response, usage: used })

let home: TranscriptHome
beforeEach(() => {
  home = transcriptHome()
})
afterEach(() => home.close())

describe('a response of Codex', () => {
  it('counts by its own record, and running totals beside it are left alone', async () => {
    verifies('USE-1')
    home.write(
      path(A),
      lines(
        meta(A),
        turn(),
        answered('resp_1', usage(1000, 600, 50)),
        counted(usage(1000, 600, 50), usage(1000, 600, 50)),
        counted(usage(1000, 600, 50), usage(1000, 600, 50)),
        answered('resp_2', usage(1200, 1000, 70)),
        counted(usage(2200, 1600, 120), usage(1200, 1000, 70)),
      ),
    )
    await home.import()
    expect([...home.kept.responses.values()]).toMatchObject([
      {
        message: 'resp_1',
        model: 'gpt-5.4',
        clientSession: A,
        project: '/work/p',
        inputTokens: 400,
        cacheReadTokens: 600,
      },
      { message: 'resp_2', inputTokens: 200, cacheReadTokens: 1000, outputTokens: 70, reasoningTokens: 1 },
    ])
  })

  it('of an older version counts by what was added to the running total, which may repeat and start anew', async () => {
    verifies('USE-1')
    const file = home.write(
      path(A),
      lines(
        meta(A),
        turn(),
        counted(usage(1000, 600, 50), usage(1000, 600, 50)),
        counted(usage(1000, 600, 50), usage(1000, 600, 50), 1),
        record('event_msg', { type: 'token_count', info: null }),
      ),
    )
    await home.import()
    appendFileSync(
      file,
      lines(
        counted(usage(1000, 600, 50), usage(1000, 600, 50), 2),
        counted(usage(2500, 1600, 90), usage(1500, 1000, 40), 3),
        // After a resume totals begin again.
        counted(usage(300, 100, 20), usage(300, 100, 20), 4),
      ),
    )
    await home.import()
    expect(home.kept.responses.size).toBe(3)
    expect(total(home.kept, 'inputTokens')).toBe(400 + 500 + 200)
    expect(total(home.kept, 'cacheReadTokens')).toBe(600 + 1000 + 100)
    expect(total(home.kept, 'outputTokens')).toBe(50 + 40 + 20)
  })

  it('that a fork copied, under other times, counts once', async () => {
    verifies('USE-1')
    const first = counted(usage(1000, 600, 50), usage(1000, 600, 50))
    const copied = counted(usage(1000, 600, 50), usage(1000, 600, 50), 60)
    const own = counted(usage(1700, 1000, 70), usage(700, 400, 20), 61)
    home.write(path(A), lines(meta(A), turn(), first))
    await home.import()
    home.write(path(B), lines(meta(B, { forked_from_id: A }), meta(A), turn(), copied, own))
    home.write(
      path(C),
      lines(meta(C, { forked_from_id: B }), meta(B, { forked_from_id: A }), meta(A), turn(), copied, own),
    )
    await home.import()
    expect(total(home.kept, 'outputTokens')).toBe(70)
    expect(home.kept.responses.get(`codex ${A}:1000-600-50`)).toMatchObject({ clientSession: A })
  })

  it('of a fork without its history counts alone, though the totals go on from the origin', async () => {
    verifies('USE-1')
    const forked = meta(B, { forked_from_id: A })
    home.write(path(B), lines(forked, turn(), counted(usage(2200, 1600, 120), usage(1200, 1000, 70))))
    await home.import()
    expect([...home.kept.responses.values()]).toMatchObject([
      { clientSession: B, inputTokens: 200, outputTokens: 70 },
    ])
  })

  it('of a sub-agent belongs to the session that started it', async () => {
    const source = { subagent: { thread_spawn: { parent_thread_id: A, agent_role: 'explorer' } } }
    home.write(
      path(B),
      lines(meta(B, { session_id: A, source }), turn(), counted(usage(10, 0, 5), usage(10, 0, 5))),
    )
    await home.import()
    expect([...home.kept.responses.values()]).toMatchObject([
      { clientSession: A, agent: B, agentType: 'explorer' },
    ])
  })
})

describe('a tool use of Codex', () => {
  it('has its server, sizes, failure and duration', async () => {
    verifies('USE-1')
    const call = {
      type: 'function_call',
      name: 'echo',
      namespace: 'mcp__every',
      arguments: '{"a":"b"}',
      call_id: 'c1',
    }
    const item = {
      type: 'McpToolCall',
      id: 'c1',
      server: 'every',
      tool: 'echo',
      status: 'completed',
      duration: { secs: 1, nanos: 5000 },
    }
    home.write(
      path(A),
      lines(
        meta(A),
        turn(),
        record('response_item', call, 1),
        record('event_msg', { type: 'item_completed', item }, 2),
        record(
          'response_item',
          { type: 'function_call_output', call_id: 'c1', output: [{ type: 'input_text', text: 'four' }] },
          3,
        ),
        record('response_item', { type: 'function_call', name: 'shell', arguments: '{}', call_id: 'c2' }, 4),
        record('event_msg', { type: 'exec_command_end', call_id: 'c2', exit_code: 2 }, 5),
        record('response_item', { type: 'function_call_output', call_id: 'c2', output: 'no' }, 6),
        record('response_item', { type: 'reasoning' }),
        record('compacted', { replacement_history: [] }),
      ),
    )
    const report = await home.import()
    expect(report.skippedTypes).toEqual({ 'response_item/reasoning': 1, compacted: 1 })
    expect([...home.kept.toolUses.values()]).toMatchObject([
      {
        toolUse: 'c1',
        server: 'every',
        tool: 'echo',
        bytesIn: 9,
        bytesOut: 4,
        failed: false,
        durationUs: 1_000_005,
      },
      { toolUse: 'c2', server: '', tool: 'shell', bytesIn: 2, bytesOut: 2, failed: true, durationUs: 2e6 },
    ])
  })
})
