import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { pathsOf } from '../../src/core/config/paths.ts'
import { openDatabase } from '../../src/core/events/db.ts'
import { ended } from '../fixtures/built-cli.ts'
import { cliHome } from '../fixtures/cli-home.ts'
import { callOf } from '../fixtures/event-values.ts'
import { segmentWriter } from '../fixtures/events.ts'
import { verifies } from '../requirements.ts'

const home = cliHome({ env: { COLUMNS: '200', TZ: 'UTC' } })
const mycelium = home.run

async function json(...args: string[]) {
  const run = await mycelium(...args, '--json')
  expect(run.code, run.stderr).toBe(0)
  return JSON.parse(run.stdout)
}

/** As long as real ones are: short ids of gateways may be used twice. */
const idOf = (name: string) => `msg_01000000000000${name}`

/** A line of a Claude Code transcript: one block of an answer. */
function answer(
  name: string,
  tokens: number,
  more: Record<string, unknown> = {},
  model = 'claude-opus-4-5',
): string {
  const message = idOf(name)
  return JSON.stringify({
    type: 'assistant',
    uuid: `${message}-${tokens}`,
    sessionId: 'session-1',
    cwd: '/work/p',
    timestamp: '2026-11-20T10:00:00.000Z',
    requestId: `req-${message}`,
    message: {
      id: message,
      model,
      content: [{ type: 'text', text: 'a secret' }],
      usage: {
        input_tokens: 1000,
        output_tokens: tokens,
        cache_read_input_tokens: 2000,
        cache_creation_input_tokens: 300,
        cache_creation: { ephemeral_5m_input_tokens: 100, ephemeral_1h_input_tokens: 200 },
      },
    },
    ...more,
  })
}

function transcript(...lines: string[]): string {
  const dir = join(home.dir, '.claude/projects/-work-p')
  mkdirSync(dir, { recursive: true })
  const file = join(dir, 'session-1.jsonl')
  writeFileSync(file, `${lines.join('\n')}\n`)
  return file
}

