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
  'ALLOC-1':
    'tokens are shared among the agents of a workflow exactly, with proof that no other share is worth more; what contradicts is named with ways out; the hook holds agents to it and actual is recorded against granted',
  'LAZY-1':
    'definitions of agents and tools are read of all clients and loaded when they are needed; what is loaded ahead is mostly used; tools that were not used before are found instead of listed, calls by name work as ever, and off, every byte is as the server sent it',
  'BUDGET-1':
    'each file has a budget from importance, complexity and size; a read over it is an outline first, and the agent can always get the full text; tokens are counted by a tokenizer, calibrated from the user’s transcripts',
  'COMP-1':
    'texts in fewer tokens: lossless first, each exact form read back, then structural, temporal and semantic steps, each judged; deterministic, pinned parts verbatim, never longer',
  'COMP-2':
    'each original is had again by its handle, byte for byte, also after a restart; no mark without a handle that resolves',
  'COMP-3': 'a step that the judge refuses is taken back; whatever fails, the text goes out as it was',
  'DIFF-1':
    'a diff of two texts is exact for any two; a wrong base is refused; what a session holds is known, and unknown after a compaction; whoever asks twice has the full text',
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
    'what a session calls next is predicted from habits and text, with probabilities that hold; a model that does not beat simple rules stays off; the daemon acts by it within limits, and what came true and what was wasted is on record',
  'ENV-1':
    'memory limits from decayed peaks with a margin by how each server varies, a bump after a death, guarantees, hysteresis, all within the ceiling; a replay says how they do against static ones',
  'SAVE-1':
    'what shortening is worth has a sign: no more than the client would have shown, at the price of the bucket each token falls into, less what was asked for after all and the own definitions, beside controls',
  'VALID-1':
    'a verdict has three parts, meaning, coverage and facts: every planted flip of a number, unit, negation, path or role is caught, no other notation of the same is called a loss, and it says which model judged and how well that one does',
  'VALID-2':
    'what a session got shortened is judged again, each loss with its line, and ends with 1 below the gate; people judge blinded pairs, and how far they agree with the gate is said',
  'VALID-3': 'payloads of many kinds with planted facts and flips, made anew for every run',
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
