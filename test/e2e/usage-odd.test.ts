import { describe, expect, it } from 'vitest'
import { cliHome } from '../fixtures/cli-home.ts'
import { verifies } from '../requirements.ts'

const home = cliHome({ env: { TZ: 'UTC' } })
const usage = (...args: string[]) => home.run('usage', ...args)

function put(path: string, ...records: readonly object[]): void {
  home.put(path, records.map((record) => `${JSON.stringify(record)}\n`).join(''))
}

function answer(name: string, input: unknown, output: unknown): object {
  return {
    type: 'assistant',
    uuid: name,
    sessionId: 'session-1',
    cwd: '/work/p',
    timestamp: '2026-11-20T10:00:00.000Z',
    message: {
      id: `msg_01000000000000${name}`,
      model: 'claude-opus-4-5',
      content: [],
      usage: { input_tokens: input, output_tokens: output, cache_read_input_tokens: null },
    },
  }
}

const claude = (...records: readonly object[]) => put('.claude/projects/-work-p/session-1.jsonl', ...records)

describe('odd questions and transcripts', () => {
  it.each([
    ['', 2, 'the query is empty'],
    [' \n', 2, 'the query is empty'],
    ['/* nothing */', 1, 'there is no statement in it'],
    ['SELEC 1', 1, 'Parser Error: syntax error at or near "SELEC"'],
    ['SELECT 1; SELECT 2', 1, 'one statement at a time: these are 2'],
  ])('%j is no query', async (sql, code, message) => {
    verifies('USE-3')
    claude(answer('m1', 1, 1))
    const run = await usage('query', sql)
    expect(run).toMatchObject({ code, stdout: '' })
    expect(run.stderr).toContain(`mycelium: ${message}\n`)
    expect(run.stderr).toContain('\n  next: ')
    expect((await usage('query', 'SELECT 1 AS one;', '--csv')).stdout).toBe('one\r\n1\r\n')
  })

  it('what prune --all removed is read again when asked to, and not before', async () => {
    verifies('USE-1', 'USE-3')
    claude(answer('m1', 10, 5))
    const rows = async () => JSON.parse((await usage('report', '--json')).stdout).rows
    expect(await rows()).toMatchObject([{ responses: 1, output_tokens: 5 }])
    const pruned = await usage('prune', '--all', '--older-than', '0d', '--yes')
    expect(pruned.stdout).toContain('mycelium usage import --again')
    expect(await rows()).toEqual([])
    expect(JSON.parse((await usage('import', '--again', '--json')).stdout)).toMatchObject({
      files: 1,
      responses: 1,
    })
    expect(await rows()).toMatchObject([{ responses: 1, output_tokens: 5 }])
    expect(JSON.parse((await usage('import', '--again', '--json')).stdout)).toMatchObject({ files: 1 })
    expect(await rows()).toMatchObject([{ responses: 1, output_tokens: 5 }])
  })

  it('a record whose tokens are no numbers from 0 is broken, and the others count', async () => {
    verifies('USE-1')
    claude(answer('m1', 10, 5), answer('m2', -7, 5), answer('m3', 1, '5'), answer('m4', 1, 2))
    const message = (id: string, tokens: object) => ({
      id,
      type: 'gemini',
      timestamp: '2026-11-20T10:00:00.000Z',
      model: 'gemini-3-pro',
      tokens,
    })
    const session = { sessionId: 'g', messages: [message('a', { input: -1 }), message('b', { input: 3 })] }
    put('.gemini/tmp/p/chats/session-1.jsonl', session, message('c', { input: 4, output: '9' }))
    const report = JSON.parse((await usage('import', '--json')).stdout)
    expect(report).toMatchObject({ files: 2, broken: 3, responses: 3 })
    const { rows } = JSON.parse((await usage('report', '--by', 'model', '--json')).stdout)
    expect(new Map(rows.map((row: Record<string, unknown>) => [row.model, row]))).toEqual(
      new Map([
        ['claude-opus-4-5', expect.objectContaining({ responses: 2, input_tokens: 11, output_tokens: 7 })],
        ['gemini-3-pro', expect.objectContaining({ responses: 1, input_tokens: 3 })],
      ]),
    )
  })

  it.each([
    [999_949_999, '999.9M'],
    [999_999_999, '1.0G'],
    [1e12, '1.0T'],
  ])('%d tokens are told as %s', async (tokens, text) => {
    verifies('USE-3')
    claude(answer('m1', tokens, 1))
    expect((await usage('report', '--by', 'model')).stdout).toMatch(new RegExp(` ${text} `))
  })
})
