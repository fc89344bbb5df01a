import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CLAUDE } from '../../src/core/usage/transcripts/claude.ts'
import { answer, at, prompt, result, sessionPath, use } from '../fixtures/transcripts/claude.ts'
import { lines, type TranscriptHome, total, transcriptHome } from '../fixtures/transcripts/home.ts'
import { verifies } from '../requirements.ts'

const [M1, M2] = ['msg_0100000000000001', 'msg_0100000000000002']
let home: TranscriptHome
beforeEach(() => {
  home = transcriptHome()
})
afterEach(() => home.close())

describe('a response of Claude Code', () => {
  it('counts once, with the last of its growing usage and the time of its first line', async () => {
    verifies('USE-1')
    home.write(
      sessionPath('s1'),
      lines(
        answer(M1, 2, { type: 'thinking', thinking: 'hm' }, { second: 1, request: 'r1' }),
        answer(M1, 2, { type: 'text', text: 'x' }, { second: 2, request: 'r1' }),
        answer(M1, 731, use('t1'), { second: 3, request: 'r1' }),
        answer(M2, 10, undefined, { second: 9 }),
      ),
    )
    const report = await home.import()
    expect(report).toMatchObject({
      files: 1,
      lines: 4,
      responses: 2,
      toolUses: 1,
      broken: 0,
      skippedTypes: {},
    })
    expect(home.kept.responses.get(`claude-code ${M1}`)).toEqual({
      at: at(1),
      client: 'claude-code',
      clientSession: 's1',
      project: '/work/p',
      agent: '',
      agentType: '',
      model: 'claude-opus-4-8',
      message: M1,
      inputTokens: 3,
      outputTokens: 731,
      cacheWrite5mTokens: 350,
      cacheWrite1hTokens: 0,
      cacheReadTokens: 1000,
      reasoningTokens: 0,
      clientCostUsd: -1,
    })
  })

  it('splits cache writes by their lifetime', async () => {
    const usage = {
      cache_creation_input_tokens: 900,
      cache_creation: { ephemeral_5m_input_tokens: 200, ephemeral_1h_input_tokens: 700 },
      output_tokens_details: { thinking_tokens: 4 },
    }
    home.write(sessionPath('s1'), lines(answer(M1, 9, undefined, { usage })))
    await home.import()
    expect(home.kept.responses.get(`claude-code ${M1}`)).toMatchObject({
      cacheWrite5mTokens: 200,
      cacheWrite1hTokens: 700,
      reasoningTokens: 4,
    })
  })

  it('counts once without a message id: by request, else by its chain of lines', async () => {
    verifies('USE-1')
    const [first, second] = [{ uuid: 'u1' }, { uuid: 'u2', parent: 'u1' }]
    home.write(
      sessionPath('s1'),
      lines(
        answer(undefined, 5, undefined, { ...first, request: 'r1' }),
        answer(undefined, 50, use('t0'), { ...second, request: 'r1' }),
        answer(undefined, 6, undefined, { uuid: 'u3', parent: 'u2' }),
        answer(undefined, 60, use('t1'), { uuid: 'u4', parent: 'u3' }),
        result('t1', 'x', { uuid: 'u5', parent: 'u4' }),
        answer(undefined, 7, undefined, { uuid: 'u6', parent: 'u5' }),
        // An endpoint that calls all its answers the same.
        answer('msg_1', 100, undefined, { uuid: 'u8', parent: 'u7' }),
        answer('msg_1', 200, undefined, { uuid: 'u10', parent: 'u9' }),
      ),
    )
    await home.import()
    expect(total(home.kept, 'outputTokens')).toBe(50 + 60 + 7 + 100 + 200)
  })

  it('that goes on after an import is still one', async () => {
    const file = home.write(
      sessionPath('s1'),
      lines(answer(undefined, 5, undefined, { uuid: 'u1', second: 1 })),
    )
    await home.import()
    appendFileSync(file, lines(answer(undefined, 50, use('t1'), { uuid: 'u2', parent: 'u1', second: 2 })))
    await home.import()
    expect([...home.kept.responses.values()]).toMatchObject([{ at: at(1), outputTokens: 50 }])
  })

  it('that a fork or a resume copied counts once, for the session that made it', async () => {
    verifies('USE-1')
    const original = home.write(sessionPath('s1'), lines(answer(M1, 7, use('t1'), { second: 1 })))
    await home.import()
    home.write(
      sessionPath('s2'),
      lines(
        answer(M1, 7, use('t1'), { second: 1, session: 's2' }),
        answer(M2, 8, undefined, { second: 5, session: 's2' }),
      ),
    )
    home.write(
      sessionPath('s3'),
      lines(
        answer(M1, 7, undefined, {
          second: 1,
          session: 's3',
          more: { forkedFrom: { sessionId: 's1', messageUuid: 'u' } },
        }),
      ),
    )
    await home.import()
    expect(original).toContain('s1')
    expect([...home.kept.responses.values()]).toMatchObject([
      { message: M1, clientSession: 's1', outputTokens: 7 },
      { message: M2, clientSession: 's2', outputTokens: 8 },
    ])
    expect(home.kept.toolUses.size).toBe(1)
  })

  it('is none when it is an error of the API', async () => {
    home.write(
      sessionPath('s1'),
      lines(
        answer(M1, 0, undefined, { model: '<synthetic>' }),
        answer(M2, 0, undefined, { more: { isApiErrorMessage: true } }),
      ),
    )
    expect(await home.import()).toMatchObject({ responses: 0, skippedTypes: { synthetic: 2 } })
  })

  it('of a sub-agent carries its id and type, in its own file and in older ones', async () => {
    verifies('USE-1')
    const side = { isSidechain: true }
    const own = `.claude/projects/-work-p/s1/subagents/agent-a1`
    home.write(`${own}.meta.json`, '{"agentType":"Explore"}')
    home.write(`${own}.jsonl`, lines(answer(M1, 5, undefined, { more: { ...side, agentId: 'a1' } })))
    home.write(
      sessionPath('s1'),
      lines(
        prompt('look', { uuid: 'root', more: side }),
        answer(M2, 6, use('t1'), { uuid: 'c1', parent: 'root', more: side }),
        result('t1', 'x', { uuid: 'c2', parent: 'c1', more: side }),
        answer('msg_0100000000000003', 7, undefined, { uuid: 'c3', parent: 'c2', more: side }),
      ),
    )
    await home.import()
    expect(
      [...home.kept.responses.values()].map(({ agent, agentType }) => [agent, agentType]).sort(),
    ).toEqual([
      ['a1', 'Explore'],
      ['root', ''],
      ['root', ''],
    ])
  })
})

