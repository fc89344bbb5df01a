import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compress } from '../../src/core/compress/compress.ts'
import { compactJson, readJson } from '../../src/core/compress/json/read.ts'
import { tablesText } from '../../src/core/compress/json/tables.ts'
import { toonText } from '../../src/core/compress/json/toon.ts'
import type { CompressOptions } from '../../src/core/compress/strategy.ts'
import { compressTurns, type Part } from '../../src/core/compress/temporal.ts'
import type { Judge } from '../../src/core/compress/verdict-type.ts'
import { anyPayload } from '../fixtures/payloads.ts'
import { verifies } from '../requirements.ts'

const count = (text: string) => Math.ceil(text.length / 3.5)
const handleOf = (text: string) => `my:${createHash('sha256').update(text).digest('hex').slice(0, 10)}`
const keep = handleOf
const verdict = {
  tier: 'none',
  similarity: 1,
  coverage: { mean: 1, p5: 1, min: 1 },
  lost: [],
  facts: { kept: 0, lost: 0 },
} as const
const passes: Judge = async () => ({ ...verdict, pass: true })
const options = (more: Partial<CompressOptions> = {}): CompressOptions => ({
  count,
  keep,
  target: 1,
  judge: passes,
  ...more,
})

/** JSON whose numbers, keys and order come from anywhere. */
const word = fc.constantFrom(
  '0',
  '1',
  '-0',
  '1.0',
  '1e3',
  '1E+3',
  '12345678901234567890',
  '0.1',
  'true',
  'false',
  'null',
)
const key = fc.constantFrom('a', 'b', 'c', 'id', 'a.b', '', 'x y', '__proto__', 'ü', '×2')
const text = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom(
    '',
    ' ',
    'null',
    '1',
    '1.0',
    'a,b',
    'a×3',
    '<1>',
    '[x]',
    '{',
    '"',
    'line\nbreak',
    '\ud800',
    '=',
    'a=b',
  ),
)
const { value } = fc.letrec<{ value: string; object: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'json' },
    word,
    text.map((one) => JSON.stringify(one)),
    fc
      .array(tie('value'), { maxLength: 4, depthIdentifier: 'json' })
      .map((items) => `[${items.join(' , ')}]`),
    fc.array(tie('object'), { maxLength: 6, depthIdentifier: 'json' }).map((items) => `[${items.join(',')}]`),
    tie('object'),
  ),
  object: fc
    .array(fc.tuple(key, tie('value')), { maxLength: 5, depthIdentifier: 'json' })
    .map((entries) => `{${entries.map(([name, of]) => `${JSON.stringify(name)}: ${of}`).join(',')}}`),
}))
/** Rows that are alike, as tools give them. */
const rows = fc
  .array(fc.record({ a: word, b: text.map((one) => JSON.stringify(one)), c: fc.option(value) }), {
    minLength: 3,
    maxLength: 12,
  })
  .map(
    (all) =>
      `[${all.map(({ a, b, c }) => `{"a":${a},"b":${b}${c === null ? '' : `,"c":${c}`},"d":{"e":"x","f":${a}}}`).join(',\n')}]`,
  )
const json = fc.oneof(value, rows)

describe('JSON in another form', () => {
  it('is read as JSON.parse reads it, or by neither', () => {
    verifies('COMP-1')
    fc.assert(
      fc.property(
        fc.oneof(
          json,
          fc.string(),
          json.map((one) => one.slice(1)),
          fc.json(),
        ),
        (source) => {
          const node = readJson(source)
          let parsed: unknown
          try {
            parsed = JSON.parse(source)
          } catch {
            expect(node).toBeUndefined()
            return
          }
          expect(JSON.parse(compactJson(node!))).toEqual(parsed)
        },
      ),
    )
  })

  it('says the same digits, keys and order, as rows, as columns and as TOON, or is not used', () => {
    verifies('COMP-1')
    let [tables, toons] = [0, 0]
    return fc
      .assert(
        fc.asyncProperty(json, async (source) => {
          const node = readJson(source)!
          const compact = compactJson(node)
          for (const way of ['rows', 'columns'] as const) {
            const written = tablesText(node, way)
            if (written === undefined) continue
            tables++
            // Undefined is refused by who asks.
            if (written.back !== undefined) expect(written.back).toBe(compact)
          }
          if ((await toonText(node)) !== undefined) toons++
        }),
        { numRuns: 300 },
      )
      .then(() => expect(Math.min(tables, toons)).toBeGreaterThan(20))
  })

  it.each([
    '[{"a":1.0},{"a":1.0},{"a":2.50}]',
    '[{"a":12345678901234567890},{"a":1},{"a":2}]',
    '{"a":1,"a":2}',
    '{"b":1e3}',
  ])('is not TOON where a number or a key would change: %s', async (source) => {
    expect(await toonText(readJson(source)!)).toBeUndefined()
  })
})

