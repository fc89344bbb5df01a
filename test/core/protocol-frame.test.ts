import { describe, expect, it } from 'vitest'
import {
  bodyText,
  idInteger,
  idKey,
  idText,
  integerAt,
  keyOfText,
  metaTokenText,
  paramString,
  paramsText,
  rawText,
} from '../../src/core/protocol/fields.ts'
import { type Frame, scanFrame } from '../../src/core/protocol/frame.ts'
import { spliceId, spliceRanges } from '../../src/core/protocol/splice.ts'
import { verifies } from '../requirements.ts'

const scan = (text: string): Frame => {
  const frame = scanFrame(Buffer.from(text))
  if (frame === undefined) throw new Error(`no message: ${text}`)
  return frame
}

describe('the kind of a line', () => {
  it.each([
    ['{"jsonrpc":"2.0","id":1,"method":"ping"}', 'request'],
    ['{"method":"ping","jsonrpc":"2.0","id":null}', 'request'],
    ['{"method":"notifications/initialized","jsonrpc":"2.0"}', 'notification'],
    ['{"result":{},"jsonrpc":"2.0","id":1}', 'response'],
    ['{"jsonrpc":"2.0","error":{"code":-32700,"message":"x"},"id":null}', 'response'],
    ['{"jsonrpc":"2.0","error":{"code":-32700,"message":"x"}}', 'response'],
    ['{"id":1,"method":"x","result":null}', 'response'],
    ['[{"method":"ping","id":1}]', 'batch'],
    [' [ {} , [1] ] \r', 'batch'],
  ])('%s is a %s', (text, kind) => {
    expect(scan(text).kind).toBe(kind)
  })

  it.each(['', ' ', 'Server started', '[info] listening', '[]', '[1]', '"x"', '5', 'null'])(
    'a line that is %j is no message',
    (text) => {
      expect(scanFrame(Buffer.from(text))).toBeUndefined()
    },
  )

  it.each([
    ['{}', 'neither method nor result nor error'],
    ['{"id":1}', 'neither method nor result nor error'],
    ['{"id":1,"id":1,"method":"ping"}', 'twice'],
    ['{"id":1,"\\u0069d":2,"method":"ping"}', 'twice'],
    ['{"method":"a","id":1,"method":"b"}', 'twice'],
    ['{"method":"a","id":1,"params":{"_meta":{"progressToken":1,"progressToken":null}}}', 'twice'],
    ['{"id":{},"method":"ping"}', 'the id is'],
    ['{"id":[1],"method":"ping"}', 'the id is'],
    ['{"id":true,"method":"ping"}', 'the id is'],
    ['{"id":"\\x","method":"ping"}', 'the id is'],
    ['{"id":"a\tb","method":"ping"}', 'the id is'],
    ['{"id":1,"method":5}', 'the method is'],
    ['{"id":1,"method":"ping"', 'ends too early'],
    ['{"id":1,"method":"ping"}{"id":2,"method":"ping"}', 'more text'],
    ['{"id":1,"method":"ping"} x', 'more text'],
    ['{"id":01,"method":"ping"}', 'not JSON'],
    ['{"id":1,"method":"ping","params":undefined}', 'not JSON'],
    ['{"id":1,"method":"ping",}', 'not JSON'],
    ['[{"id":1,"method":"ping"}', 'ends too early'],
    ['[{"id":1}] x', 'more text'],
  ])('%s is invalid', (text, reason) => {
    const frame = scan(text)
    expect(frame.kind).toBe('invalid')
    expect(frame.reason).toContain(reason)
  })

  it('keeps the id of an invalid message only when it is beyond doubt, so that the asker can be told', () => {
    expect(idText(scan('{"method":"a","id":7,"method":"b"}'))).toBe('7')
    expect(idText(scan('{"id":7,"method":5}'))).toBe('7')
    for (const text of [
      '{"id":7,"method":"a"',
      '{"id":7,"id":8,"id":9,"method":"a"}',
      '{"id":{},"method":"a"}',
    ]) {
      expect(idText(scan(text))).toBe('')
    }
  })
})

describe('ids', () => {
  it.each(['0', '-1', '1.0', '1e3', '123456789012345678901234567890', '""', '"0"', '"é\\n"', 'null'])(
    'the id %s is given back as it was written',
    (id) => {
      verifies('PROTO-1')
      const line = `{"params":{"id":99},"id": ${id} ,"method":"ping"}\r`
      const frame = scan(line)
      expect(frame.kind).toBe('request')
      expect(Buffer.from(idText(frame), 'latin1').toString()).toBe(id)
      const sent = scanFrame(spliceId(frame, '41').subarray(0, -1))!
      expect(idInteger(sent)).toBe(41)
      expect(spliceId(sent, idText(frame)).toString()).toBe(`${line}\n`)
    },
  )

  it('are equal for their sender when only the escapes differ, and not when the number is written otherwise', () => {
    const key = (id: string) => idKey(scan(`{"id":${id},"method":"ping"}`))
    expect(key('"a\\u00e9\\/"')).toBe(key('"\\u0061é/"'))
    expect(new Set(['1', '1.0', '"1"', '""', 'null', '"null"', '0', '-0'].map(key)).size).toBe(8)
    expect(idKey(scan('{"method":"ping"}'))).toBe('')
  })

  it('are read as integers only where that loses nothing', () => {
    const integer = (id: string) => idInteger(scan(`{"id":${id},"result":1}`))
    expect(['0', '7', '123456789012345'].map(integer)).toEqual([0, 7, 123456789012345])
    const others = [
      '1234567890123456',
      '1e15',
      '-1',
      '1.5',
      '1e-1',
      '"1"',
      '"1.0"',
      'null',
      `1.${'0'.repeat(99)}`,
    ]
    expect(others.map(integer)).toEqual(others.map(() => undefined))
    const spellings = ['7.0', '7e0', '0.7E+1', '70e-1', '7.0000000000000000', '-0']
    expect(spellings.map(integer)).toEqual([7, 7, 7, 7, 7, 0])
    expect(idInteger(scan('{"result":1}'))).toBeUndefined()
  })

  it('inside params, results, tokens and strings are left alone', () => {
    const text =
      '{"params":{"id":1,"arguments":{"id":2,"text":"\\"id\\":3}"}},"a\\"id":4,"method":"tools/call","id":5,"x":{"id":6}}'
    expect(spliceId(scan(text), '77').toString()).toBe(`${text.replace('"id":5', '"id":77')}\n`)
  })
})

