import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
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

function agent(keep: () => string = () => 'my:0123456789') {
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

describe('an order', () => {
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
})