describe('a shortened text', () => {
  it('is the same for the same text, and never longer than it in tokens or characters', () => {
    verifies('COMP-1', 'COMP-3')
    return fc.assert(
      fc.asyncProperty(anyPayload, async (payload) => {
        const done = await compress(payload, options())
        expect(await compress(payload, options())).toEqual(done)
        expect(count(done.content)).toBe(done.tokensAfter)
        expect(done.tokensAfter).toBeLessThanOrEqual(count(payload))
        expect(done.content.length).toBeLessThanOrEqual(payload.length)
        if (done.handle === undefined) expect(done.content).toBe(payload)
        else expect(done.content).toContain(handleOf(payload))
      }),
      { numRuns: 60 },
    )
  })

  it('has what is pinned as it was', () => {
    verifies('COMP-1')
    return fc.assert(
      fc.asyncProperty(
        anyPayload,
        fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 90 }),
        async (payload, places, length) => {
          const pinned = places.map((place) =>
            payload.slice(place % payload.length, (place % payload.length) + length),
          )
          const { content } = await compress(payload, options({ pinned }))
          for (const one of pinned) expect(content).toContain(one)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('is the original when the original cannot be kept, a judge fails, or a strategy breaks', async () => {
    verifies('COMP-3')
    const payload = fc.sample(anyPayload, { numRuns: 20, seed: 7 })
    for (const one of payload) {
      const full = () => {
        throw new Error('disk full')
      }
      expect(await compress(one, options({ keep: full }))).toMatchObject({ content: one, handle: undefined })
      const broken = (asked: string) => {
        if (asked !== one) throw new Error('no count')
        return count(asked)
      }
      expect(await compress(one, options({ count: broken }))).toMatchObject({
        content: one,
        handle: undefined,
      })
    }
  })

  it('leaves nothing out without a judge, or where the judge refuses or fails, and says why', () => {
    verifies('COMP-1', 'COMP-3')
    const judges: readonly (Judge | undefined)[] = [
      undefined,
      async () => ({ ...verdict, pass: false, lost: [{ kind: 'number', text: '42', line: 1 }] }),
      async () => Promise.reject(new Error('no model')),
    ]
    return fc.assert(
      fc.asyncProperty(anyPayload, fc.constantFrom(...judges), async (payload, judge) => {
        const { judge: _, ...without } = options()
        const done = await compress(payload, judge === undefined ? without : { ...without, judge })
        expect(done.leftOut).toEqual([])
        expect(done.lossless).toBe(true)
        for (const step of done.steps) if (!step.lossless) expect(step).toMatchObject({ taken: false })
      }),
      { numRuns: 40 },
    )
  })
})

describe('a conversation that grows', () => {
  const part = fc.record({
    text: anyPayload,
    name: fc.option(fc.constantFrom('a.ts', 'b.ts'), { nil: undefined }),
  })

  it('changes nothing of what was sent before', () => {
    verifies('COMP-1')
    return fc.assert(
      fc.asyncProperty(fc.array(part, { minLength: 2, maxLength: 4 }), async (all) => {
        const sent: Part[] = []
        const contents: string[] = []
        for (const [turn, { text: of, name }] of all.entries()) {
          const asked = [...sent, { turn, text: of, ...(name && { name }) }]
          const done = await compressTurns(asked, { count, keep, judge: passes })
          expect(done.slice(0, -1).map(({ content }) => content)).toEqual(contents)
          contents.push(done.at(-1)!.content)
          sent.push({ ...asked.at(-1)!, sent: done.at(-1)!.content })
        }
      }),
      { numRuns: 15 },
    )
  })

  it('written anew, keeps less of older parts than of the same ones in the newest turn', async () => {
    verifies('COMP-1')
    let [young, old] = [0, 0]
    for (const of of fc.sample(anyPayload, { numRuns: 30, seed: 11 })) {
      const tokens = async (parts: readonly Part[]) =>
        (await compressTurns(parts, { count, keep, judge: passes, rewrite: true }))[0]!.tokensAfter
      young += await tokens([{ turn: 0, text: of }])
      old += await tokens([
        { turn: 0, text: of },
        { turn: 8, text: '' },
      ])
    }
    expect(old).toBeLessThan(young)
  })

  it('written anew, names superseded parts by what came later, and nothing is longer than it was', () => {
    verifies('COMP-1')
    return fc.assert(
      fc.asyncProperty(fc.array(part, { minLength: 2, maxLength: 4 }), async (all) => {
        const parts = all.map(({ text: of, name }, turn) => ({
          turn,
          text: of,
          ...(name && { name }),
        }))
        const done = await compressTurns(parts, { count, keep, judge: passes, rewrite: true })
        for (const [i, one] of done.entries()) {
          expect(one.tokensAfter).toBeLessThanOrEqual(count(parts[i]!.text))
          const isOld =
            parts[i]!.name !== undefined && parts.slice(i + 1).some(({ name }) => name === parts[i]!.name)
          if (one.strategies.includes('superseded')) expect(isOld).toBe(true)
        }
      }),
      { numRuns: 15 },
    )
  })
})
