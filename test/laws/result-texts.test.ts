import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { scanFrame } from '../../src/core/protocol/frame.ts'
import { resultTexts, withTexts } from '../../src/core/protocol/result-texts.ts'
import { saidTexts, withSaid } from '../../src/core/protocol/said-texts.ts'
import { verifies } from '../requirements.ts'

const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string(), fc.constant('\ud800"\\\u2028'))
const audience = fc.constantFrom(undefined, ['user'], ['assistant'], ['user', 'assistant'], [])
const block = fc.oneof(
  fc.record({ type: fc.constant('text'), text, annotations: audience.map((audience) => ({ audience })) }),
  fc.record({ type: fc.constant('image'), data: fc.constant('AAAA'), mimeType: fc.constant('image/png') }),
  fc.record({ type: fc.constant('resource'), resource: fc.record({ uri: text, text }) }),
)
const result = fc.record(
  {
    content: fc.array(block, { maxLength: 4 }),
    isError: fc.boolean(),
    structuredContent: fc.jsonValue(),
    _meta: fc.constant({ n: 1 }),
  },
  { requiredKeys: ['content'] },
)

const frameOf = (body: unknown) =>
  scanFrame(
    Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 'a', result: body }, null, 1).replaceAll('\n', ' ')),
  )!

describe('texts of a result', () => {
  it('are those that the model reads, and can be put back or replaced with all else as it was', () => {
    verifies('PROTO-1')
    fc.assert(
      fc.property(result, text, (body, other) => {
        const frame = frameOf(body)
        const { blocks, isError, structure } = resultTexts(frame)!
        const read = body.content.filter(
          (one) =>
            one.type === 'text' &&
            (!('annotations' in one) || String(one.annotations.audience ?? 'assistant') !== 'user'),
        ) as { text: string }[]
        expect(blocks.map((one) => one.text)).toEqual(read.map((one) => one.text))
        expect({ isError, hasStructure: structure !== undefined }).toEqual({
          isError: body.isError === true,
          hasStructure: body.structuredContent !== undefined,
        })
        for (const one of read) one.text = other
        const replaced = withTexts(frame, new Map(blocks.map((one) => [one, other])))
        expect(JSON.parse(replaced.line.toString()).result).toEqual(JSON.parse(JSON.stringify(body)))
        expect(replaced).toMatchObject({ kind: 'response', isError: false })
      }),
      { numRuns: 300 },
    )
  })

  it('are found again as members of the structure and in lists, and replaced there too', () => {
    const said = fc.uniqueArray(text, { minLength: 1, maxLength: 4 })
    const others = fc.dictionary(
      fc.string(),
      fc.oneof(fc.integer(), fc.constant(null), fc.record({ deep: fc.jsonValue() })),
      { maxKeys: 3 },
    )
    fc.assert(
      fc.property(said, others, text, fc.boolean(), (texts, more, other, inList) => {
        const well = texts.map((one) => JSON.parse(JSON.stringify(one)) as string)
        const own = inList ? { own: well } : Object.fromEntries(well.map((one, i) => [`own${i}`, one]))
        const structuredContent = { ...more, ...own }
        const frame = frameOf({
          content: well.map((one) => ({ type: 'text', text: one })),
          structuredContent,
        })
        const { blocks, structure } = resultTexts(frame)!
        const found = saidTexts(frame.line, { blocks, structure }, 1).filter(({ members }) =>
          members.some(({ name }) => name in own),
        )
        expect(found.map((one) => one.text).sort()).toEqual([...well].sort())
        const replaced = withSaid(frame, new Map(found.map((one) => [one, other])))
        const clean = JSON.parse(JSON.stringify(other)) as string
        const said = inList
          ? { own: well.map(() => clean) }
          : Object.fromEntries(Object.keys(own).map((key) => [key, clean]))
        expect(JSON.parse(replaced.line.toString()).result).toEqual({
          content: well.map(() => ({ type: 'text', text: clean })),
          structuredContent: JSON.parse(JSON.stringify({ ...more, ...said })),
        })
      }),
      { numRuns: 300 },
    )
  })

  it('are found as members of a structure that a block has as JSON, and replaced in both', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(
          text.map((one) => `${one} long enough`),
          { minLength: 1, maxLength: 3 },
        ),
        text,
        fc.constantFrom(0, 2),
        (texts, other, indent) => {
          const well = texts.map((one) => JSON.parse(JSON.stringify(one)) as string)
          const structureOf = (say: (text: string) => string) => ({
            code: 1,
            ...Object.fromEntries(well.map((one, i) => [`own${i}`, say(one)])),
            short: 'no',
          })
          const bodyOf = (structuredContent: object) => ({
            content: [{ type: 'text', text: JSON.stringify(structuredContent, null, indent) }],
            structuredContent,
          })
          const frame = frameOf(bodyOf(structureOf((one) => one)))
          const said = saidTexts(frame.line, resultTexts(frame)!, 13)
          expect(said.map((one) => one.text)).toEqual(well)
          const clean = JSON.parse(JSON.stringify(other)) as string
          const replaced = withSaid(frame, new Map(said.map((one) => [one, other])))
          expect(JSON.parse(replaced.line.toString()).result).toEqual(bodyOf(structureOf(() => clean)))
        },
      ),
      { numRuns: 300 },
    )
  })

  it('are those within a block of JSON that is mostly long texts, as they are quoted there', () => {
    const leaf = fc.oneof(
      text.map((one) => `${one}${'long '.repeat(8)}`),
      fc.integer(),
      fc.string({ maxLength: 3 }),
    )
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 3 },
        leaf,
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(fc.string({ maxLength: 60 }), tie('tree'), { maxKeys: 3 }),
      ),
    }))
    const ascii = (json: string) =>
      json.replace(/[\u0080-\uffff]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)
    fc.assert(
      fc.property(tree, text, fc.boolean(), (value, other, isAscii) => {
        const json = JSON.stringify(value, null, 1)
        const own = isAscii ? ascii(json) : json
        const frame = frameOf({ content: [{ type: 'text', text: own }] })
        const said = saidTexts(frame.line, resultTexts(frame)!, 42)
        const replaced = withSaid(frame, new Map(said.map((one) => [one, other])))
        const [{ text: now }] = JSON.parse(replaced.line.toString()).result.content
        const clean = JSON.parse(JSON.stringify(other)) as string
        if (said.every(({ within }) => within.length === 0)) expect(now).toBe(clean)
        else {
          const long = new Set(said.map((one) => one.text))
          const expected = JSON.parse(own, (_, one) => (long.has(one) ? clean : one))
          expect(JSON.parse(now)).toEqual(expected)
        }
      }),
      { numRuns: 300 },
    )
  })

  it('are replaced in each block that says the same, and once in one that says it for two members', () => {
    const own = 'a long text of a result'
    const replacedIn = (texts: readonly string[], structuredContent: object) => {
      const content = texts.map((one) => ({ type: 'text', text: one }))
      const frame = frameOf({ content, structuredContent })
      const said = saidTexts(frame.line, resultTexts(frame)!, 13)
      const replaced = withSaid(frame, new Map(said.map((one) => [one, 'short'])))
      const { result } = JSON.parse(replaced.line.toString())
      return [...result.content.map((one: { text: string }) => one.text), result.structuredContent]
    }
    expect(replacedIn([own, own], { own })).toEqual(['short', 'short', { own: 'short' }])
    const block = (one: string) => JSON.stringify({ one, other: 'so' })
    expect(replacedIn([block(own)], { a: own, b: own })).toEqual([block('short'), { a: 'short', b: 'short' }])
  })

  it('are found in one pass, however many there are', () => {
    // Each ends as all others do, so that a search for one looks at all of each other one.
    const texts = Array.from({ length: 20_000 }, (_, i) => `${i}${' "and"'.repeat(2)}`)
    const frame = frameOf({ content: [{ type: 'text', text: JSON.stringify(texts) }] })
    const said = saidTexts(frame.line, resultTexts(frame)!, 13)
    const replaced = withSaid(frame, new Map(said.map((one) => [one, 'short'])))
    expect(said).toHaveLength(texts.length)
    expect(JSON.parse(JSON.parse(replaced.line.toString()).result.content[0].text)).toEqual(
      texts.map(() => 'short'),
    )
  })

  it('are none of an error, of a request, or of what is no result of a tool', () => {
    for (const line of [
      '{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"no"}}',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"content":[]}}',
      '{"jsonrpc":"2.0","id":1,"result":{"tools":[]}}',
      '{"jsonrpc":"2.0","id":1,"result":{"content":"text"}}',
    ])
      expect(resultTexts(scanFrame(Buffer.from(line))!), line).toBeUndefined()
  })

  it('of more bytes than are wanted together are left out, but not what else is known', () => {
    const content = ['long', 'longer'].map((text) => ({ type: 'text', text }))
    const frame = frameOf({ content, isError: true })
    expect(resultTexts(frame, 14)!.blocks).toHaveLength(2)
    expect(resultTexts(frame, 13)).toEqual({ blocks: [], isError: true, structure: undefined })
  })

  it('of broken blocks are left out', () => {
    const line =
      '{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text"},{"type":"text","text":7},null,3]}}'
    expect(resultTexts(scanFrame(Buffer.from(line))!)!.blocks).toEqual([])
  })
})