describe('a tool use of Claude Code', () => {
  it('says which file of the project it was about, and of none elsewhere', async () => {
    verifies('USE-1')
    const inputs = [
      { file_path: '/work/p/src/ä.ts' },
      { file_path: '/etc/passwd' },
      { file_path: '/work/p2/a.ts' },
      { notebook_path: '/work/p/n.ipynb' },
      { path: 'docs' },
      { command: 'cat /work/p/x' },
    ]
    home.write(
      sessionPath('s1'),
      lines(...inputs.map((input, i) => answer(M1, 1, use(`t${i}`, 'Read', input), { second: 1 }))),
    )
    await home.import()
    expect([...home.kept.toolUses.values()].map(({ file }) => file)).toEqual([
      'src/ä.ts',
      '',
      '',
      'n.ipynb',
      'docs',
      '',
    ])
  })

  it('has its server, sizes, result and duration', async () => {
    verifies('USE-1')
    const parts = [
      { type: 'text', text: 'ü\n"' },
      { type: 'image', source: { data: 'AAAA' } },
    ]
    home.write(
      sessionPath('s1'),
      lines(
        answer(M1, 1, use('t1', 'mcp__every__echo', { message: 'grüß' }), { second: 1 }),
        answer(M1, 1, use('t2', 'mcp__plugin_tools_db__query'), { second: 1 }),
        answer(M1, 1, use('t3', 'Bash'), { second: 1 }),
        result('t1', parts, { second: 3 }),
        result('t2', 'Error: no', { second: 2, failed: true }),
      ),
    )
    await home.import()
    const uses = [...home.kept.toolUses.values()]
    expect(uses).toMatchObject([
      {
        toolUse: 't1',
        server: 'every',
        tool: 'echo',
        bytesIn: 20,
        bytesOut: 4,
        failed: false,
        durationUs: 2e6,
      },
      { toolUse: 't2', server: 'db', tool: 'query', bytesOut: 9, failed: true, durationUs: 1e6 },
      { toolUse: 't3', server: '', tool: 'Bash', bytesIn: 7, bytesOut: -1, durationUs: -1, message: M1 },
    ])
  })

  it('whose result comes after an import gets it the next time', async () => {
    const file = home.write(sessionPath('s1'), lines(answer(M1, 1, use('t1'), { second: 1 })))
    await home.import()
    expect(home.kept.toolUses.get('claude-code t1')).toMatchObject({ bytesOut: -1 })
    appendFileSync(file, lines(result('t1', 'four', { second: 2 })))
    await home.import()
    expect(home.kept.toolUses.get('claude-code t1')).toMatchObject({ bytesOut: 4, bytesIn: 7, message: M1 })
  })
})

