import { type ColumnType, KINDS, type Kind } from './event.ts'

/** Where each kind of event goes; pairs with templates/sql/. That of calls is a view. */
export const TABLES: Readonly<Record<Kind, string>> = {
  call: 'calls',
  session: 'sessions',
  process: 'processes',
  sample: 'samples',
  schema: 'tool_schemas',
  decision: 'decisions',
  hook: 'hook_events',
  response: 'responses',
  toolUse: 'tool_uses',
  clientCost: 'client_costs',
  progress: 'transcript_files',
  compression: 'compressions',
  expansion: 'expansions',
  guess: 'guesses',
  allowance: 'allowances',
}

/** One column of an event and of its table. */
export interface TableColumn {
  readonly field: string
  readonly column: string
  readonly type: ColumnType
}

/** Words that SQL keeps for itself. */
const RENAMED: Readonly<Record<string, string>> = { at: 'ts', offset: 'read_to' }

/** The columns of a kind, in the order of the event. */
export function columnsOf(kind: Kind): readonly TableColumn[] {
  const types: Readonly<Record<string, ColumnType>> = KINDS[kind]
  return Object.entries(types).map(([field, type]) => ({
    field,
    type,
    column: RENAMED[field] ?? snakeCase(field),
  }))
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]|(?<=[a-z])\d/g, (found) => `_${found.toLowerCase()}`)
}
