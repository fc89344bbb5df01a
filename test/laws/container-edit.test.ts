import fc from 'fast-check'
import { parse } from 'jsonc-parser'
import { describe, expect, it } from 'vitest'
import { append, type Container, removeAt } from '../../src/core/clients/container-edit.ts'
import { applySplices } from '../../src/core/clients/document.ts'
import { jsonSyntax } from '../../src/core/clients/json-syntax.ts'

const VALUE = { command: 'x', timeout: 5 }

/** A list or object as people write it: some layout, some comments, a trailing comma or none. */
const texts = fc
  .record({
    isList: fc.boolean(),
    items: fc.array(fc.constantFrom('1', '"a,b"', '{ "x": [1, 2] }', '[]', '{}'), { maxLength: 4 }),
    eol: fc.constantFrom('\n', '\r\n'),
    unit: fc.constantFrom('  ', '    ', '\t'),
    layout: fc.constantFrom('lines', 'one line', 'dense'),
    comments: fc.array(fc.constantFrom('', ' // note, more', ' /* a, b */'), { minLength: 5, maxLength: 5 }),
    trailing: fc.boolean(),
  })
  .map(({ isList, items, eol, unit, layout, comments, trailing }) => {
    const [open, close] = isList ? '[]' : '{}'
    const sep = layout === 'dense' ? ':' : ': '
    const words = items.map((item, i) => (isList ? item : `"k${i}"${sep}${item}`))
    if (layout !== 'lines') return `{"in"${sep}${open}${words.join(layout === 'dense' ? ',' : ', ')}${close}}`
    const lines = words.map((word, i) => {
      const comma = i < words.length - 1 || trailing ? ',' : ''
      return `${unit}${unit}${word}${comma}${comments[i] ?? ''}${eol}`
    })
    const inside = lines.length === 0 ? '' : eol + lines.join('') + unit
    return `{${eol}${unit}// top${eol}${unit}"in": ${open}${inside}${close} // end${eol}}${eol}`
  })

function inner(text: string): Container {
  const value = jsonSyntax.read(text).members[0]!.value
  if (value.kind !== 'map' && value.kind !== 'list') throw new Error('no container')
  return value
}

const count = (container: Container) =>
  (container.kind === 'list' ? container.items : container.members).length

describe('a value appended to a JSON container', () => {
  it('comes last, leaves all others, and taken out again leaves the same bytes', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const container = inner(text)
        const key = container.kind === 'list' ? undefined : 'new'
        const longer = applySplices(text, append(text, container, VALUE, key))
        const [before, after] = [parse(text).in, parse(longer).in]
        expect(after).toEqual(key === undefined ? [...before, VALUE] : { ...before, new: VALUE })
        const grown = inner(longer)
        expect(count(grown)).toBe(count(container) + 1)
        expect(applySplices(longer, removeAt(longer, grown, count(grown) - 1))).toBe(text)
      }),
      { numRuns: 500 },
    )
  })

  it('taken out of any place leaves the others and every comment', () => {
    fc.assert(
      fc.property(texts, fc.nat(), (text, n) => {
        const container = inner(text)
        if (count(container) === 0) return
        const index = n % count(container)
        const shorter = applySplices(text, removeAt(text, container, index))
        const keptComments = (one: string) =>
          jsonSyntax.comments(one).map(({ start, end }) => one.slice(start, end))
        if (count(container) > 1) expect(keptComments(shorter)).toEqual(keptComments(text))
        const before = parse(text).in
        const expected = Array.isArray(before)
          ? before.filter((_, i) => i !== index)
          : Object.fromEntries(Object.entries(before).filter((_, i) => i !== index))
        expect(parse(shorter).in).toEqual(expected)
      }),
      { numRuns: 500 },
    )
  })
})
