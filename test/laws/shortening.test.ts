import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { saidOtherwise } from '../../src/core/shorten/again.ts'
import { fileReadBy } from '../../src/core/shorten/file-read.ts'
import { Memory } from '../../src/core/shorten/memory.ts'
import type { Order } from '../../src/core/shorten/order.ts'
import { shortenOrder } from '../../src/core/shorten/shorten.ts'
import { verifies } from '../requirements.ts'

const count = (text: string) => Math.ceil(text.length / 4)
const dir = mkdtempSync(join(tmpdir(), 'my-'))
afterAll(() => rmSync(dir, { recursive: true }))

function report(version: number): string {
  const lines = Array.from(
    { length: 120 },
    (_, i) => `Task ${i}: ${(i * 7919) % 1000} points, ${i * i} hours.`,
  )
  return [...lines.with(40, `Task 40: version ${version}.`)].join('\n')
}

function agent(keep: (text: string) => string = () => 'my:0123456789') {
  const memory = new Memory()
  const order: Order = {
    ...{ id: 1, client: 'codex', session: 's', project: dir, server: 'a', tool: 't', arguments: '{}' },
    ...{ texts: [], targetReduction: 0, diffs: true, untilMs: 1_000 },
  }
  const means = {
    count,
    keep,
    note: () => {},
    memoryOf: (session: string) => memory.of(session),
    now: () => 0,
  }
  return {
    memory,
    order,
    sent: async (text: string, more: Partial<Order> = {}) => {
      const { texts, effect } = await shortenOrder({ ...order, texts: [text], ...more }, means)
      return { text: texts[0] ?? text, outcome: effect.outcome }
    },
  }
}

describe('what is sent of a result that comes again', () => {
  it('names the result that it is to be read with: the last, or the last whole one', async () => {
    verifies('DIFF-1')
    const { sent } = agent()
    expect((await sent(report(1))).text).toBe(report(1))
    expect((await sent(report(2))).text).toContain('[changes to the last result of this call;')
    expect((await sent(report(3))).text).toContain('[changes to the last whole result of this call;')
    expect((await sent(report(1))).text).toContain('[the same as the last whole result of this call;')
    expect((await sent(report(4))).text).toContain('[changes to the last result of this call;')
  })

  it('is all of it after the session was sent anything else of that call', async () => {
    verifies('DIFF-1')
    const { sent, memory, order } = agent()
    const between: readonly (() => unknown)[] = [
      () => sent('nothing was found'),
      () => sent('', { texts: [] }),
      () => saidOtherwise(memory.of('s'), order),
      () => sent(report(2), { diffs: false }),
    ]
    for (const happens of between) {
      memory.lost('s')
      await sent(report(1))
      await happens()
      expect((await sent(report(1))).text).toBe(report(1))
    }
    memory.lost('s')
    await sent(report(1))
    saidOtherwise(memory.of('s'), { ...order, tool: 'another' })
    expect((await sent(report(1))).text).toContain('the same as the last result')
  })

  it('is all of it where its original cannot be kept, and what comes then builds upon that', async () => {
    verifies('COMP-2')
    let full = true
    const { sent } = agent(() => {
      if (full) throw new Error('no space left')
      return 'my:0123456789'
    })
    for (const version of [1, 1, 2]) expect((await sent(report(version))).text).toBe(report(version))
    full = false
    expect((await sent(report(2))).text).toContain('the same as the last result')
  })
})

/** Paragraphs that results of different calls share. */
const block = fc
  .integer({ min: 0, max: 6 })
  .map((of) =>
    Array.from(
      { length: 25 },
      (_, i) => `Part ${of}, line ${i}: ${(i * 7919 * (of + 1)) % 1000} points of them all`,
    ),
  )
const steps = fc.array(
  fc.oneof(
    fc.record({
      asks: fc.integer({ min: 0, max: 4 }),
      blocks: fc.array(block, { minLength: 1, maxLength: 5 }),
    }),
    fc.constantFrom('lost' as const, 'otherwise' as const),
  ),
  { minLength: 2, maxLength: 14 },
)

