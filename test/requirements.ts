import { expect } from 'vitest'

/** What must work, as data; test/coverage.test.ts fails on a row that no test cites and on a citation of no row. */
export const REQUIREMENTS = {
  'LAUNCH-1': 'init finds every server of every client, rewrites entries in place, undo restores',
  'LAUNCH-2': 'the launcher becomes the lightest correct relay present',
  'LAUNCH-3': 'PID locks: one daemon and one upstream per pool however many start at once',
  'LAUNCH-4':
    "the daemon survives every client's way of killing, idles out, upgrades without dropping sessions",
  'LAUNCH-5': 'daemon missing, broken or wrong version: the original server runs instead',
  'LAUNCH-6': 'npx and uvx entries are resolved to the real executable where that is safe',
  'POOL-1': 'modes session, call, shared; sizes, spares, growth and shrink, idle TTL, caps',
  'POOL-2': 'health without harm; crash: one error, next call works, never executed twice',
  'POOL-3': 'nothing survives the daemon, SIGKILL included',
  'POOL-4': 'the hop adds little latency and no throughput is lost',
  'POOL-5': 'thousands of sessions: no lost answer, little memory per idle session',
  'PROTO-1': 'ids and progress tokens are spliced per session and restored',
  'PROTO-2': 'cancel is remapped; client death cancels; late results are dropped',
  'PROTO-3': 'server-to-client requests reach the session that caused them or are never provoked',
  'PROTO-4': 'subscriptions are counted per URI; log level per client',
  'CLI-2': 'status and status line: what runs, what it costs, at once',
  'CLI-3':
    'doctor names what is wrong, each finding with the command that fixes it; hooks that never hurt the agent',
  'CLI-1':
    'settings are rows of one table; config get, set, unset, list, explain and path; flags > env > project > user > default; what is wrong is named and nothing is written',
  'CLI-4': 'man pages and shell completion come from the command tree; every read has --json',
  'USE-1':
    'transcripts of four clients: every response counted once, whatever repeats it, as the API counts it',
  'USE-2': 'cost from a table of prices in the package or a file; cache writes and reads priced apart',
  'STORE-1': 'events are taken in exactly once, whatever is killed when; nothing that was promised is lost',
  'STORE-2':
    'sums kept for reports say what the events say; the database opens with any DuckDB and explains itself',
  'CLI-5': 'npm start and npm test do all the set-up on a fresh clone',
  'BUDGET-1':
    'each file has a budget from importance, complexity and size; a read over it is an outline first, and the agent can always get the full text; tokens are counted by a tokenizer, calibrated from the user’s transcripts',
  'IGNORE-1':
    'ignore files and what is really enforced, from one plan; refuses to hide what is needed; verify proves it with a canary',
  'JOBS-1':
    'jobs by the clock with launchd, systemd or cron: installed exactly and removed without a trace, caught up once, never twice at a time, on record',
  'USE-3': 'reports by day, session, server, tool, model, project and sub-agent; SQL that only reads',
  'SCORE-1':
    'lines, cyclomatic and cognitive complexity per function by syntax tree, equal to the accepted tool of each language; what cannot be parsed costs only itself',
  'SCORE-2':
    'importance from history, imports and complexity keeps what the next commits edit better than any of them alone',
  'PRE-2':
    'how long a server stays warm comes from its own idle times, at one price for all; at the warm time of a fixed window fewer minutes are cold',
  'PRE-1':
    'what a session calls next is predicted from habits and text, with probabilities that hold; a model that does not beat simple rules stays off',
  'ENV-1':
    'memory limits from decayed peaks with a margin by how each server varies, a bump after a death, guarantees, hysteresis, all within the ceiling; a replay says how they do against static ones',
  'LAZY-1':
    'tools that were not used before are found instead of listed, where the client can find them; calls by name work as ever; off, every byte is as the server sent it',
  'MCP-1':
    "mycelium's own server works with official clients of both eras, calls other servers' tools as the agent itself would, and init --mcp is undone byte for byte",
  'SCORE-3': 'unchanged files are not read again; a file that crashes its parser costs only itself',
} as const

/** The id of a requirement row. */
export type RequirementId = keyof typeof REQUIREMENTS

/** Cited inside a test: this test would fail if the promise were broken. */
export function verifies(...ids: RequirementId[]): void {
  for (const id of ids) expect(REQUIREMENTS, `unknown requirement ${id}`).toHaveProperty([id])
}
