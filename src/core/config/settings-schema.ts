import type { SettingRow } from './setting-row.ts'
import { allowedText } from './setting-value.ts'
import { rowOf, SETTING_KEYS } from './settings-table.ts'

interface ObjectSchema {
  type: 'object'
  properties: Record<string, object>
}

/** The JSON schema of config.json and .mycelium.json, for editors; templates/mycelium-config.schema.json is this, as text. */
export function settingsSchema(): object {
  const root: ObjectSchema = { type: 'object', properties: { $schema: { type: 'string' } } }
  for (const key of SETTING_KEYS) {
    const words = key.split('.')
    const last = words.pop()!
    let at = root
    for (const word of words) {
      at.properties[word] ??= { type: 'object', properties: {} }
      at = at.properties[word] as ObjectSchema
    }
    at.properties[last] = rowSchema(rowOf(key))
  }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Settings of mycelium',
    description: 'config.json in ~/.mycelium, and .mycelium.json in a project. See mycelium-config(5).',
    ...root,
  }
}

function rowSchema(row: SettingRow): object {
  const description = row.inert ? `${row.sentence} (Has no effect in this version.)` : row.sentence
  const isOfMachine = 'defaultText' in row
  const common = isOfMachine ? { description } : { description, default: row.default }
  switch (row.type) {
    case 'boolean':
      return { type: 'boolean', ...common }
    case 'choice':
      return { enum: row.choices, ...common }
    case 'text':
      return { type: 'string', ...common }
    case 'list':
      return { type: 'array', items: { type: 'string', minLength: 1 }, ...common }
    case 'number':
    case 'integer':
      return { type: row.type, minimum: row.min, maximum: row.max, ...common }
    case 'duration':
    case 'bytes':
      return {
        anyOf: [{ type: 'integer', minimum: row.min, maximum: row.max }, { type: 'string' }],
        ...common,
        description: `${description} Takes ${allowedText(row)}.`,
      }
  }
}