describe('progress tokens and cancellations', () => {
  it('finds the token a request asks under, and replaces it with the id, whichever comes first', () => {
    verifies('PROTO-1')
    for (const text of [
      '{"id":1,"method":"tools/call","params":{"_meta":{"a":{},"progressToken":"t"},"name":"n"}}',
      '{"method":"tools/call","params":{"name":"n","_meta":{"progressToken":"t"}},"id":1}',
    ]) {
      const frame = scan(text)
      expect(metaTokenText(frame)).toBe('"t"')
      const wanted = text.replace('"id":1', '"id":12').replace('"t"', '34')
      expect(spliceId(frame, '12', '34').toString()).toBe(`${wanted}\n`)
    }
  })

  it('finds the token progress speaks of, and puts another there', () => {
    const text = '{"method":"notifications/progress","params":{"progress":1,"progressToken":7,"_meta":{}}}'
    const frame = scan(text)
    expect(frame.method).toBe('notifications/progress')
    expect(integerAt(frame.line, frame.progressTokenStart, frame.progressTokenEnd)).toBe(7)
    expect(metaTokenText(frame)).toBeUndefined()
    const edit = { start: frame.progressTokenStart, end: frame.progressTokenEnd, text: '"t"' }
    expect(spliceRanges(frame.line, [edit]).toString()).toBe(`${text.replace(':7', ':"t"')}\n`)
  })

  it('finds the request a cancellation speaks of', () => {
    const frame = scan('{"method":"notifications/cancelled","params":{"requestId":"\\u0061","reason":"r"}}')
    expect(rawText(frame.line, frame.requestIdStart, frame.requestIdEnd)).toBe('"\\u0061"')
    expect(keyOfText(frame.line, frame.requestIdStart, frame.requestIdEnd)).toBe('"a"')
    expect(paramString(frame, 'reason')).toBe('r')
  })

  it('looks for tokens where the protocol puts them and nowhere else', () => {
    const decoy = '{"progressToken":1,"requestId":2,"_meta":{"progressToken":3}}'
    const frame = scan(
      `{"id":1,"method":"x","_meta":${decoy},"progressToken":4,"params":{"params":${decoy},"arguments":${decoy},"_meta":{"_meta":${decoy}}}}`,
    )
    expect([frame.metaTokenStart, frame.progressTokenStart, frame.requestIdStart]).toEqual([-1, -1, -1])
  })

  it('takes nothing but strings and numbers for tokens', () => {
    for (const token of ['null', 'true', '{}', '[1]']) {
      const frame = scan(
        `{"id":1,"method":"x","params":{"requestId":${token},"_meta":{"progressToken":${token}}}}`,
      )
      expect(frame.kind).toBe('request')
      expect([frame.metaTokenStart, frame.requestIdStart]).toEqual([-1, -1])
    }
  })
})

describe('what else a frame tells', () => {
  it('gives params and results as they were written', () => {
    const frame = scan('{"id":1,"method":"resources/read","params": {"uri" : "file:///é", "n":1.0} }')
    expect(paramsText(frame)).toBe('{"uri" : "file:///é", "n":1.0}')
    expect(paramString(frame, 'uri')).toBe('file:///é')
    expect(paramString(frame, 'n')).toBeUndefined()
    expect(paramString(frame, 'absent')).toBeUndefined()
    expect(paramString(scan('{"id":1,"method":"x","params":["uri"]}'), 'uri')).toBeUndefined()
    expect(paramsText(scan('{"id":1,"method":"x"}'))).toBeUndefined()
    expect(bodyText(scan('{"id":1,"result": {"n":1.0}}'))).toBe('{"n":1.0}')
  })

  it('tells an error from a result, and a result wins', () => {
    expect(scan('{"id":1,"error":{"code":1}}')).toMatchObject({ isError: true })
    for (const text of ['{"id":1,"error":{"code":1},"result":2}', '{"id":1,"result":2,"error":{"code":1}}']) {
      expect(scan(text).isError).toBe(false)
      expect(bodyText(scan(text))).toBe('2')
    }
  })

  it('drops a byte order mark, which no reader of the next hop expects', () => {
    expect(spliceId(scan('\ufeff{"id":1,"method":"ping"}'), '2').toString()).toBe(
      '{"id":2,"method":"ping"}\n',
    )
  })

  it('ends a line with one newline whether or not it had one', () => {
    expect(spliceRanges(Buffer.from('{}'), []).toString()).toBe('{}\n')
    expect(spliceRanges(Buffer.from('{}\n'), []).toString()).toBe('{}\n')
  })
})
