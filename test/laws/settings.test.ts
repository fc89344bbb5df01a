import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SettingRow, SettingValue } from '../../src/core/config/setting-row.ts'
import { allowedText, printValue, readJson, readText } from '../../src/core/config/setting-value.ts'
import { editedText } from '../../src/core/config/settings-edit.ts'
import { settingsIn } from '../../src/core/config/settings-file.ts'
import { rowOf, SETTING_KEYS, type SettingKey } from '../../src/core/config/settings-table.ts'
import { verifies } from '../requirements.ts'

const line = fc.string({ unit: 'grapheme', maxLength: 30 }).filter((text) => !/\p{Cc}/u.test(text))

function valueFor(row: SettingRow): fc.Arbitrary<SettingValue> {
  switch (row.type) {
    case 'boolean':
      return fc.boolean()
    case 'choice':
      return fc.constantFrom(...row.choices)
    case 'text':
      return line
    case 'list':
      return fc.array(
        line.filter((text) => text !== ''),
        { maxLength: 5 },
      )
    case 'number':
      return fc.double({ min: row.min, max: row.max, noNaN: true }).map((n) => n + 0)
    default:
      return fc.oneof(
        fc.integer({ min: row.min, max: Math.min(row.max, 1e9) }),
        fc.constantFrom(row.min, row.max, row.default),
      )
  }
}

const setting = fc
  .constantFrom(...SETTING_KEYS)
  .chain((key) => valueFor(rowOf(key)).map((value) => ({ key, row: rowOf(key), value })))

describe('a value', () => {
  it('that is printed is read back, and so is its JSON', () => {
    verifies('CLI-1')
    fc.assert(
      fc.property(setting, ({ row, value }) => {
        expect(readText(row, printValue(row, value))).toEqual({ value })
        expect(readJson(row, JSON.parse(JSON.stringify(value)))).toEqual({ value })
      }),
      { numRuns: 1_000 },
    )
  })

  it('of any text is taken as the row allows, or refused with what it allows', () => {
    verifies('CLI-1')
    fc.assert(
      fc.property(
        fc.constantFrom(...SETTING_KEYS),
        fc.oneof(fc.string(), line, fc.double().map(String)),
        (key, text) => {
          const row = rowOf(key)
          const reading = readText(row, text)
          if ('problem' in reading) expect(reading.problem).toContain(allowedText(row))
          else expect(readJson(row, reading.value)).toEqual(reading)
        },
      ),
      { numRuns: 1_000 },
    )
  })

  it.each([
    ['limits.idle_ms', '5s', 5_000],
    ['limits.idle_ms', '1.5 h', 5_400_000],
    ['limits.idle_ms', '0.1s', 100],
    ['limits.idle_ms', '250', 250],
    ['limits.idle_ms', '-0', 0],
    ['limits.line_bytes', '64MB', 67_108_864],
    ['limits.line_bytes', '64MiB', 67_108_864],
    ['limits.line_bytes', '2k', 2_048],
    ['events.retain', '400d', 34_560_000_000],
    ['cache.enabled', 'on', true],
    ['cache.enabled', 'No', false],
    ['ignore.keep', 'a, b', ['a', 'b']],
    ['ignore.keep', '["a,b"]', ['a,b']],
    ['ignore.keep', '', []],
    ['usage.prices_file', ' a b ', ' a b '],
  ] as const)('%s takes %j', (key, text, value) => {
    expect(readText(rowOf(key), text)).toEqual({ value })
  })

  it.each([
    ['limits.idle_ms', '5 parsecs'],
    ['limits.idle_ms', '-5s'],
    ['limits.idle_ms', '25d'],
    ['limits.idle_ms', '0.5'],
    ['limits.idle_ms', ''],
    ['limits.idle_ms', 'NaN'],
    ['limits.idle_ms', '1e999'],
    ['limits.processes', '1.5'],
    ['limits.processes', '5s'],
    ['limits.line_bytes', '5constructor'],
    ['cache.enabled', 'constructor'],
    ['cache.enabled', '1'],
    ['ignore.keep', 'a,,b'],
    ['ignore.keep', '[1]'],
    ['usage.prices_file', 'a\nb'],
    ['usage.prices_file', 'x'.repeat(5_000)],
  ] as const)('%s refuses %j', (key, text) => {
    expect(readText(rowOf(key), text)).toHaveProperty('problem')
  })
})

/** A settings text as somebody may have left it: unknown keys, both spellings, dotted keys, any layout. */
const fileText = fc
  .record({
    unknown: fc.dictionary(
      fc.string({ maxLength: 8 }).filter((word) => !/^(\$schema|[a-z_]+)$/.test(word) && !word.includes('.')),
      fc.jsonValue({ maxDepth: 2 }),
      { maxKeys: 3 },
    ),
    known: fc.array(setting, { maxLength: 4 }),
    dotted: fc.boolean(),
    indent: fc.constantFrom('', '  ', '\t', '    '),
    crlf: fc.boolean(),
    mark: fc.boolean(),
  })
  .map(({ unknown, known, dotted, indent, crlf, mark }) => {
    const object: Record<string, unknown> = {}
    for (const [key, value] of Object.entries(unknown))
      Object.defineProperty(object, key, { value, enumerable: true })
    for (const { key, value } of known) {
      if (dotted) object[key] = value
      else nest(object, key.split('.'), value)
    }
    const text = JSON.stringify(object, null, indent)
    return `${mark ? '\uFEFF' : ''}${crlf ? text.replaceAll('\n', '\r\n') : text}`
  })

function nest(object: Record<string, unknown>, words: readonly string[], value: unknown): void {
  const [first, ...rest] = words as [string, ...string[]]
  if (rest.length === 0) object[first] = value
  else {
    object[first] ??= {}
    nest(object[first] as Record<string, unknown>, rest, value)
  }
}

const meaning = (text: string) => {
  const { entries, unknown } = settingsIn(text, 'f')
  return {
    known: Object.fromEntries(entries.map(({ key, value }) => [key, value])) as Partial<
      Record<SettingKey, unknown>
    >,
    unknown: unknown.map(({ key }) => key),
  }
}

describe('an edit of a settings file', () => {
  it('sets what is asked for and changes the meaning of nothing else', () => {
    verifies('CLI-1')
    fc.assert(
      fc.property(fileText, fc.array(setting, { minLength: 1, maxLength: 3 }), (text, changes) => {
        const before = meaning(text)
        const after = meaning(editedText(text, new Map(changes.map(({ key, value }) => [key, value])), 'f'))
        const wanted = Object.fromEntries(
          changes.map(({ key, value }) => [key, JSON.parse(JSON.stringify(value))]),
        )
        expect(after).toEqual({ known: { ...before.known, ...wanted }, unknown: before.unknown })
      }),
    )
  })

  it('takes a key away and leaves the rest', () => {
    verifies('CLI-1')
    fc.assert(
      fc.property(fileText, setting, (text, { key }) => {
        const { [key]: _, ...known } = meaning(text).known
        const after = meaning(editedText(text, new Map([[key, undefined]]), 'f'))
        expect(after).toEqual({ known, unknown: meaning(text).unknown })
      }),
    )
  })

  it('that changes nothing changes no byte', () => {
    const text = '\uFEFF{ "x" : 1.0,\r\n"limits":{"idle_ms" : 5}, "big": 12345678901234567890 }'
    expect(editedText(text, new Map([['limits.idle_ms', 5]]), 'f').replace(/\s/g, '')).toBe(
      text.replace(/\s/g, ''),
    )
    expect(editedText(text, new Map([['limits.wait_ms', undefined]]), 'f')).toBe(text)
  })
})
