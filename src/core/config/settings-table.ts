import { LIMIT_ROWS } from './limit-rows.ts'
import type { BooleanRow, NumberRow, Reach, SettingRow } from './setting-row.ts'

const MB = 1024 * 1024
const GB = 1024 * MB
const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

/** An optimization of a later version: off until it is there, and off by default where it may change an answer. */
function later(sentence: string, reach: Reach): BooleanRow {
  return { type: 'boolean', default: false, reload: 'live', reach, inert: true, sentence }
}

function daemonTime(defaultMs: number, minMs: number, maxMs: number, sentence: string): NumberRow {
  return {
    type: 'duration',
    default: defaultMs,
    min: minMs,
    max: maxMs,
    reload: 'live',
    reach: 'daemon',
    sentence,
  }
}

/**
 * Every setting, by its key: `config list`, `config explain`, mycelium-config(5), the JSON schema and shell completion come from here. Keys
 * are words in snake_case with dots between them. Pairs with test/core/settings-table.test.ts, which knows who reads each.
 */
export const SETTINGS = {
  'pools.warm_spares.enabled': {
    type: 'boolean',
    default: true,
    reload: 'live',
    reach: 'daemon',
    sentence: 'Keep one started and greeted process ready for the next session of each server in use.',
  },
  'pools.grow.enabled': {
    type: 'boolean',
    default: true,
    reload: 'live',
    reach: 'daemon',
    sentence: 'Start another process of a `shared` server that cannot keep up with its calls.',
  },

  'events.enabled': {
    type: 'boolean',
    default: true,
    reload: 'live',
    reach: 'daemon',
    sentence: 'Record what happens, by names, sizes and times, for `mycelium usage`.',
  },
  'events.fsync': {
    type: 'choice',
    choices: ['batch', 'always', 'never'],
    default: 'batch',
    reload: 'live',
    reach: 'daemon',
    sentence:
      'When events are forced to disk: every `events.fsync_ms`, after each write, or when the system likes.',
  },
  'events.fsync_ms': daemonTime(
    100,
    1,
    MINUTE,
    'With `batch`, longest time that events may be lost to a crash.',
  ),
  'events.segment_bytes': {
    type: 'bytes',
    default: 64 * MB,
    min: MB,
    max: 4 * GB,
    reload: 'live',
    reach: 'daemon',
    sentence: 'Size at which a file of events is sealed and moved into the database.',
  },
  'events.segment_age': daemonTime(
    60 * MINUTE,
    1_000,
    DAY,
    'Age at which a file of events is sealed, however small.',
  ),
  'events.max_bytes': {
    type: 'bytes',
    default: GB,
    min: MB,
    max: 1024 * GB,
    reload: 'live',
    reach: 'daemon',
    sentence: 'Disk that events not yet in the database may take; the oldest go first.',
  },
  'events.retain': daemonTime(
    400 * DAY,
    60 * MINUTE,
    36_500 * DAY,
    'How long events stay in the database; sums by day stay longer.',
  ),
  'events.sample_interval': daemonTime(
    5_000,
    100,
    60 * MINUTE,
    'How often the memory of servers is measured for the record.',
  ),

  'usage.prices_file': {
    type: 'text',
    default: '',
    reload: 'live',
    reach: 'user',
    sentence: 'A JSON file of prices that goes before those that came with mycelium; empty for none.',
  },
  'usage.import_on_report': {
    type: 'boolean',
    default: true,
    reload: 'live',
    reach: 'user',
    sentence: 'Read new transcripts of agents before a usage report.',
  },
  'hooks.enabled': {
    type: 'boolean',
    default: true,
    reload: 'live',
    reach: 'user',
    sentence: 'Let the hooks in agents do something; off, they end at once and change nothing.',
  },

  'token_optimization.enabled': later('Shorten tool results before an agent reads them.', 'project'),
  'token_optimization.target_reduction': {
    type: 'number',
    default: 0.5,
    min: 0,
    max: 1,
    reload: 'live',
    reach: 'project',
    inert: true,
    sentence: 'Share of the tokens of a tool result that shortening aims to save.',
  },
  'lazy_loading.enabled': later('Load definitions of tools and agents when they are needed.', 'project'),
  'diff.enabled': later('Send what changed where an agent reads the same thing again.', 'project'),
  'budget.enabled': {
    type: 'boolean',
    default: false,
    reload: 'live',
    reach: 'project',
    sentence:
      'Answer the first read of a file over its budget of tokens by an outline; ask again for all of it.',
  },
  'budget.unchanged_answers': {
    type: 'boolean',
    default: false,
    reload: 'live',
    reach: 'project',
    sentence: 'With `budget.enabled`, answer a read of lines that are in the context already by saying so.',
  },
  'budget.window_tokens': {
    type: 'integer',
    default: 200_000,
    min: 1_000,
    max: 10_000_000,
    reload: 'live',
    reach: 'project',
    sentence: "Tokens of the agent's window that budgets of files are reckoned against.",
  },
  'ignore.enabled': {
    type: 'boolean',
    default: true,
    reload: 'live',
    reach: 'user',
    sentence:
      'Let the hook hold what `mycelium ignore write` hides; off, only what stands in files holds, until `mycelium ignore undo`.',
  },
  'ignore.keep': {
    type: 'list',
    default: [],
    reload: 'live',
    reach: 'project',
    sentence: 'Patterns of files that are never kept from agents.',
  },
  'lazy_tools.enabled': {
    type: 'boolean',
    default: false,
    reload: 'live',
    reach: 'daemon',
    sentence:
      'List only tools that were used before to clients that have `mycelium mcp` and load no definitions on demand themselves; the rest is found by `find_tool`.',
  },
  'lazy_tools.list_tokens': {
    type: 'integer',
    default: 1_000,
    min: 0,
    max: 100_000,
    reload: 'live',
    reach: 'daemon',
    sentence:
      'Tokens that the definitions of all listed tools of one agent may come to, with `lazy_tools.enabled`.',
  },
  'prewarm.enabled': {
    type: 'boolean',
    default: false,
    reload: 'live',
    reach: 'daemon',
    sentence:
      'Keep servers warm, and start them again, by when each is used, instead of for `limits.idle_ms` after it was.',
  },
  'envelope.enabled': later('Bound the memory of each server by what it was seen to need.', 'daemon'),
  'envelope.ceiling': {
    type: 'number',
    default: 0.5,
    min: 0.01,
    max: 1,
    reload: 'live',
    reach: 'user',
    sentence: "Share of the machine's memory that the limits of all servers together may come to.",
  },
  'cache.enabled': later('Answer repeated read-only calls from a cache.', 'daemon'),
  'dedup.enabled': later('Run identical read-only calls that are in flight together once.', 'daemon'),

  ...LIMIT_ROWS,
} as const satisfies Readonly<Record<string, SettingRow>>

