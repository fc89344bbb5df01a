import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lines, type TranscriptHome, total, transcriptHome } from '../fixtures/transcripts/home.ts'
import { verifies } from '../requirements.ts'

const header = { sessionId: 's1', projectHash: 'h', startTime: '2026-10-01T00:00:00.000Z', kind: 'main' }
const tokens = (input: number, cached: number, output: number, thoughts: number, tool = 0): object => ({
  input,
  output,
  cached,
  thoughts,
  tool,
  total: input + output + thoughts + tool,
})
const message = (id: string, used: object | undefined, more: object = {}): object => ({
  id,
  timestamp: '2026-10-01T00:00:01.000Z',
  type: 'gemini',
  content: 'ok',
  model: 'gemini-2.5-pro',
  ...(used === undefined ? {} : { tokens: used }),
  ...more,
})
const call = {
  id: 'c1',
  name: 'mcp_my_server_echo',
  args: { message: 'ü' },
  status: 'success',
  timestamp: '2026-10-01T00:00:03.000Z',
  displayName: 'echo (my_server MCP Server)',
  result: [{ functionResponse: { id: 'c1', name: 'x', response: { output: 'grüß' } } }],
}

let home: TranscriptHome
beforeEach(() => {
  home = transcriptHome()
})
afterEach(() => home.close())

describe('a response of Gemini CLI', () => {
  it('counts once, with the last of what was written under its id, $set lines included', async () => {
    verifies('USE-1')
    home.write('.gemini/projects.json', JSON.stringify({ projects: { '/work/p': 'p' } }))
    home.write(
      '.gemini/tmp/p/chats/session-2026-10-01T00-00-abc.jsonl',
      lines(
        header,
        { id: 'u1', type: 'user', content: 'hi' },
        message('m1', undefined),
        message('m1', tokens(1000, 600, 20, 5)),
        { $set: { lastUpdated: 'x' } },
        message('m1', tokens(1000, 600, 20, 5), { toolCalls: [call] }),
        {
          $set: {
            messages: [message('m1', tokens(1000, 600, 20, 5)), message('m2', tokens(1100, 700, 30, 0, 9))],
          },
        },
        { $rewindTo: 'm2' },
      ),
    )
    const report = await home.import()
    expect(report.skippedTypes).toEqual({ user: 1, $set: 1, $rewindTo: 1 })
    expect([...home.kept.responses.values()]).toMatchObject([
      {
        message: 's1:m1',
        clientSession: 's1',
        project: '/work/p',
        model: 'gemini-2.5-pro',
        inputTokens: 400,
        cacheReadTokens: 600,
        outputTokens: 25,
        reasoningTokens: 5,
      },
      { message: 's1:m2', inputTokens: 409, cacheReadTokens: 700, outputTokens: 30 },
    ])
    expect([...home.kept.toolUses.values()]).toMatchObject([
      {
        toolUse: 'c1',
        server: 'my_server',
        tool: 'echo',
        bytesIn: 16,
        bytesOut: 6,
        durationUs: 2e6,
        failed: false,
      },
    ])
  })

  it('of an older version is read from its one JSON object, again when that was written anew', async () => {
    verifies('USE-1')
    const hash = createHash('sha256').update('/work/old').digest('hex')
    home.write('.gemini/trustedFolders.json', JSON.stringify({ '/work/old': 'TRUST_FOLDER' }))
    const chat = (...messages: object[]): string => JSON.stringify({ ...header, messages }, null, 2)
    const path = `.gemini/tmp/${hash}/chats/session-2026-09-01T00-00-abc.json`
    home.write(path, chat(message('m1', tokens(10, 0, 2, 0))))
    await home.import()
    home.write(path, chat(message('m1', tokens(10, 0, 2, 0)), message('m2', tokens(20, 5, 4, 0))))
    await home.import()
    expect(await home.import()).toMatchObject({ files: 0 })
    expect(total(home.kept, 'outputTokens')).toBe(6)
    expect([...home.kept.responses.values()]).toMatchObject([
      { project: '/work/old' },
      { project: '/work/old' },
    ])
  })

  it('of a sub-agent belongs to the session that started it', async () => {
    home.write(
      '.gemini/tmp/p/chats/parent/sub.jsonl',
      lines(
        { ...header, sessionId: 'sub', kind: 'subagent', directories: ['/work/q'] },
        message('m1', tokens(5, 0, 1, 0)),
      ),
    )
    await home.import()
    expect([...home.kept.responses.values()]).toMatchObject([
      { clientSession: 'parent', agent: 'sub', agentType: 'subagent', project: '/work/q', message: 'sub:m1' },
    ])
  })
})
