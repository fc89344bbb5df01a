import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { idText, metaTokenText } from '../../src/core/protocol/fields.ts'
import { scanFrame } from '../../src/core/protocol/frame.ts'
import { spliceId, spliceRanges } from '../../src/core/protocol/splice.ts'
import { verifies } from '../requirements.ts'
import { LAW_RUNS, messageText } from './message-text.ts'

type Loose = { id?: unknown; params?: { _meta?: { progressToken?: unknown } } }

const withoutBom = (text: string) => text.replace(/^\ufeff/, '')

describe('spliceId', () => {
  it('gives a line that parses to the same message under the new id and token', () => {
    verifies('PROTO-1')
    fc.assert(
      fc.property(messageText, fc.nat(), fc.nat(), (text, id, token) => {
        const frame = scanFrame(Buffer.from(text))!
        if (frame.kind === 'invalid') return
        const message = JSON.parse(withoutBom(text)) as Loose
        const hadToken = frame.metaTokenStart !== -1
        if (frame.idStart !== -1) message.id = id
        if (hadToken) message.params!._meta!.progressToken = token
        const out = spliceId(frame, String(id), String(token))
        expect(JSON.parse(out.toString())).toEqual(message)
        expect(out.indexOf(0x0a)).toBe(out.length - 1)
      }),
      { numRuns: LAW_RUNS },
    )
  })

  it("is undone, byte for byte, by splicing the sender's own id and token back in", () => {
    verifies('PROTO-1')
    fc.assert(
      fc.property(messageText, fc.constantFrom('7', '123456789', '"s-1"'), (text, other) => {
        const frame = scanFrame(Buffer.from(text))!
        if (frame.kind === 'invalid') return
        const sent = scanFrame(spliceId(frame, other, other).subarray(0, -1))!
        expect(spliceId(sent, idText(frame), metaTokenText(frame)).toString()).toBe(`${withoutBom(text)}\n`)
      }),
      { numRuns: LAW_RUNS },
    )
  })
})

describe('spliceRanges', () => {
  it('replaces disjoint ranges in whatever order they are given', () => {
    const text = fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes))
    const part = fc.tuple(
      // Long parts are copied in another way than short ones.
      fc.oneof(
        fc.uint8Array({ maxLength: 8 }),
        fc.uint8Array({ minLength: 60, maxLength: 200, size: 'max' }),
      ),
      fc.uint8Array({ minLength: 1, maxLength: 8 }),
      text,
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 5 }), fc.nat(), (parts, turn) => {
        let at = 0
        const edits = parts.map(([kept, gone, text]) => {
          const start = at + kept.length
          at = start + gone.length
          return { start, end: at, text: text.toString('latin1') }
        })
        const line = Buffer.concat([
          ...parts.map(([kept, gone]) => Buffer.concat([kept, gone])),
          Buffer.from('}'),
        ])
        const wanted = Buffer.concat([...parts.flatMap(([kept, , text]) => [kept, text]), Buffer.from('}\n')])
        const turned = edits.map((_, i) => edits[(i + turn) % edits.length]!)
        expect(spliceRanges(line, turned)).toEqual(wanted)
      }),
      { numRuns: LAW_RUNS },
    )
  })
})
