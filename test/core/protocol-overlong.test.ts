import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LineSplitter, type OverlongLine } from '../../src/core/lines.ts'
import { readEnds } from '../../src/core/protocol/overlong.ts'

const BIG = 'x'.repeat(20_000)

function endsOf(line: string, maxLineBytes = 10_000, chunkBytes = 3_000): OverlongLine {
  const seen: OverlongLine[] = []
  const splitter = new LineSplitter(
    maxLineBytes,
    () => {},
    () => {},
    (dropped) => seen.push(dropped),
  )
  const bytes = Buffer.from(`${line}\n`)
  for (let at = 0; at < bytes.length; at += chunkBytes) splitter.push(bytes.subarray(at, at + chunkBytes))
  expect(seen).toHaveLength(1)
  return seen[0] as OverlongLine
}

const read = (line: string) => {
  const { head, tail } = endsOf(line)
  return readEnds(head, tail)
}

describe('the ends of a line over the limit', () => {
  it('are its first and last bytes, however it was cut', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 11, max: 30_000 }),
        fc.integer({ min: 1, max: 9_000 }),
        (length, chunk) => {
          const line = Array.from({ length }, (_, i) => String.fromCharCode(97 + (i % 26))).join('')
          const { bytes, head, tail } = endsOf(line, 10, chunk)
          expect([bytes, head.toString(), tail.toString()]).toEqual([
            length,
            line.slice(0, 5),
            line.slice(-5),
          ])
        },
      ),
      { numRuns: 50 },
    )
  })
})

describe('readEnds', () => {
  it.each([
    ['first', `{"jsonrpc":"2.0","id":7,"result":{"a":"${BIG}"}}`],
    ['last', `{"result":{"a":"${BIG}"},"jsonrpc":"2.0","id":7}`],
    ['last but one, with blanks', `{ "result": {"a":"${BIG}"} , "id" : 7 , "jsonrpc": "2.0" } \r`],
    ['escaped', `{"\\u0069d":7,"error":{"code":1,"message":"${BIG}"}}`],
    ['behind a byte order mark', `\uFEFF{"id":7,"result":"${BIG}"}`],
  ])('finds the id of a response that stands %s', (_, line) => {
    expect(read(line)).toEqual({ kind: 'response', idText: '7' })
  })

  it.each([
    ['{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"t":"BIG"}}', '"a"'],
    ['{"params":{"t":"BIG"},"method":"tools/call","id":"a","jsonrpc":"2.0"}', '"a"'],
    ['{"params":{"t":"BIG"},"id":-1.5e3}', '-1.5e3'],
    ['{"jsonrpc":"2.0","method":"notifications/message","params":{"data":"BIG"}}', undefined],
  ])('tells a call from a response: %s', (line, idText) => {
    expect(read(line.replace('BIG', BIG))).toEqual({ kind: 'call', idText })
  })

  it.each([
    ['inside the result', `{"result":{"a":"${BIG}","id":7}}`],
    ['in a string that looks like a member', `{"result":"${BIG},\\"id\\":7}"}`],
    ['in a string that ends like a message', `{"result":"${BIG}","note":"\\\\\\",\\"id\\":7"}`],
    ['behind an escaped quote of a key', `{"result":"${BIG}","x,\\"id":7}`],
    ['twice', `{"id":7,"result":"${BIG}","id":8}`],
    ['cut', `{"result":"${BIG}","id":"${BIG}"}`],
    ['as an object', `{"id":{"a":7},"result":"${BIG}"}`],
  ])('takes no id that stands %s', (_, line) => {
    JSON.parse(line)
    expect(read(line)).toEqual({ kind: 'response', idText: undefined })
  })

  it.each([
    ['a batch', `[{"id":7,"result":"${BIG}"}]`],
    ['a log line', `${BIG},"id":7}`],
    ['an object of something else', `{"level":"${BIG}"}`],
    ['broken text', `{"result" 7,"a":"${BIG}","id":7}`],
  ])('says nothing of %s', (_, line) => {
    expect(read(line).kind === undefined || read(line).idText === undefined).toBe(true)
  })

  it('agrees with JSON.parse wherever it finds an id', () => {
    const value = fc.oneof(
      fc.string({ maxLength: 30 }),
      fc.integer(),
      fc.jsonValue({ maxDepth: 2 }),
      fc.constant(BIG),
    )
    const key = fc.oneof(
      fc.constantFrom('id', 'result', 'jsonrpc', 'a,"id', 'x\\'),
      fc.string({ maxLength: 5 }),
    )
    fc.assert(
      fc.property(fc.dictionary(key, value, { maxKeys: 6 }), value, (object, last) => {
        const line = JSON.stringify({ ...object, result: { big: BIG, last } })
        const { idText } = read(line)
        const id: unknown = object.id
        if (idText !== undefined) expect(JSON.parse(Buffer.from(idText, 'latin1').toString())).toEqual(id)
      }),
      { numRuns: 200 },
    )
  })
})
