import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { costUsd, loadPrices, plainModel, priceOf, priceRows } from '../../src/core/usage/prices.ts'
import { verifies } from '../requirements.ts'

const table = loadPrices()
const tokens = (input: number, output: number, write5m = 0, write1h = 0, read = 0) => ({
  inputTokens: input,
  outputTokens: output,
  cacheWrite5mTokens: write5m,
  cacheWrite1hTokens: write1h,
  cacheReadTokens: read,
})

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'my-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

function file(text: string): string {
  const path = join(directory, 'prices.json')
  writeFileSync(path, text)
  return path
}

describe('the cost of a response', () => {
  it.each([
    // What Claude Code itself says of this session in its cost-state: 0.13356200000000001.
    ['claude-opus-5-5', tokens(27, 306, 22_469, 0, 74_945), 0.133562],
    // 1,000 × 3 + 500 × 15 + 2,000 × 3.75 + 4,000 × 6 + 8,000 × 0.3 = 44,400 millionths
    ['claude-sonnet-4-6', tokens(1000, 500, 2000, 4000, 8000), 0.0444],
    // 100,000 tokens of prompt are not more than 100,000; one more makes all of it dearer, the output too.
    ['claude-haiku-5-5', tokens(100_000, 1000), 0.0105],
    ['claude-haiku-5-5', tokens(1, 1000, 0, 0, 100_000), 0.0075005],
    // 400 × 1.25 + 600 × 0.125 + 50 × 10
    ['gpt-5', tokens(400, 50, 0, 0, 600), 0.001075],
    ['gemini-2.5-pro', tokens(200_001, 10), 0.5001525],
    ['gpt-5.5-pro', tokens(0, 0, 10, 10, 10), 0.0009],
  ])('of %s is exact', (model, used, usd) => {
    verifies('USE-2')
    expect(costUsd(priceOf(table, model)!, used)).toBeCloseTo(usd, 12)
  })

  it('prices the two lifetimes of the cache and reading apart', () => {
    verifies('USE-2')
    const price = priceOf(table, 'claude-opus-4-8')!
    expect([
      costUsd(price, tokens(1e6, 0)),
      costUsd(price, tokens(0, 0, 1e6)),
      costUsd(price, tokens(0, 0, 0, 1e6)),
      costUsd(price, tokens(0, 0, 0, 0, 1e6)),
      costUsd(price, tokens(0, 1e6)),
    ]).toEqual([5, 6.25, 10, 0.5, 25])
  })
})

