import { Argument, InvalidArgumentError, Option } from 'commander'
import { json, type Noun, repeated, wholeNumber } from './row.ts'

const reports = () => import('../commands/usage.ts')
const data = () => import('../commands/usage-data.ts')
const since = () => new Option('--since <when>', 'from then on: 7d, 24h, today, 2026-11-01')
const until = () => new Option('--until <when>', 'before then')
const limit = () => new Option('--limit <count>', 'at most so many rows').argParser(positive)
const csv = () => new Option('--csv', 'print CSV on stdout').conflicts('json')

/** Written here, and not next to its type, so that help needs none of what reads the store. */
const GROUPINGS = ['day', 'session', 'project', 'agent', 'server', 'tool', 'model']

/** `mycelium usage …`. */
export const USAGE: Noun = {
  word: 'usage',
  summary: 'what it costs: tokens, dollars, time, by session, server, tool and more',
  about: `What agents used, from their own transcripts and from the calls that mycelium carried. Everything is in ~/.mycelium/usage.duckdb, which \
the DuckDB shell opens too. Names, sizes and times only; nothing that was said. Nothing here needs a network.`,
  examples: [
    ['mycelium usage report', 'tokens and cost by day'],
    ['mycelium usage report --by model --since 7d', 'by model, since midnight seven days ago'],
    ['mycelium usage tools', 'what tool definitions and results weigh: the two lists to act on'],
    ['mycelium usage query "SELECT * FROM latency"', 'ask the tables and views yourself'],
  ],
  verbs: [
    {
      word: 'report',
      summary: 'tokens, cost and calls, by day or something else',
      about: `Reports what was used. By day, session, project, agent (main and sub-agents) and model: answers of models, their tokens and what they \
cost by the price table. By server and tool: calls, failures, latency, and what results and definitions weigh. Reads what is new in transcripts first \
(usage.import_on_report).`,
      parts: [
        new Option('--by <what>', 'what each row is about').choices(GROUPINGS).default('day'),
        since(),
        until(),
        limit(),
        json(),
        csv(),
      ],
      run: async (io, _, options) => (await reports()).runUsageReport(io, options),
    },
    {
      word: 'sessions',
      summary: 'the sessions of agents, last one first',
      parts: [since(), until(), limit().default(30), json(), csv()],
      run: async (io, _, options) => (await reports()).runUsageReport(io, { ...options, by: 'session' }),
    },
    {
      word: 'tools',
      summary: 'what tool definitions and tool results weigh',
      about: `Two lists: what the definition of each tool adds to every request of a client that has its server, and what the results of each tool \
added to contexts. The first says which servers to leave out of a project, the second which calls to make smaller.`,
      parts: [since(), until(), limit(), json()],
      run: async (io, _, options) => (await reports()).runUsageTools(io, options),
    },
    {
      word: 'import',
      summary: "read what is new in agents' transcripts",
      about: `Reads transcripts of Claude Code, Codex, Gemini CLI and opencode: answers of models with their tokens, tool uses with their sizes. \
Only what is new is read; each answer counts once, whatever repeats it. Reports do this by themselves.`,
      parts: [
        repeated('--client <name>', 'only this client; may be given more than once'),
        new Option('--since <when>', 'only files written since then'),
        new Option('--again', 'read all of each file, whatever was read of it before: after a prune, say'),
        json(),
      ],
      run: async (io, _, options) => (await reports()).runUsageImport(io, options),
    },
    {
      word: 'query',
      summary: 'ask the database with SQL; nothing can be changed',
      parts: [
        new Argument('<sql>', 'one statement'),
        new Option('--timeout <seconds>', 'longest time it may take').default(30).argParser(positive),
        new Option('--limit <rows>', 'at most so many rows').default(10_000).argParser(positive),
        json(),
        csv(),
      ],
      run: async (io, [sql], options) => (await data()).runUsageQuery(io, sql, options),
    },
    {
      word: 'export',
      summary: 'write every table to a file',
      parts: [
        new Argument('<directory>', 'where to'),
        new Option('--parquet', 'as Parquet'),
        new Option('--csv', 'as CSV'),
        new Option('--force', 'over files that are there'),
        json(),
      ],
      run: async (io, [directory], options) => (await data()).runUsageExport(io, directory, options),
    },
    {
      word: 'compact',
      summary: 'move recorded events into the database now',
      about: `Takes in the events that wait in segments, and writes DuckDB's log back into the file. The daemon does it hourly; this is for a machine where it seldom runs that long, and before a copy is made of the file.`,
      parts: [json()],
      run: async (io, _, options) =>
        (await import('../commands/usage-compact.ts')).runUsageCompact(io, options),
    },
    {
      word: 'prune',
      summary: 'remove old events; sums by day stay, and what was paid for',
      about: `Removes calls, sessions, samples and other single events that are older. Sums of calls by day stay, and so do answers of models and tool \
uses, which nothing brings back once clients have removed their transcripts; with --all they go too.`,
      parts: [
        new Option('--older-than <when>', 'what is older goes; events.retain by default'),
        new Option('--all', 'also answers of models and tool uses, with their tokens and cost'),
        new Option('-y, --yes', 'do not ask'),
        json(),
      ],
      run: async (io, _, options) => (await data()).runUsagePrune(io, options),
    },
  ],
}

function positive(text: string): number {
  const number = wholeNumber(text)
  if (number === 0) throw new InvalidArgumentError('It must be at least 1.')
  return number
}
