import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LineSplitter } from '../../src/core/lines.ts'
import { FEWER_RUNS } from './message-text.ts'

interface Seen {
  readonly lines: string[]
  readonly overflows: number
  readonly rest: string | undefined
}

function split(chunks: Iterable<Buffer>, maxLineBytes: number): Seen {
  const lines: string[] = []
  let overflows = 0
  const splitter = new LineSplitter(
    maxLineBytes,
    (line) => lines.push(line.toString('latin1')),
    (bytes) => {
      expect(bytes).toBeGreaterThan(maxLineBytes)
      overflows++
    },
  )
  for (const chunk of chunks) splitter.push(chunk)
  return { lines, overflows, rest: splitter.end()?.toString('latin1') }
}

function* pieces(stream: Buffer, sizes: readonly number[]): Generator<Buffer> {
  let turn = 0
  for (let at = 0; at < stream.length; ) {
    const size = sizes[turn++ % sizes.length]!
    yield Buffer.from(stream.subarray(at, at + size))
    at += size
  }
}

const isBlank = (line: string) => /^[ \t\r]*$/.test(line)

/** The same, over the whole text at once. */
function expected(stream: Buffer, maxLineBytes: number): Seen {
  const all = stream.toString('latin1').split('\n')
  const rest = all.pop()!
  return {
    lines: all.filter((line) => line.length <= maxLineBytes && !isBlank(line)),
    overflows: [...all, rest].filter((line) => line.length > maxLineBytes).length,
    rest: rest.length > maxLineBytes || isBlank(rest) ? undefined : rest,
  }
}

const part = fc.oneof(
  fc.constantFrom('\n', '\n', '\r\n', ' ', '\t', '\r', '{"id":1}', 'é漢🍄', '\n\n'),
  fc.string({ maxLength: 40 }),
  fc.integer({ min: 1, max: 9000 }).map((length) => 'x'.repeat(length)),
)
const stream = fc.array(part, { maxLength: 30 }).map((parts) => Buffer.from(parts.join('')))
const sizes = fc.oneof(
  fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 8 }),
  fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 1, maxLength: 8 }),
)

describe('LineSplitter', () => {
  it('gives the same lines wherever the stream was cut into chunks', () => {
    const limit = fc.constantFrom(0, 3, 40, 5000, 1 << 20)
    fc.assert(
      fc.property(stream, sizes, limit, (bytes, cuts, maxLineBytes) => {
        expect(split(pieces(bytes, cuts), maxLineBytes)).toEqual(expected(bytes, maxLineBytes))
      }),
      { numRuns: FEWER_RUNS },
    )
  })

  it('gives a line of 10 MB whole, between two small ones', () => {
    const long = 'é'.repeat(5 * 1024 * 1024)
    const bytes = Buffer.from(`first\n${long}\nlast\n`)
    const { lines, overflows } = split(pieces(bytes, [65_536]), 10 * 1024 * 1024)
    expect(overflows).toBe(0)
    expect(lines.map((line) => line.length)).toEqual([5, long.length * 2, 4])
    expect(Buffer.from(lines[1]!, 'latin1').equals(Buffer.from(long))).toBe(true)
  })

  it('takes a line of 1 MB that comes byte by byte, in memory of its own size and not of its chunks', () => {
    const bytes = 1024 * 1024
    const seen: Buffer[] = []
    const splitter = new LineSplitter(
      bytes,
      (line) => seen.push(line),
      () => {},
    )
    const before = process.memoryUsage().heapUsed
    for (let i = 0; i < bytes; i++) splitter.push(Buffer.from([0x30 + (i % 10)]))
    // One Buffer object per byte would hold 120 MB here.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(40 * 1024 * 1024)
    splitter.push(Buffer.from('\n'))
    expect(seen.map((line) => line.length)).toEqual([bytes])
    expect(seen[0]!.subarray(-3).toString()).toBe('345')
  })

  it('copies nothing of a line that lies within one chunk', () => {
    const chunk = Buffer.from('one\ntwo\r\nthree')
    const seen: Buffer[] = []
    const splitter = new LineSplitter(
      100,
      (line) => seen.push(line),
      () => {},
    )
    splitter.push(chunk)
    expect(seen.map(String)).toEqual(['one', 'two\r'])
    for (const line of seen) expect(line.buffer).toBe(chunk.buffer)
  })

  it('reports a line over the limit while it is still coming, once, and goes on after it', () => {
    const events: (string | number)[] = []
    const splitter = new LineSplitter(
      5,
      (line) => events.push(line.toString()),
      (bytes) => events.push(bytes),
    )
    for (const chunk of ['1234', '56', '789', '0\nok', '\n', '123456\nab\n'])
      splitter.push(Buffer.from(chunk))
    expect(events).toEqual([6, 'ok', 6, 'ab'])
  })

  it('is empty after its end was asked for', () => {
    const splitter = new LineSplitter(
      5,
      () => {},
      () => {},
    )
    splitter.push(Buffer.from('ab'))
    expect(splitter.end()?.toString()).toBe('ab')
    expect(splitter.end()).toBeUndefined()
    splitter.push(Buffer.from('1234567'))
    expect(splitter.end()).toBeUndefined()
    splitter.push(Buffer.from('  '))
    expect(splitter.end()).toBeUndefined()
  })
})
