import { describe, expect, it } from 'vitest'
import { idText } from '../../src/core/protocol/fields.ts'
import { scanFrame } from '../../src/core/protocol/frame.ts'
import {
  errorText,
  notificationText,
  requestText,
  resultText,
  splitBatch,
} from '../../src/core/protocol/messages.ts'

describe('messages of our own', () => {
  it('are one line each', () => {
    expect(errorText('7', -32004, 'it "ended"')).toBe(
      '{"jsonrpc":"2.0","id":7,"error":{"code":-32004,"message":"it \\"ended\\""}}\n',
    )
    expect(errorText('"a"', -32603, 'x\ny', { n: 1 })).toBe(
      '{"jsonrpc":"2.0","id":"a","error":{"code":-32603,"message":"x\\ny","data":{"n":1}}}\n',
    )
    expect(resultText('null', '{}')).toBe('{"jsonrpc":"2.0","id":null,"result":{}}\n')
    expect(resultText('1', '{\r\n  "a": 1.0\n}')).toBe('{"jsonrpc":"2.0","id":1,"result":{    "a": 1.0 }}\n')
    expect(notificationText('notifications/initialized')).toBe(
      '{"jsonrpc":"2.0","method":"notifications/initialized"}\n',
    )
    expect(requestText('3', 'ping')).toBe('{"jsonrpc":"2.0","id":3,"method":"ping"}\n')
    expect(requestText('3', 'tools/list', '{\n}')).toBe(
      '{"jsonrpc":"2.0","id":3,"method":"tools/list","params":{ }}\n',
    )
  })

  it('carry an id of any letters as its sender wrote it', () => {
    const asked = scanFrame(Buffer.from('{"id":"é🍄\\u00e9","method":"ping"}'))!
    expect(resultText(idText(asked), '"é"')).toBe('{"jsonrpc":"2.0","id":"é🍄\\u00e9","result":"é"}\n')
  })
})

describe('splitBatch', () => {
  it('gives the messages of a batch as they were written', () => {
    const line = Buffer.from(' [ {"id":1,"method":"a","params":[1, {"x":"],["}]} ,{"id" : 2.0},3 ]\r')
    expect(splitBatch(line).map(String)).toEqual([
      '{"id":1,"method":"a","params":[1, {"x":"],["}]}',
      '{"id" : 2.0}',
      '3',
    ])
  })

  it('gives nothing for a line that is no whole batch', () => {
    for (const text of ['', '{}', '[', '[]', '[{}', '[{},]', '[{} {}]'])
      expect(splitBatch(Buffer.from(text))).toEqual([])
  })
})