describe('what is sent of a result that has passages of others', () => {
  it('is the text for whoever has what it was sent, or asks for what a mark names', async () => {
    verifies('DIFF-1', 'COMP-1')
    let references = 0
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const kept = new Map<string, string>()
        const keep = (text: string) => {
          const handle = `my:${createHash('sha256').update(text).digest('hex').slice(0, 10)}`
          kept.set(handle, text)
          return handle
        }
        const { sent, memory, order } = agent(keep)
        let context: string[] = []
        for (const step of all) {
          if (step === 'lost') {
            memory.lost('s')
            context = []
          } else if (step === 'otherwise') saidOtherwise(memory.of('s'), { ...order, arguments: '{"of":1}' })
          else {
            const text = step.blocks.flat().join('\n')
            const got = (await sent(text, { arguments: JSON.stringify({ of: step.asks }) })).text
            if (got === text) context.push(text)
            if (!got.startsWith('[shortened: [= ID')) continue
            references++
            const lines = got.split('\n').slice(1)
            const restored = lines.flatMap((line) => {
              const [, id, from, to] = /^\[= (my:\w+) (\d+)-(\d+) .*…\]$/.exec(line) ?? []
              if (id === undefined) return [line]
              expect(context).toContain(kept.get(id))
              return kept
                .get(id)!
                .split('\n')
                .slice(Number(from) - 1, Number(to))
            })
            expect(restored.join('\n')).toBe(text)
          }
        }
      }),
      { numRuns: 150 },
    )
    expect(references).toBeGreaterThan(50)
  })

  it('is all of it where that was given as a reference before, and never one upon another', async () => {
    verifies('DIFF-1')
    const { sent } = agent()
    const [one, two, three] = ['{"a":1}', '{"a":2}', '{"a":3}'].map(
      (args) => (text: string) => sent(text, { arguments: args }),
    ) as [typeof sent, typeof sent, typeof sent]
    expect((await one(report(1))).text).toBe(report(1))
    expect((await two(report(2))).text).toMatch(/^\[shortened: \[= ID/)
    // A patch of what it does not have line by line would be for nothing.
    expect((await two(report(3))).text).toBe(report(3))
    expect((await two(report(4))).text).toContain('[changes to')
    expect((await three(report(3))).text).toMatch(/^\[= my:\w+ 1-120 /m)
  })
})

describe('an order', () => {
  it('of many texts counts as shown what the client shows of one result', async () => {
    verifies('SAVE-1')
    const { order } = agent()
    const means = {
      count,
      keep: () => 'my:0123456789',
      note: () => {},
      memoryOf: () => new Memory().of('s'),
      now: () => 0,
    }
    const shown = async (client: string, texts: readonly string[]) =>
      (await shortenOrder({ ...order, client, texts }, means)).effect.shownTokens
    const texts = Array.from({ length: 30 }, (_, i) => report(i))
    expect(await shown('claude-code', texts)).toBe(await shown('claude-code', [texts.join('\n')]))
    expect(await shown('claude-code', texts)).toBeLessThan(1_000)
    expect(await shown('gemini-cli', texts)).toBeGreaterThan(20_000)
  })

  it('that nobody waits for any more is not done', async () => {
    verifies('COMP-3')
    const { sent } = agent()
    expect(await sent(report(1), { untilMs: 0 })).toEqual({ text: report(1), outcome: 'failed' })
  })
})

describe('the text of a file', () => {
  const file = join(dir, 'notes.md')
  const text = report(1)
  writeFileSync(file, `${text}\n`)
  const read = (args: unknown, result = text) =>
    fileReadBy({ arguments: typeof args === 'string' ? args : JSON.stringify(args), project: dir }, result)

  it('is known by a path, a URI, among many paths, or where the arguments are too long to tell', () => {
    const missing = Array.from({ length: 40 }, (_, i) => `missing-${i}`)
    for (const args of [
      { path: file },
      { a: [{ uri: pathToFileURL(file).href }] },
      [...missing, 'notes.md'],
      '',
    ])
      expect(read(args)).toBeDefined()
    expect(read({ path: 'other.md' })).toBeUndefined()
    expect(read({ path: file }, 'a summary of notes\nwith two lines')).toBeUndefined()
  })

  it('is known with other line ends, with numbers before its lines, and as a part with a word on the rest', () => {
    const lines = text.split('\n')
    const numbered = lines.map((line, i) => `${String(i + 1).padStart(6)}\t${line}`).join('\n')
    const part = `${lines.slice(20, 60).join('\n')}\n\n[60 more lines]`
    for (const result of [text.replaceAll('\n', '\r\n'), numbered, part])
      expect(read({ path: file }, result)).toBeDefined()
  })

  it('is known as a text within JSON, whole or in part, and by its lines there', () => {
    const lines = text.split('\n')
    const other = 'a long word on something else. '.repeat(100)
    for (const result of [
      { path: file, content: text, other },
      { before: text, after: text },
      { parts: [{ from: 20, text: lines.slice(20, 24).join('\n') }], other },
      { lines: lines.map((line, i) => ({ file, line: i + 1, text: line })) },
    ])
      for (const json of [JSON.stringify(result), JSON.stringify(result, null, 2)])
        expect(read({ path: file }, json)).toBeDefined()
    const found = { path: file, state: 'ok', other, more: ['none', 'of', 'it'] }
    expect(read({ path: file }, JSON.stringify(found))).toBeUndefined()
  })
})
