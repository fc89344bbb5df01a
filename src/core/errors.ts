/** One row per thing that can go wrong: process exit code, JSON-RPC code where it may reach an agent, and the usual next step. */
export const ERRORS = {
  // command line
  usage: { exit: 2, hint: 'mycelium --help' },
  unknown_client: { exit: 2, hint: 'mycelium init --help lists the clients' },
  unknown_server: { exit: 2, hint: 'mycelium server list' },
  unknown_setting: { exit: 2, hint: 'mycelium config list --all' },
  setting_invalid: { exit: 2, hint: 'mycelium config list --all' },
  unknown_target: { exit: 2, hint: 'mycelium ignore plan --help' },
  ignore_path_unknown: { exit: 2, hint: 'mycelium ignore status lists what is hidden' },
  interrupted: { exit: 130, hint: 'nothing was left half-written; run it again' },
  internal: { exit: 70, wire: -32603, hint: 'mycelium daemon logs' },

  // files
  config_unreadable: { exit: 1, hint: 'check the file and its permissions, then run it again' },
  config_invalid: { exit: 1, hint: 'mend the file at the place named, then run it again' },
  config_read_only: { exit: 1, hint: 'make the file writable, or leave that client out with --client' },
  config_changed: { exit: 1, hint: 'another program wrote the file meanwhile; run it again' },
  config_busy: { exit: 1, hint: 'wait for the other command to end, then run it again' },
  write_failed: { exit: 1, hint: 'free some disk space and run it again; the file is as it was' },
  config_gone: { exit: 1, hint: 'mycelium undo, in the directory that the file was moved to' },
  not_removed: { exit: 1, hint: 'see to its permissions and run it again, or remove it by hand' },
  registry_invalid: { exit: 1, hint: 'mycelium init --yes writes it anew' },

  // repositories
  path_missing: { exit: 1, hint: 'name a directory or a file that exists' },
  history_short: { exit: 1, hint: 'name a directory of a git repository with some dozens of commits' },
  too_many_files: { exit: 1, hint: 'name the directory of one repository' },
  unknown_file: { exit: 2, hint: 'mycelium budget files --all' },
  // budgets of agents
  workflow_invalid: {
    exit: 1,
    hint: 'mend the file at the place named; docs/agents.md says what it may hold',
  },
  unknown_agent: { exit: 2, hint: 'mycelium budget agents lists those that are defined here' },
  agents_none: {
    exit: 1,
    hint: 'define an agent, such as .claude/agents/NAME.md, or name a workflow: mycelium budget agents --workflow FILE',
  },
  agents_conflict: { exit: 1, hint: 'raise --total, lower a min, or put agents off with --defer NAME' },
  // files hidden from agents
  ignore_none: { exit: 1, hint: 'mycelium ignore write' },

  // differences between texts
  diff_base_wrong: {
    exit: 1,
    hint: 'mycelium optimization diff BASE NEXT makes one for the text that you have',
  },
  diff_invalid: { exit: 1, hint: 'mycelium optimization diff BASE NEXT makes it anew' },

  // jobs
  job_not_run: { exit: 1, hint: 'mycelium jobs list' },
  job_time_invalid: {
    exit: 2,
    hint: '--at takes 03:30, daily, hourly, weekly, "every 6h", "every 15m", "mon 03:30" or "mon,thu 03:30"',
  },
  job_path_unusable: { exit: 1, hint: 'move it to a plainer path, or set MYCELIUM_HOME to one' },
  job_running: { exit: 1, hint: 'wait for it to end; mycelium jobs list says how it went' },
  scheduler_missing: { exit: 1, hint: 'apt-get install cron, or what your system calls it' },
  scheduler_refused: { exit: 1, hint: 'mend what it says, then run it again; nothing was changed' },
  // traces for evaluations
  memory_trace_invalid: { exit: 1, hint: 'name a CSV file of lines server,time,MB; docs/envelopes.md' },
  envelope_none: { exit: 1, hint: 'mycelium envelope tune' },
  envelope_off: { exit: 1, hint: 'mycelium config set envelope.enabled=true' },
  idle_trace_invalid: {
    exit: 1,
    hint: 'name a CSV file with a header, three columns of ids and one for each minute; docs/keep-alive.md',
  },

  // shortened texts
  session_unknown: { exit: 1, hint: 'mycelium usage sessions lists those on record' },
  original_unknown: {
    exit: 1,
    hint: 'run again what the text came from; originals.retain and originals.max_bytes say how long texts are kept',
  },
  original_too_large: { exit: 1, hint: 'mycelium config set originals.max_bytes=1GB' },
  handle_invalid: { exit: 2, hint: 'copy it from a mark: my: and ten digits or more' },
  lines_missing: { exit: 1, hint: 'mycelium optimization inspect HANDLE' },
  turns_invalid: {
    exit: 1,
    hint: 'a JSON array or lines of {role, content}, or a transcript of Claude Code or Codex',
  },
  text_expected: { exit: 1, hint: 'name a file of UTF-8 text' },

  pairs_none: {
    exit: 1,
    hint: 'mycelium config set token_optimization.enabled=true, then work with your agents for a while',
  },
  answers_missing: { exit: 1, hint: 'mycelium optimization rate --json, then --answers FILE' },
  answers_invalid: { exit: 1, hint: 'mycelium optimization rate --json lists the pairs with their ids' },
  ratings_invalid: { exit: 1, hint: 'mend the file, or move it away' },

  // usage database
  duckdb_missing: { exit: 1, hint: 'npm install -g mycelium, on a platform that DuckDB has a build for' },
  database_none: {
    exit: 1,
    hint: 'nothing was recorded yet; mycelium usage import reads what your agents kept',
  },
  database_locked: { exit: 1, hint: 'close that program, then run it again' },
  database_newer: { exit: 1, hint: 'use the version of mycelium that wrote it, or move the file away' },
  database_unreadable: { exit: 1, hint: 'give yourself the right to read and write the file' },
  database_broken: {
    exit: 1,
    hint: 'move the file away: a new one is made, and transcripts can be imported again',
  },
  query_failed: { exit: 1, hint: 'mycelium usage query "SHOW ALL TABLES"' },
  query_timeout: { exit: 1, hint: 'mycelium usage query --timeout SECONDS' },

  // prediction of calls
  model_none: { exit: 1, hint: 'mycelium prewarm train' },
  model_unusable: { exit: 1, hint: 'mycelium prewarm train makes it anew' },
  sequences_invalid: { exit: 1, hint: 'docs/prewarm.md says what a line looks like' },
  traffic_none: {
    exit: 1,
    hint: 'work with your agents for a while, or mycelium usage import to read what they kept',
  },

  // transcripts and prices
  transcript_busy: { exit: 1, hint: 'close the client, then run it again' },
  prices_invalid: { exit: 1, hint: 'mend the file at the place named, then run it again' },

  // daemon and sockets
  socket_path_too_long: { exit: 1, hint: 'set MYCELIUM_HOME to a shorter path' },
  run_dir_unsafe: { exit: 1, hint: 'remove the directory, or set MYCELIUM_HOME to one of your own' },
  home_unusable: { exit: 1, hint: 'make it a directory you can write in, or set MYCELIUM_HOME to one' },
  daemon_busy: { exit: 1, hint: 'mycelium daemon status' },
  session_gone: { exit: 1, wire: -32014, hint: 'mycelium status shows who is connected' },
  daemon_not_running: { exit: 1, hint: 'mycelium daemon start' },
  daemon_start_failed: { exit: 1, hint: 'mycelium daemon logs' },
  daemon_timeout: { exit: 1, hint: 'mycelium daemon logs' },
  not_utf8: { exit: 1, hint: 'rename the directory, or change the argument or variable' },
  bad_hello: { exit: 1, hint: 'mycelium init rewrites the launchers' },

  // demo
  demo_servers_missing: { exit: 1, hint: 'npm install' },
  demo_failed: { exit: 1, hint: 'run it again; if it fails again, it is a bug' },

  // upstream servers, as an agent sees them
  server_command_missing: { exit: 127, wire: -32001, hint: 'check the command in the client config' },
  server_start_failed: { exit: 1, wire: -32002, hint: 'mycelium daemon logs' },
  server_greeting_timeout: { exit: 1, wire: -32003, hint: 'mycelium daemon logs' },
  server_exited: { exit: 1, wire: -32004, hint: 'the next call starts it again' },
  server_crash_loop: { exit: 1, wire: -32005, hint: 'mycelium server restart NAME' },
  server_paused: { exit: 1, wire: -32006, hint: 'mycelium server resume NAME' },
  pool_busy: { exit: 1, wire: -32007, hint: 'mycelium server list' },
  request_timeout: { exit: 1, wire: -32008, hint: 'mycelium daemon logs' },
  too_many_connections: { exit: 1, hint: 'end sessions, or raise the limit of open files (ulimit -n)' },
  too_many_calls: { exit: 1, wire: -32009, hint: 'wait for answers before sending more' },
  client_gone: { exit: 1, wire: -32010, hint: '' },
  capability_missing: { exit: 1, wire: -32011, hint: '' },
  message_too_long: { exit: 1, wire: -32013, hint: 'ask for less at once' },
  bad_params: { exit: 1, wire: -32602, hint: '' },
  daemon_stopping: { exit: 1, wire: -32012, hint: 'mycelium daemon start' },
} as const satisfies Record<string, { exit: number; wire?: number; hint: string }>