describe('what Claude Code says itself', () => {
  it('of costs and tool definitions is kept', async () => {
    const tool = { name: 'mcp__every__echo', description: 'ü', input_schema: { type: 'object' } }
    const modelUsage = {
      'claude-opus-5-5': {
        inputTokens: 27,
        outputTokens: 306,
        cacheReadInputTokens: 74945,
        cacheCreationInputTokens: 22469,
        costUsd: 0.133562,
      },
    }
    const shape = {
      type: 'api-request-shape',
      shapeHash: 'h',
      timestamp: '2026-10-01T00:00:00.000Z',
      shape: { tools: [tool] },
    }
    home.write(
      sessionPath('s1'),
      lines(shape, shape, answer(M1, 1, undefined, { second: 4 }), {
        type: 'cost-state',
        sessionId: 's1',
        modelUsage,
      }),
    )
    await home.import()
    expect(home.kept.schemas).toMatchObject([
      {
        server: 'every',
        tool: 'echo',
        bytes: Buffer.byteLength(JSON.stringify(tool)),
        tokens: -1,
        source: 'transcript',
      },
    ])
    expect(home.kept.costs).toEqual([
      {
        at: at(4),
        client: 'claude-code',
        clientSession: 's1',
        project: '/work/p',
        model: 'claude-opus-5-5',
        inputTokens: 27,
        outputTokens: 306,
        cacheWriteTokens: 22469,
        cacheReadTokens: 74945,
        costUsd: 0.133562,
      },
    ])
  })
})

describe('a transcript', () => {
  it('with broken lines, unknown types, a BOM and CRLF is read for what it has', async () => {
    verifies('USE-1')
    const good = lines(answer(M1, 5), answer(M2, 6)).replaceAll('\n', '\r\n')
    home.write(
      sessionPath('s1'),
      `\ufeff${good}{"type":"assis\r\nnot json\r\n[1]\r\n\r\n{"type":"later"}\r\n{}\r\n`,
    )
    expect(await home.import()).toMatchObject({
      lines: 7,
      responses: 2,
      broken: 3,
      skippedTypes: { later: 1, untyped: 1 },
    })
  })

  it('with half a last line is read up to there, and the rest when it is whole', async () => {
    verifies('USE-1')
    const [whole, half] = [lines(answer(M1, 5)), lines(answer(M2, 6))]
    const file = home.write(sessionPath('s1'), whole + half.slice(0, 50))
    expect(await home.import()).toMatchObject({ lines: 1, broken: 0, bytes: whole.length })
    appendFileSync(file, half.slice(50))
    expect(await home.import()).toMatchObject({ lines: 1, responses: 1, bytes: half.length })
    expect(home.kept.progress.get(file)).toMatchObject({ offset: whole.length + half.length, records: 2 })
  })

  it('that has not changed is not read again', async () => {
    home.write(sessionPath('s1'), lines(answer(M1, 5)))
    await home.import()
    expect(await home.import()).toMatchObject({ files: 0, unchanged: 1, bytes: 0 })
  })

  it('that was replaced, cut or rewritten in place is read from its start', async () => {
    verifies('USE-1')
    const file = home.write(sessionPath('s1'), lines(answer(M1, 5), answer(M2, 6)))
    await home.import()
    writeFileSync(file, lines(answer(M1, 55)))
    expect(await home.import()).toMatchObject({ lines: 1 })
    const rewritten = lines(answer(M1, 66), prompt('a longer one than before'))
    writeFileSync(file, rewritten)
    expect(await home.import()).toMatchObject({ lines: 2 })
    writeFileSync(`${file}.new`, `${readFileSync(file, 'utf8')}${lines(answer(M2, 7))}`)
    renameSync(`${file}.new`, file)
    expect(await home.import()).toMatchObject({ lines: 3 })
    expect(home.kept.responses.get(`claude-code ${M1}`)).toMatchObject({ outputTokens: 66 })
  })

  it('tells its progress after its events', async () => {
    home.write(sessionPath('s1'), lines(answer(M1, 5, use('t1'))))
    await home.import()
    expect(home.kept.order).toEqual(['response', 'toolUse', 'progress'])
  })

  it('is found where CLAUDE_CONFIG_DIR says, and not among saved results', () => {
    home.write('.claude/projects/-work-p/ignored.jsonl', '')
    home.write('elsewhere/projects/-work-p/s1/tool-results/x.jsonl', '')
    const there = home.write('elsewhere/projects/-work-p/s2.jsonl', '')
    const env = { CLAUDE_CONFIG_DIR: `${home.path}/elsewhere` }
    expect(CLAUDE.find({ home: home.path, env }).map(({ path }) => path)).toEqual([there])
  })

  it('not written since a given time is left out', async () => {
    home.write(sessionPath('s1'), lines(answer(M1, 5)))
    expect(await home.import({ sinceMs: Date.now() + 60_000 })).toMatchObject({ files: 0, responses: 0 })
  })
})
