import { availableParallelism } from 'node:os'

/** Every bound of daemon and pools: times in ms, sizes in bytes. A key of the same name under `limits` in config.json replaces it. */
export interface Limits {
  /** Processes one pool may grow to. */
  readonly processesPerPool: number
  /** Processes the daemon may hold in all. */
  readonly processes: number
  /** Calls one session may have in flight. */
  readonly callsPerSession: number
  /** How long a server may take to answer `initialize`. */
  readonly greetingMs: number
  /** How long a call waits for a free process before the pool grows. */
  readonly growAfterMs: number
  /** How long a call waits for a free process at all. */
  readonly waitMs: number
  /** A session that holds a process of a `call` pool longer than this lets others go first. */
  readonly leaseMs: number
  /** A call older than this does not keep others from a process that sessions use in turn. */
  readonly stuckMs: number
  /** A process in service that nobody is attached to is ended after this. */
  readonly idleMs: number
  /** A process beyond the first that has had no call for this long is ended. */
  readonly shrinkAfterMs: number
  /** A spare that nobody took is ended after this. */
  readonly spareMs: number
  /** Oldest age of a process in a `call` or `shared` pool; 0 for no bound. */
  readonly lifetimeMs: number
  /** How long an agent may take to answer a server's request. */
  readonly serverRequestMs: number
  /** How long an agent may take to name its roots. */
  readonly rootsMs: number
  /** How long a paused server's calls are held. */
  readonly pauseMs: number
  /** How long the answers owed to an agent that closed its end may take. */
  readonly finishMs: number
  /** The same without any sign of life from its server: longer than a tool call that says nothing usually takes. */
  readonly finishSilentMs: number
  /** A process in service that has been silent this long is asked whether it lives. */
  readonly probeAfterMs: number
  /** SIGTERM to SIGKILL. */
  readonly killGraceMs: number
  /** A daemon with no session and no process ends after this. */
  readonly daemonIdleMs: number
  /** Bytes that may wait for an agent that does not read. */
  readonly sessionBacklogBytes: number
  /** Longest line taken from an agent. */
  readonly lineBytes: number
  /** Longest line taken from a server. */
  readonly serverLineBytes: number
  /** Share of the machine's memory that must stay free for a spare to be started. */
  readonly freeMemoryShare: number
}

/** The bounds that hold unless the user says otherwise. */
export const DEFAULT_LIMITS: Limits = {
  processesPerPool: Math.max(2, Math.min(4, availableParallelism())),
  processes: 512,
  callsPerSession: 1024,
  greetingMs: 60_000,
  growAfterMs: 50,
  waitMs: 60_000,
  leaseMs: 100,
  stuckMs: 30_000,
  idleMs: 10 * 60_000,
  shrinkAfterMs: 60_000,
  spareMs: 10 * 60_000,
  lifetimeMs: 0,
  serverRequestMs: 10 * 60_000,
  rootsMs: 3_000,
  pauseMs: 60_000,
  finishMs: 10 * 60_000,
  finishSilentMs: 90_000,
  probeAfterMs: 5 * 60_000,
  killGraceMs: 1_500,
  daemonIdleMs: 15 * 60_000,
  sessionBacklogBytes: 64 * 1024 * 1024,
  lineBytes: 64 * 1024 * 1024,
  serverLineBytes: 64 * 1024 * 1024,
  freeMemoryShare: 0.1,
}

/** Defaults with the numbers of `overrides` that name a limit and are not negative; `ignored` names the others. */
export function limitsWith(overrides: Readonly<Record<string, unknown>>): {
  readonly limits: Limits
  readonly ignored: readonly string[]
} {
  const isUsable = ([name, value]: [string, unknown]) =>
    name in DEFAULT_LIMITS && typeof value === 'number' && Number.isFinite(value) && value >= 0
  const entries = Object.entries(overrides)
  const limits = { ...DEFAULT_LIMITS, ...Object.fromEntries(entries.filter(isUsable)) }
  return { limits, ignored: entries.filter((entry) => !isUsable(entry)).map(([name]) => name) }
}