describe('the price of a model', () => {
  it.each([
    ['claude-opus-4-5-20251101', 'claude-opus-4-5'],
    ['anthropic/claude-opus-4.5', 'claude-opus-4-5'],
    ['openrouter/anthropic/claude-opus-4.5:thinking', 'claude-opus-4-5'],
    ['us.anthropic.claude-opus-4-5-20251101-v1:0', 'claude-opus-4-5'],
    ['global.anthropic.claude-opus-4-5-20251101-v1:0', 'claude-opus-4-5'],
    ['us-gov.anthropic.claude-3-haiku-20240307-v1:0', 'claude-3-haiku'],
    ['claude-opus-4-5@20251101', 'claude-opus-4-5'],
    ['claude-opus-5-5[1m]', 'claude-opus-5-5'],
    ['claude-4.5-sonnet', 'claude-sonnet-4-5'],
    ['claude-3.5-haiku', 'claude-3-5-haiku'],
    ['claude-3-7-sonnet-latest', 'claude-3-7-sonnet'],
    ['openai/gpt-5-mini-2025-08-07', 'gpt-5-mini'],
    ['o3-2025-04-16', 'o3'],
    ['gemini-3.1-pro-preview', 'gemini-3.1-pro'],
    ['google/gemini-2.5-flash-preview-09-2025', 'gemini-2.5-flash'],
    ['gemini-2.5-flash-lite', 'gemini-2.5-flash-lite'],
  ])('%s is that of %s', (id, plain) => {
    verifies('USE-2')
    expect(plainModel(id)).toBe(plain)
    expect(priceOf(table, id)).toBe(priceOf(table, plain))
    expect(priceOf(table, id)).toBeDefined()
  })

  it.each([
    'claude-opus-9',
    'gpt-5-turbo',
    'fake-model',
    '',
    'deepseek/deepseek-r1:free',
    'claude-opus-4-5:free',
  ])('is unknown of %j, not guessed', (model) => {
    verifies('USE-2')
    expect(priceOf(table, model)).toBeUndefined()
  })

  it('becomes a row for each model that has one', () => {
    expect(priceRows(table, ['gpt-5', 'gpt-5', 'unheard-of', 'claude-haiku-5-5'])).toEqual([
      {
        model: 'gpt-5',
        input: 1.25,
        output: 10,
        cacheWrite5m: 1.25,
        cacheWrite1h: 1.25,
        cacheRead: 0.125,
        longFrom: null,
        longInput: 1.25,
        longOutput: 10,
        longCacheWrite5m: 1.25,
        longCacheWrite1h: 1.25,
        longCacheRead: 0.125,
      },
      {
        model: 'claude-haiku-5-5',
        input: 0.1,
        output: 0.5,
        cacheWrite5m: 0.125,
        cacheWrite1h: 0.2,
        cacheRead: 0.01,
        longFrom: 100_000,
        longInput: 0.5,
        longOutput: 2.5,
        longCacheWrite5m: 0.625,
        longCacheWrite1h: 1,
        longCacheRead: 0.05,
      },
    ])
  })
})

describe('a file of prices', () => {
  it('goes over the table, model by model', () => {
    verifies('USE-2')
    const own = loadPrices(
      file(
        '{\n// ours\n"asOf": "2027-01-01", "models": [{"match": "gpt-5", "input": 1, "output": 2}, {"match": "local", "input": 0, "output": 0}]}',
      ),
    )
    expect(own.asOf).toBe('2027-01-01')
    expect(costUsd(priceOf(own, 'gpt-5-2025-08-07')!, tokens(1e6, 1e6, 0, 0, 1e6))).toBe(4)
    expect(costUsd(priceOf(own, 'local')!, tokens(5, 5))).toBe(0)
    expect(priceOf(own, 'o3')).toEqual(priceOf(table, 'o3'))
  })

  it.each([
    ['{"models": [}', ':1:13: ValueExpected'],
    [
      '{\n  "models": [\n    {"match": "x", "input": "1", "output": 2}]}',
      ':3:29: not an amount: a number from 0',
    ],
    ['{"models": [{"match": "x", "input": -1, "output": 2}]}', ':1:37: not an amount: a number from 0'],
    ['{"models": [{"match": "x", "input": 1}]}', ':1:13: output is missing'],
    ['{"models": [{"match": "x", "input": 1, "output": 1, "cached": 1}]}', ':1:53: unknown: cached'],
    ['{"models": {}}', ':1:12: not an array'],
    ['[]', ':1:1: not an object'],
    ['', ':1:1: ValueExpected'],
    ['{"asOf": "May", "models": []}', ':1:10: not a day'],
    [
      '{"models": [{"match": "x", "input": 1, "output": 1, "above": {"input": 1}}]}',
      ':1:62: promptTokens is missing',
    ],
  ])('that is wrong is refused with line and column: %s', (text, message) => {
    verifies('USE-2')
    const path = file(text)
    expect(() => loadPrices(path)).toThrow(
      expect.objectContaining({ code: 'prices_invalid', message: `${path}${message}` }),
    )
  })

  it('that is not there is told', () => {
    expect(() => loadPrices(join(directory, 'none'))).toThrow(
      expect.objectContaining({ code: 'prices_invalid' }),
    )
  })
})