/** A key of the error table. */
export type ErrorCode = keyof typeof ERRORS

/** What a MyceliumError may carry besides its message. */
export interface ErrorExtras {
  readonly hint?: string
  readonly data?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
}

/** The one error class: a stable code, a message that is a fact, and the next step. */
export class MyceliumError extends Error {
  readonly code: ErrorCode
  readonly hint: string
  readonly data: Readonly<Record<string, unknown>> | undefined

  constructor(code: ErrorCode, message: string, extras: ErrorExtras = {}) {
    super(message, extras.cause === undefined ? undefined : { cause: extras.cause })
    this.name = 'MyceliumError'
    this.code = code
    this.hint = extras.hint ?? ERRORS[code].hint
    this.data = extras.data
  }
}

/** Message and next step in one line, for where there is room for one only. */
export function withHint(error: MyceliumError): string {
  return error.hint === '' ? error.message : `${error.message} (next: ${error.hint})`
}

/** The process exit code for anything thrown. */
export function exitCodeOf(error: unknown): number {
  return error instanceof MyceliumError ? ERRORS[error.code].exit : ERRORS.internal.exit
}

/** The JSON-RPC code an agent sees for anything thrown: local codes never cross the wire raw. */
export function wireCodeOf(error: unknown): number {
  if (!(error instanceof MyceliumError)) return ERRORS.internal.wire
  const row: { readonly exit: number; readonly wire?: number } = ERRORS[error.code]
  return row.wire ?? ERRORS.internal.wire
}

/** True for a Node system error with one of these codes (ENOENT, EPIPE, …). */
export function hasErrno(error: unknown, ...codes: string[]): error is NodeJS.ErrnoException {
  return error instanceof Error && codes.includes((error as NodeJS.ErrnoException).code ?? '')
}
