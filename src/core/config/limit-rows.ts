import { availableParallelism } from 'node:os'
import type { NumberRow, Reload } from './setting-row.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const MB = 1024 * 1024
/** Timers take no more than 2^31 - 1 ms. */
const LONGEST_MS = 24 * 24 * 60 * MINUTE

const bound = { reach: 'daemon', fine: true } as const

function time(defaultMs: number, sentence: string, reload: Reload = 'live'): NumberRow {
  return { ...bound, type: 'duration', default: defaultMs, min: 0, max: LONGEST_MS, reload, sentence }
}

function bytes(sentence: string, reload: Reload): NumberRow {
  return { ...bound, type: 'bytes', default: 64 * MB, min: 1_024, max: 512 * MB, reload, sentence }
}

/** Every bound of daemon and pools. */
export const LIMIT_ROWS = {
  'limits.processes_per_pool': {
    ...bound,
    type: 'integer',
    default: Math.max(2, Math.min(4, availableParallelism())),
    defaultText: 'the number of processors, but 2 at least and 4 at most',
    min: 1,
    max: 1_000,
    reload: 'live',
    sentence: 'Processes one pool may grow to.',
  },
  'limits.processes': {
    ...bound,
    type: 'integer',
    default: 512,
    min: 1,
    max: 100_000,
    reload: 'live',
    sentence: 'Processes the daemon may hold in all.',
  },
  'limits.calls_per_session': {
    ...bound,
    type: 'integer',
    default: 1_024,
    min: 1,
    max: 1_000_000,
    reload: 'live',
    sentence: 'Calls one session may have in flight.',
  },
  'limits.greeting_ms': time(MINUTE, 'How long a server may take to answer `initialize`.'),
  'limits.grow_after_ms': time(50, 'How long a call waits for a free process before the pool grows.'),
  'limits.wait_ms': time(MINUTE, 'How long a call waits for a free process at all.'),
  'limits.lease_ms': time(
    100,
    'A session that holds a process of a `call` pool longer than this lets others go first.',
  ),
  'limits.stuck_ms': time(
    30_000,
    'A call older than this does not keep others from a process that sessions use in turn.',
  ),
  'limits.idle_ms': time(10 * MINUTE, 'A process in service that nobody is attached to is ended after this.'),
  'limits.shrink_after_ms': time(
    MINUTE,
    'A process beyond the first that has had no call for this long is ended.',
  ),
  'limits.spare_ms': time(
    10 * MINUTE,
    'A process that `server warm` started and nobody took is ended after this; a spare after three minutes at most, or by what was learnt.',
    'next-session',
  ),
  'limits.lifetime_ms': time(0, 'Oldest age of a process in a `call` or `shared` pool; 0 for no bound.'),
  'limits.server_request_ms': time(
    10 * MINUTE,
    "How long an agent may take to answer a server's request.",
    'next-session',
  ),
  'limits.roots_ms': time(3 * SECOND, 'How long an agent may take to name its roots.'),
  'limits.pause_ms': time(MINUTE, "How long a paused server's calls are held."),
  'limits.finish_ms': time(
    10 * MINUTE,
    'How long the answers owed to an agent that closed its end may take.',
  ),
  'limits.finish_silent_ms': time(
    90 * SECOND,
    'The same without any sign of life from its server: longer than a tool call that says nothing usually takes.',
  ),
  'limits.probe_after_ms': time(
    5 * MINUTE,
    'A process in service that has been silent this long is asked whether it lives.',
  ),
  'limits.kill_grace_ms': time(1_500, 'SIGTERM to SIGKILL.'),
  'limits.daemon_idle_ms': time(15 * MINUTE, 'A daemon with no session and no process ends after this.'),
  'limits.session_backlog_bytes': bytes(
    'Bytes that may wait for an agent that does not read.',
    'next-session',
  ),
  'limits.line_bytes': bytes('Longest line taken from an agent.', 'next-session'),
  'limits.server_line_bytes': bytes('Longest line taken from a server.', 'next-process'),
  'limits.shorten_ms': time(
    SECOND,
    'How long shortening a result may keep an agent waiting; 3 s more while the process for it starts.',
  ),
  'limits.free_memory_share': {
    ...bound,
    type: 'number',
    default: 0.1,
    min: 0,
    max: 1,
    reload: 'live',
    sentence: "Share of the machine's memory that must stay free for a spare to be started.",
  },
} as const satisfies Readonly<Record<`limits.${string}`, NumberRow>>