/** The key of a setting. */
export type SettingKey = keyof typeof SETTINGS

type ValueOfType = { boolean: boolean; choice: string; text: string; list: readonly string[] }

/** What `get` of a key gives: a choice is one of its words, a duration milliseconds, a size bytes. */
export type ValueOf<K extends SettingKey> = (typeof SETTINGS)[K] extends {
  readonly choices: readonly (infer Word)[]
}
  ? Word
  : (typeof SETTINGS)[K]['type'] extends keyof ValueOfType
    ? ValueOfType[(typeof SETTINGS)[K]['type']]
    : number

/** All keys, in the order of the table. */
export const SETTING_KEYS = Object.keys(SETTINGS) as readonly SettingKey[]

/** Whether it is the key of a setting. */
export function isSettingKey(key: string): key is SettingKey {
  return Object.hasOwn(SETTINGS, key)
}

/** The row of a key. */
export function rowOf(key: SettingKey): SettingRow {
  return SETTINGS[key]
}

/** Whether settings lie below this word or words. */
export function isSection(words: string): boolean {
  return SETTING_KEYS.some((key) => key.startsWith(`${words}.`))
}

/** A key as the table spells it: `limits.idleMs`, the first spelling of these names, means `limits.idle_ms`. */
export function canonicalKey(key: string): string {
  return key.replace(/(?<=[a-z0-9])[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
