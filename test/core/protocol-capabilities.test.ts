import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson, capabilityNames, withoutCapabilities } from '../../src/core/protocol/capabilities.ts'
import { verifies } from '../requirements.ts'

describe('withoutCapabilities', () => {
  it.each([
    ['{ "a":1 , "sampling":{} , "b":2 }', '{ "a":1 , "b":2 }'],
    ['{"sampling":{},"a":1}', '{"a":1}'],
    ['{"a":1.0, "sampling":{}, "roots":{} }', '{"a":1.0 }'],
    ['{ "sampling":{}, "roots":{} }', '{  }'],
    ['{"sampling":{},"a":1,"roots":{},"b":2,"sampling":{}}', '{"a":1,"b":2}'],
    ['{"s\\u0061mpling":{},"a":{"sampling":1}}', '{"a":{"sampling":1}}'],
    ['{}', '{}'],
    ['null', 'null'],
  ])('turns %s into %s and leaves the rest as it was', (before, after) => {
    verifies('PROTO-3')
    const around = (capabilities: string) =>
      `{ "protocolVersion":"2025-11-25","capabilities": ${capabilities}, "clientInfo":{"name":"é","sampling":{}}}`
    expect(withoutCapabilities(around(before), ['sampling', 'roots'])).toBe(around(after))
  })

  it('takes away a part of a capability', () => {
    const text =
      '{"capabilities":{"tasks":{"list":{},"requests":{"sampling":{},"elicitation":{}}},"list":{}}}'
    expect(withoutCapabilities(text, ['tasks.requests.sampling', 'tasks.list'])).toBe(
      '{"capabilities":{"tasks":{"requests":{"elicitation":{}}},"list":{}}}',
    )
  })

  it('lets none slip through when the key comes twice', () => {
    const text = '{"capabilities":{"roots":{}},"capabilities":{"roots":{}, "a":1}}'
    expect(withoutCapabilities(text, ['roots'])).toBe('{"capabilities":{},"capabilities":{"a":1}}')
  })

  it('gives back unchanged what is no object', () => {
    for (const text of ['', '[]', 'null', '{"capabilities":', '{"capabilities":[1]}']) {
      expect(withoutCapabilities(text, ['roots'])).toBe(text)
    }
  })

  it('equals, after a parse, the parsed params with the members deleted', () => {
    const names = ['sampling', 'elicitation', 'roots', 'tasks', 'experimental', 'x']
    const capabilities = fc.dictionary(fc.constantFrom(...names), fc.jsonValue({ maxDepth: 2 }))
    fc.assert(
      fc.property(capabilities, fc.subarray(names), fc.constantFrom(0, 1, 2), (all, removed, indent) => {
        const text = JSON.stringify({ a: 1, capabilities: all, z: [] }, undefined, indent)
        const left = Object.fromEntries(
          Object.entries(JSON.parse(JSON.stringify(all)) as object).filter(
            ([name]) => !removed.includes(name),
          ),
        )
        const after = withoutCapabilities(text, removed)
        expect(JSON.parse(after)).toEqual({ a: 1, capabilities: left, z: [] })
        expect(capabilityNames(after)).toEqual(Object.keys(left))
      }),
      { numRuns: 300 },
    )
  })
})

describe('capabilityNames', () => {
  it('names what the client offers, in its order', () => {
    expect(capabilityNames('{"capabilities":{"roots":{},"elicitation":{"url":{}},"roots":{}}}')).toEqual([
      'roots',
      'elicitation',
    ])
    for (const text of ['', '{}', '[]', '{"capabilities":null}']) expect(capabilityNames(text)).toEqual([])
  })
})

describe('canonicalJson', () => {
  it('is one text for all spellings of a value', () => {
    const wanted = '{"":[],"a":[1.0,"é"],"b":{"x":null,"y":true}}'
    expect(canonicalJson(' { "b" : {"y":true,"x":null}, "\\u0061":[ 1.0 ,"\\u00e9" ], "":[ ] } ')).toBe(
      wanted,
    )
  })

  it('keeps apart what some reader tells apart: number texts and keys that come twice', () => {
    const texts = [
      '1',
      '1.0',
      '1e0',
      '"1"',
      '{"a":1}',
      '{"a":1,"a":2}',
      '{"a":2,"a":1}',
      '12345678901234567890',
      '12345678901234567891',
    ]
    expect(new Set(texts.map(canonicalJson)).size).toBe(texts.length)
  })

  it('says of any value the same whatever the key order and indentation, and changes nothing in it', () => {
    const turned = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(turned)
      if (typeof value !== 'object' || value === null) return value
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([key, one]) => [key, turned(one)]),
      )
    }
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const text = canonicalJson(JSON.stringify(value))
        expect(canonicalJson(JSON.stringify(turned(value), undefined, 2))).toBe(text)
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
      }),
      { numRuns: 300 },
    )
  })

  it('takes any depth, and refuses what is not JSON', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    expect(canonicalJson(deep)).toBe(deep)
    for (const text of ['', '{', '{"a":01}', '{}x', '[1,]'])
      expect(() => canonicalJson(text)).toThrow(SyntaxError)
  })
})
