import type { Mode } from '../config/registry.ts'
import type { ErrorCode } from '../errors.ts'

/** One command of the control socket: JSON, one line. Paired with control.ts (daemon) and connect.ts (command line). */
export interface ControlRequest {
  readonly id: number
  readonly cmd: string
  readonly args: Readonly<Record<string, unknown>>
}

/** Its answer, one line. */
export type ControlReply =
  | { readonly id: number; readonly ok: true; readonly data: unknown }
  | {
      readonly id: number
      readonly ok: false
      readonly error: { readonly code: ErrorCode; readonly message: string; readonly hint: string }
    }

/** What `daemon status` shows. Sizes in MB, times in ms. */
export interface DaemonStatus {
  readonly pid: number
  readonly version: string
  readonly node: string
  readonly root: string
  readonly socket: string
  readonly uptimeMs: number
  readonly rssMb: number
  readonly draining: boolean
  readonly sessions: number
  readonly upstreams: number
  readonly watcherPid: number | null
}

/** One pool in `server list`: processes that are interchangeable for the sessions attached to it. */
export interface PoolRow {
  readonly key: string
  readonly cwd: string | null
  readonly state: string
  readonly sessions: number
  readonly waiting: number
  readonly upstreams: readonly UpstreamRow[]
}

/** One upstream process in `server list`. */
export interface UpstreamRow {
  readonly pid: number
  readonly state: string
  readonly inFlight: number
  readonly calls: number
  readonly ageMs: number
}

/** One server in `server list`. */
export interface ServerRow {
  readonly id: string
  readonly name: string
  readonly mode: Mode
  readonly why: string
  readonly by: 'user' | 'catalog' | 'default'
  readonly paused: boolean
  readonly sessions: number
  readonly processes: number
  readonly clients: readonly string[]
  readonly pools: readonly PoolRow[]
  /** What its processes showed so far; absent before anything was seen. */
  readonly evidence?: SharingEvidence
}

/** What speaks for or against sharing a server: what it asked of agents, its tools and how many of them it calls read-only, calls so far. */
export interface SharingEvidence {
  readonly asked: readonly string[]
  readonly tools: number | null
  readonly readOnlyTools: number
  readonly calls: number
}

/** What `server warm` hands over for one server: values stay in memory. */
export interface WarmTarget {
  readonly id: string
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
}

/** What became of one warm target. */
export interface WarmResult {
  readonly id: string
  readonly state: 'warm' | 'started' | 'failed'
  readonly readyMs: number
  readonly detail: string
}
