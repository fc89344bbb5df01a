import { LIMIT_ROWS } from './limit-rows.ts'
import type { BooleanRow, NumberRow, Reach, SettingRow } from './setting-row.ts'
import { TOKEN_ROWS } from './token-rows.ts'

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

  ...TOKEN_ROWS,
  'prewarm.enabled': {
    type: 'boolean',
    default: false,
    reload: 'live',
    reach: 'daemon',
    sentence:
      'Keep servers warm, and start them again, by when each is used, instead of for `limits.idle_ms` after it was; and start those that a session is likely to use next, by a model that beats simple rules.',
  },
  'envelope.enabled': {
    type: 'boolean',
    default: false,
    reload: 'live',
    reach: 'daemon',
    sentence:
      'Hold each server to the memory limits that `mycelium envelope tune` kept; what goes over them is replaced or ended.',
  },
  'envelope.lend': {
    type: 'boolean',
    default: true,
    reload: 'live',
    reach: 'daemon',
    sentence:
      'With `envelope.enabled`, let a server have up to twice its hard limit while all together stay within `envelope.ceiling`, instead of ending it.',
  },
  'envelope.tell_runtimes': {
    type: 'boolean',
    default: true,
    reload: 'next-process',
    reach: 'daemon',
    sentence:
      'With `envelope.enabled`, tell Node servers by NODE_OPTIONS how large their heap may be, which makes their start slower.',
  },
  'envelope.mechanism': {
    type: 'choice',
    choices: ['best', 'cgroup-v2', 'systemd-scope', 'cgroup-v1', 'prlimit', 'polling'],
    default: 'best',
    reload: 'restart',
    reach: 'daemon',
    sentence:
      'What holds servers to their limits: the best of this list that the machine has, from the one named on.',
  },
  'envelope.cgroup': {
    type: 'text',
    default: '',
    reload: 'restart',
    reach: 'daemon',
    sentence:
      "Control group, a directory, that servers' own groups are made in; empty for the group that mycelium itself is in.",
  },
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
