import type { SettingRow } from './setting-row.ts'

const MB = 1024 * 1024
const GB = 1024 * MB
const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

/** Settings of what agents read: shortened results, differences, budgets, hidden files, tools on demand. */
export const TOKEN_ROWS = {
  'token_optimization.enabled': {
    type: 'boolean',
    default: false,
    reload: 'live',
    reach: 'project',
    sentence:
      'Shorten long results of MCP tools before an agent reads them; what is left out stays one `expand` away.',
  },
  'token_optimization.target_reduction': {
    type: 'number',
    default: 0.5,
    min: 0,
    max: 1,
    reload: 'live',
    reach: 'project',
    sentence: 'Share of the tokens of a tool result that shortening aims to save.',
  },
  'token_optimization.leave': {
    type: 'list',
    default: [],
    reload: 'live',
    reach: 'daemon',
    sentence: 'Servers, and tools as `server/tool`, whose results are never shortened.',
  },
  'token_optimization.holdout': {
    type: 'number',
    default: 0,
    min: 0,
    max: 1,
    reload: 'live',
    reach: 'daemon',
    sentence: 'Share of the sessions whose results stay as they are, to compare the others with.',
  },
  'originals.max_bytes': {
    type: 'bytes',
    default: 256 * MB,
    min: MB,
    max: 1024 * GB,
    reload: 'live',
    reach: 'user',
    sentence: 'Disk that the originals of shortened texts may take; those not used for longest go first.',
  },
  'originals.retain': {
    type: 'duration',
    default: 30 * DAY,
    min: 60 * MINUTE,
    max: 36_500 * DAY,
    reload: 'live',
    reach: 'user',
    sentence: 'How long an original is kept after it was last asked for.',
  },
  'diff.enabled': {
    type: 'boolean',
    default: false,
    reload: 'live',
    reach: 'project',
    sentence: 'Answer a read of a file that the agent holds, and that has changed since, by the difference.',
  },
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
  'agent_budgets.enabled': {
    type: 'boolean',
    default: false,
    reload: 'live',
    reach: 'project',
    sentence:
      'Hold agents to the budgets that `mycelium budget agents --write` kept: outlines, then results cut with a way to the rest, then advice to stop.',
  },
  'agent_budgets.total_tokens': {
    type: 'integer',
    default: 400_000,
    min: 1_000,
    max: 1_000_000_000,
    reload: 'live',
    reach: 'project',
    sentence:
      'Tokens that the agents of a session may take together where neither workflow nor `--total` says.',
  },
  'agent_preload.enabled': {
    type: 'boolean',
    default: false,
    reload: 'next-session',
    reach: 'user',
    sentence:
      'Hold the definition that a session is likely to load next by `load_agent` ready in the process of `mycelium mcp`, where what is on record says that it pays.',
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
  'lazy_loading.enabled': {
    type: 'boolean',
    default: false,
    reload: 'live',
    reach: 'daemon',
    sentence:
      'List only tools that were used before to clients that have `mycelium mcp` and load no definitions on demand themselves; the rest is found by `find_tool`.',
  },
  'lazy_loading.list_tokens': {
    type: 'integer',
    default: 1_000,
    min: 0,
    max: 100_000,
    reload: 'live',
    reach: 'daemon',
    sentence:
      'Tokens that the definitions of all listed tools of one agent may come to at most, with `lazy_loading.enabled`; together with our own never more than 15 % of all.',
  },
} as const satisfies Readonly<Record<string, SettingRow>>
