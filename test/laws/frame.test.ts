import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { idText, rawText } from '../../src/core/protocol/fields.ts'
import { type Frame, type FrameKind, scanFrame } from '../../src/core/protocol/frame.ts'
import { verifies } from '../requirements.ts'
import { type Node, readJson, valuesOf } from './json-reader.ts'
import { FEWER_RUNS, LAW_RUNS, messageText, valueText } from './message-text.ts'

interface Told {
  readonly kind: FrameKind
  readonly id: string
  readonly method: string | undefined
  readonly params: string
  readonly body: string
  readonly isError: boolean
  readonly metaToken: string
  readonly progressToken: string
  readonly requestId: string
}

const utf8 = (raw: string) => Buffer.from(raw, 'latin1').toString()

function told(frame: Frame): Told {
  const text = (start: number, end: number) => utf8(rawText(frame.line, start, end))
  return {
    kind: frame.kind,
    id: utf8(idText(frame)),
    method: frame.method,
    params: text(frame.paramsStart, frame.paramsEnd),
    body: text(frame.bodyStart, frame.bodyEnd),
    isError: frame.isError,
    metaToken: text(frame.metaTokenStart, frame.metaTokenEnd),
    progressToken: text(frame.progressTokenStart, frame.progressTokenEnd),
    requestId: text(frame.requestIdStart, frame.requestIdEnd),
  }
}

const tokenText = (node: Node | undefined) =>
  node?.kind === 'string' || node?.kind === 'number' ? node.text : ''

/** What a whole parse says of the same text. */
function expected(message: Node): Told {
  const last = (node: Node | undefined, key: string) => valuesOf(node, key).at(-1)
  const params = last(message, 'params')
  const meta = last(params, '_meta')
  const [id, method] = [last(message, 'id'), last(message, 'method')]
  const [result, error] = [last(message, 'result'), last(message, 'error')]
  const name = method?.kind === 'string' ? method.value : undefined
  const body = result ?? error
  const valid = !isAmbiguous(message) && (id === undefined || id.kind === 'null' || tokenText(id) !== '')
  const kind = body !== undefined ? 'response' : id === undefined ? 'notification' : 'request'
  return {
    kind:
      valid && (method === undefined || name !== undefined) && (body ?? method) !== undefined
        ? kind
        : 'invalid',
    id: id?.kind === 'null' ? 'null' : tokenText(id),
    method: name,
    params: params?.text ?? '',
    body: body?.text ?? '',
    isError: result === undefined && error !== undefined,
    metaToken: tokenText(last(meta, 'progressToken')),
    progressToken: tokenText(last(params, 'progressToken')),
    requestId: tokenText(last(params, 'requestId')),
  }
}

/** Some key that decides routing comes twice. */
function isAmbiguous(message: Node): boolean {
  const twice = (nodes: readonly (Node | undefined)[], ...keys: string[]) =>
    nodes.some((node) => keys.some((key) => valuesOf(node, key).length > 1))
  const params = valuesOf(message, 'params')
  const metas = params.flatMap((one) => valuesOf(one, '_meta'))
  return (
    twice([message], 'id', 'method', 'params') ||
    twice(params, '_meta', 'progressToken', 'requestId') ||
    twice(metas, 'progressToken')
  )
}

function agrees(line: Buffer): void {
  const frame = scanFrame(line)
  const message = readJson(line.toString().replace(/^\ufeff/, ''))
  if (message === undefined) return
  if (message.kind !== 'object') {
    const batch = message.kind === 'array' && message.elements[0]?.kind === 'object'
    expect(frame?.kind).toBe(batch ? 'batch' : undefined)
    return
  }
  expect(frame).toBeDefined()
  if (isAmbiguous(message)) expect(frame).toMatchObject({ kind: 'invalid', reason: expect.any(String) })
  else expect(told(frame!)).toEqual(expected(message))
}

describe('scanFrame', () => {
  it('says of a message what a whole parse says, whatever the key order, whitespace, escapes and nesting', () => {
    verifies('PROTO-1')
    fc.assert(
      fc.property(messageText, (text) => agrees(Buffer.from(text))),
      { numRuns: LAW_RUNS },
    )
  })

  it('says of any JSON value on a line what a whole parse says', () => {
    fc.assert(
      fc.property(valueText, (text) => agrees(Buffer.from(text))),
      { numRuns: FEWER_RUNS },
    )
  })

  it('takes no truncated message for a whole one', () => {
    fc.assert(
      fc.property(messageText, fc.double({ min: 0, max: 1, noNaN: true }), (text, share) => {
        const whole = Buffer.from(text.trimEnd())
        const part = scanFrame(whole.subarray(0, Math.floor(share * (whole.length - 1))))
        if (part !== undefined) expect(part).toMatchObject({ kind: 'invalid', idStart: -1, idEnd: -1 })
      }),
      { numRuns: FEWER_RUNS },
    )
  })

  it('never throws on damaged messages, and is right about those that are still JSON', () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 3,
    })
    const structural = fc.constantFrom(...Buffer.from('"\\{}[]:,0 \n'))
    fc.assert(
      fc.property(messageText, damage, structural, fc.boolean(), (text, places, byte, random) => {
        const line = Buffer.from(text)
        for (const [at, value] of places) line[at % line.length] = random ? value : byte
        agrees(line)
      }),
      { numRuns: LAW_RUNS },
    )
  })

  it('never throws on garbage', () => {
    const soup = fc.array(fc.constantFrom(...Buffer.from('{}[]":,\\id01 etrufalsn-')), { maxLength: 60 })
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), soup), (bytes) =>
        agrees(Buffer.from([0x7b, ...bytes])),
      ),
      { numRuns: LAW_RUNS },
    )
  })

  it('reads an object a million levels deep and strings of a million backslashes', () => {
    const deep = `${'{"id":['.repeat(1_000_000)}${']}'.repeat(1_000_000)}`
    expect(scanFrame(Buffer.from(`{"result":${deep},"id":1}`))).toMatchObject({
      kind: 'response',
      isError: false,
    })
    const slashes = '\\'.repeat(1_000_000)
    expect(scanFrame(Buffer.from(`{"result":"${slashes}","id":1}`))?.kind).toBe('response')
    expect(scanFrame(Buffer.from(`{"result":"${slashes}\\","id":1}`))?.kind).toBe('invalid')
  })
})
