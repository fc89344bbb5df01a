import { expect, it } from 'vitest'
import { outputForms } from '../../src/core/shorten/output-forms.ts'

const text = { type: 'string' }
const object = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more })

it.each<[string, unknown, string, boolean, boolean]>([
  ['no schema', undefined, 'a', false, true],
  ['a text', object({ a: text }), 'a', false, true],
  [
    'a text with words about it',
    object({ a: { ...text, title: 'A', description: 'a', default: '' } }),
    'a',
    false,
    true,
  ],
  [
    'what FastMCP writes',
    object({ result: { title: 'Result', ...text } }, { required: ['result'], title: 'o' }),
    'result',
    false,
    true,
  ],
  ['what zod writes', object({ a: text }, { additionalProperties: false, $schema: 's' }), 'a', false, true],
  ['anything', object({ a: {} }), 'a', false, true],
  ['a text or null', object({ a: { anyOf: [text, { type: 'null' }] } }), 'a', false, true],
  ['a text or null by type', object({ a: { type: ['string', 'null'] } }), 'a', false, true],
  ['a member that is not named', object({}), 'a', false, true],
  ['one that is named like what every object has', object({}), 'constructor', false, true],
  ['a list of texts', object({ a: { type: 'array', items: text } }), 'a', true, true],
  ['a list, asked for as a text', object({ a: { type: 'array', items: text } }), 'a', false, false],
  ['a text, asked for as a list', object({ a: text }), 'a', true, false],
  [
    'a list without twins',
    object({ a: { type: 'array', items: text, uniqueItems: true } }),
    'a',
    true,
    false,
  ],
  ['a pattern', object({ a: { ...text, pattern: '^a' } }), 'a', false, false],
  ['a format', object({ a: { ...text, format: 'uri' } }), 'a', false, false],
  ['a least length', object({ a: { ...text, minLength: 2_000 } }), 'a', false, false],
  ['one of some', object({ a: { ...text, enum: ['x'] } }), 'a', false, false],
  ['a constant', object({ a: { const: 'x' } }), 'a', false, false],
  ['a number', object({ a: { type: 'number' } }), 'a', false, false],
  ['a reference', object({ a: { $ref: '#/$defs/A' } }, { $defs: { A: text } }), 'a', false, false],
  ['one of two that must not both hold', object({ a: { oneOf: [text, text] } }), 'a', false, false],
  ['a condition on the whole', object({ a: text }, { if: {} }), 'a', false, false],
  [
    'a pattern for others',
    object({}, { additionalProperties: { ...text, pattern: '^a' } }),
    'a',
    false,
    false,
  ],
  ['no others', object({}, { additionalProperties: false }), 'a', false, false],
  ['no schema at all', 'text', 'a', false, false],
  ['nothing', false, 'a', false, false],
  ['a list as the whole', { type: 'array' }, 'a', false, false],
])('%s', (_, outputSchema, member, isInList, isFree) => {
  const forms = outputForms([{ name: 't', ...(outputSchema !== undefined && { outputSchema }) }])
  expect(forms.get('t')!(member, isInList)).toBe(isFree)
})

it('of what is no list of tools, nothing', () => {
  expect(outputForms({ name: 't' }).size).toBe(0)
  expect(outputForms([{}, null, 3]).size).toBe(0)
})