describe('mycelium usage', () => {
  it('reports each answer once, with the last of its usages, at the price of its model', async () => {
    verifies('USE-1', 'USE-2', 'USE-3')
    transcript(answer('m1', 5), answer('m1', 50), answer('m2', 10), 'broken', '{"type":"never-heard-of"}')
    const report = await json('usage', 'report', '--by', 'model')
    // 5 and 25 $ a million, 6.25 and 10 to write, 0.5 to read.
    const cost = (2000 * 5 + 60 * 25 + 200 * 6.25 + 400 * 10 + 4000 * 0.5) / 1e6
    expect(report).toEqual({
      by: 'model',
      since: null,
      until: null,
      rows: [
        {
          model: 'claude-opus-4-5',
          responses: 2,
          input_tokens: 2000,
          cache_write_tokens: 600,
          cache_read_tokens: 4000,
          output_tokens: 60,
          cost_usd: expect.closeTo(cost, 10),
          unpriced_responses: 0,
        },
      ],
      unpriced: [],
    })
    transcript(answer('m1', 5), answer('m1', 50), answer('m2', 10), answer('m2', 20), answer('m3', 7))
    const again = await json('usage', 'report', '--by', 'day')
    expect(again.rows).toMatchObject([{ day: '2026-11-20', responses: 3, output_tokens: 77, mcp_calls: 0 }])
    expect(await json('usage', 'import')).toMatchObject({ files: 0, unchanged: 1, responses: 0 })
  })

  it('says which models have no price, and takes one from a file', async () => {
    verifies('USE-2')
    transcript(answer('m1', 50, {}, 'house-model'))
    const report = await mycelium('usage', 'report', '--by', 'model')
    expect(report.stderr).toContain('no price is known for house-model')
    expect(report.stdout).toMatch(/house-model +1 .* – +1/)
    const prices = join(home.dir, 'prices.json')
    writeFileSync(
      prices,
      JSON.stringify({
        asOf: '2026-11-01',
        models: [
          { match: 'house-model', input: 1, output: 2, cacheWrite5m: 0, cacheWrite1h: 0, cacheRead: 0 },
        ],
      }),
    )
    await mycelium('config', 'set', `usage.prices_file=${prices}`)
    const priced = await json('usage', 'report', '--by', 'model')
    expect(priced.rows[0].cost_usd).toBeCloseTo(0.0011, 10)
    writeFileSync(prices, '{"models": [}')
    const broken = await mycelium('usage', 'report')
    expect(broken).toMatchObject({ code: 1, stdout: '' })
    expect(broken.stderr).toContain(`${prices}:1:`)
  })

  it('answers SQL that only reads, and nothing else', async () => {
    verifies('USE-3')
    transcript(answer('m1', 50))
    await mycelium('usage', 'import')
    expect(await json('usage', 'query', 'SELECT message, output_tokens, ts FROM responses')).toEqual({
      columns: ['message', 'output_tokens', 'ts'],
      rows: [[idOf('m1'), 50, '2026-11-20T10:00:00.000Z']],
      more: false,
    })
    expect((await mycelium('usage', 'query', 'SELECT 1 AS one, NULL AS none', '--csv')).stdout).toBe(
      'one,none\r\n1,\r\n',
    )
    const file = join(home.dir, 'out.csv')
    for (const sql of [
      'DELETE FROM responses',
      `COPY responses TO '${file}'`,
      `SELECT * FROM read_csv('/etc/passwd')`,
      'SELEC 1',
    ]) {
      const run = await mycelium('usage', 'query', sql)
      expect(run, sql).toMatchObject({ code: 1, stdout: '' })
      expect(run.stderr).toContain('next: ')
    }
    expect(existsSync(file)).toBe(false)
    const slow = await mycelium(
      'usage',
      'query',
      '--timeout',
      '1',
      'SELECT count(*) FROM range(10000000) a, range(100000) b',
    )
    expect(slow.code).toBe(1)
    expect(slow.stderr).toContain('longer than 1 s')
    expect((await json('usage', 'report')).rows).toHaveLength(1)
  })

  it('exports all tables or none, and overwrites only when told', async () => {
    transcript(answer('m1', 50))
    await mycelium('usage', 'import')
    const out = join(home.dir, 'out')
    const { files } = await json('usage', 'export', out, '--csv')
    expect(files.find(({ table }: { table: string }) => table === 'response_costs')).toMatchObject({
      rows: 1,
    })
    expect(readFileSync(join(out, 'response_costs.csv'), 'utf8')).toContain('m1')
    expect(await mycelium('usage', 'export', out, '--csv')).toMatchObject({ code: 2, stdout: '' })
    expect(await mycelium('usage', 'export', out, '--csv', '--force')).toMatchObject({ code: 0 })
    expect(await mycelium('usage', 'export', join(home.dir, 'parquet'), '--parquet')).toMatchObject({
      code: 0,
    })
    expect(readdirSync(join(home.dir, 'parquet')).every((name) => name.endsWith('.parquet'))).toBe(true)
    expect(await mycelium('usage', 'export', out)).toMatchObject({ code: 2 })
  })

  it('says why an export cannot be written, and writes none of it', async () => {
    transcript(answer('m1', 50))
    await mycelium('usage', 'import')
    const out = join(home.dir, 'out')
    mkdirSync(join(out, 'calls.csv'), { recursive: true })
    writeFileSync(join(home.dir, 'file'), '')
    const places: [string, string][] = [
      [out, 'calls.csv is no file'],
      [join(home.dir, 'file/below'), 'ENOTDIR'],
      ...(existsSync('/proc/self') ? [['/proc/x/y', 'ENOENT'] as [string, string]] : []),
    ]
    for (const [place, why] of places) {
      const run = await mycelium('usage', 'export', place, '--csv', '--force')
      expect(run).toMatchObject({ code: 1, stdout: '' })
      expect(run.stderr).toContain(why)
    }
    expect(readdirSync(out)).toEqual(['calls.csv'])
    expect(await mycelium('usage', 'export', join(home.dir, 'a/b'), '--csv')).toMatchObject({ code: 0 })
  })

  it('prunes only when somebody agreed, and what was paid for only when told', async () => {
    transcript(answer('m1', 50), answer('m2', 50, { timestamp: new Date().toISOString() }))
    await mycelium('usage', 'import')
    expect(await mycelium('usage', 'prune', '--older-than', '2026-11-22')).toMatchObject({
      code: 2,
      stdout: '',
    })
    await json('usage', 'prune', '--older-than', '2026-11-22', '--yes')
    expect((await json('usage', 'report')).rows).toHaveLength(2)
    const removed = await json('usage', 'prune', '--older-than', '2026-11-22', '--all', '--yes')
    expect(removed).toMatchObject({ removed: { responses: 1 } })
    expect((await json('usage', 'query', 'SELECT message FROM responses')).rows).toEqual([[idOf('m2')]])
  })

  it('keeps the last days when there are more than asked for', async () => {
    transcript(
      ...[18, 19, 20].map((day) => answer(`m${day}`, 1, { timestamp: `2026-11-${day}T10:00:00.000Z` })),
    )
    const { rows } = await json('usage', 'report', '--limit', '2')
    expect(rows.map(({ day }: { day: string }) => day)).toEqual(['2026-11-19', '2026-11-20'])
  })

  it('fits its tables into the terminal, and says what it left out', async () => {
    transcript(answer('m1', 50), answer('m2', 50, {}, 'house-model'))
    for (const by of ['day', 'session', 'project', 'agent', 'model'])
      for (const columns of [40, 60, 80, 100]) {
        const run = await ended(
          process.execPath,
          [home.bin, 'usage', 'report', '--by', by],
          { ...home.env, COLUMNS: String(columns) },
          home.dir,
        )
        const longest = Math.max(...run.stdout.split('\n').map((line) => line.length))
        expect(longest, `${by} at ${columns}`).toBeLessThanOrEqual(columns)
        if (columns === 40) expect(run.stderr).toContain('no room for')
      }
  }, 60_000)

  it('gives a large answer in part, and values of every kind as they can be read', async () => {
    transcript(answer('m1', 50))
    await mycelium('usage', 'import')
    const large = await mycelium('usage', 'query', '--limit', '3', '--csv', 'SELECT * FROM range(50000000)')
    expect(large).toMatchObject({ code: 0, stdout: 'range\r\n0\r\n1\r\n2\r\n' })
    expect(large.stderr).toContain('only the first 3 rows')
    const kinds =
      "SELECT {'a': 1} AS s, [1, 2] AS l, MAP {'k': 1} AS m, DATE '2026-01-02' AS d, TIME '01:02:03' AS t, INTERVAL 1 DAY AS i, 'nan'::DOUBLE AS n"
    expect((await json('usage', 'query', kinds)).rows).toEqual([
      [
        { a: 1 },
        [1, 2],
        [{ key: 'k', value: 1 }],
        '2026-01-02',
        '01:02:03',
        expect.stringContaining('1 day'),
        'NaN',
      ],
    ])
    const csv = await mycelium('usage', 'query', '--csv', kinds)
    expect(csv.stdout).not.toContain('[object')
  })

  it('says who holds the database when it cannot be had', async () => {
    transcript(answer('m1', 50))
    await mycelium('usage', 'import')
    const held = await openDatabase({ file: pathsOf(join(home.dir, '.mycelium')).database, write: true })
    try {
      const run = await mycelium('usage', 'report')
      expect(run).toMatchObject({ code: 1, stdout: '' })
      expect(run.stderr).toContain(`PID ${process.pid}`)
    } finally {
      held.close()
    }
    expect(await mycelium('usage', 'report')).toMatchObject({ code: 0 })
  }, 40_000)

  it('puts answers and calls without a project into one row', async () => {
    const writer = segmentWriter(pathsOf(join(home.dir, '.mycelium')).events)
    const at = Date.parse('2026-11-20T10:00:00Z') * 1000
    writer.append('response', {
      at,
      client: 'codex',
      clientSession: 's',
      project: '',
      agent: '',
      agentType: '',
      model: 'm',
      message: 'msg_01000000000000aa',
      inputTokens: 1,
      outputTokens: 1,
      cacheWrite5mTokens: 0,
      cacheWrite1hTokens: 0,
      cacheReadTokens: 0,
      reasoningTokens: 0,
      clientCostUsd: -1,
    })
    writer.append('call', { ...callOf('w', 1), at, project: '' })
    await writer.close()
    const { rows } = await json('usage', 'report', '--by', 'project')
    expect(rows).toMatchObject([{ project: null, responses: 1, mcp_calls: 1 }])
  })

  it('gives a query and an export the prices of now', async () => {
    transcript(answer('m1', 1_000_000, {}, 'house-model'))
    await mycelium('usage', 'import')
    const prices = join(home.dir, 'prices.json')
    writeFileSync(
      prices,
      JSON.stringify({ models: [{ match: 'house-model', input: 0, output: 2, cacheRead: 0 }] }),
    )
    await mycelium('config', 'set', `usage.prices_file=${prices}`)
    expect((await json('usage', 'query', 'SELECT cost_usd FROM response_costs')).rows).toEqual([[2]])
  })

  it('of two at once, both answer', async () => {
    transcript(...Array.from({ length: 200 }, (_, i) => answer(`m${i}`, i)))
    const runs = await Promise.all([1, 2, 3, 4].map(() => mycelium('usage', 'report', '--json')))
    for (const run of runs) expect(run, run.stderr).toMatchObject({ code: 0 })
    expect((await json('usage', 'report')).rows).toMatchObject([{ responses: 200 }])
  }, 40_000)

  it.each([
    [['usage', 'report', '--by', 'moon'], 2],
    [['usage', 'report', '--since', 'soon'], 2],
    [['usage', 'report', '--since', '2026-11-02', '--until', '2026-11-01'], 2],
    [['usage', 'report', '--limit', '0'], 2],
    [['usage', 'prune', '--older-than', 'bogus', '--yes'], 2],
    [['usage', 'prune', '--older-than', '2999-01-01', '--yes'], 2],
    [['usage', 'import', '--client', 'claud-code'], 2],
    [['usage', 'query', 'SELECT 1'], 1],
  ])('%j is refused with the next step', async (args, code) => {
    const run = await mycelium(...(args as string[]))
    expect(run).toMatchObject({ code, stdout: '' })
    expect(run.stderr).toMatch(/\n {2}next: \S/)
  })

  it.each(['report', 'sessions'])('%s prints CSV or JSON, not both', async (verb) => {
    const run = await mycelium('usage', verb, '--csv', '--json')
    expect(run.code).toBe(2)
    expect(run.stderr).toContain("option '--csv' cannot be used with option '--json'")
  })

  it('holds nothing that was said', async () => {
    transcript(answer('m1', 50))
    await mycelium('usage', 'import')
    expect(readFileSync(join(home.dir, '.mycelium/usage.duckdb')).includes('a secret')).toBe(false)
  })
})
