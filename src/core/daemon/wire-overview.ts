import type { Mode } from '../config/registry.ts'
import type { DaemonStatus, ServerRow } from './wire.ts'

/** Memory of some processes, KiB. */
export interface MemoryUse {
  readonly rssKb: number
  readonly pssKb: number
  /** Written by them and shared with nobody; null where the system does not tell. */
  readonly ownKb: number | null
  /** Processes of the server that were looked at, of all that there are. */
  readonly measured: number
}

/** Counts of one server since the daemon started. */
export interface ServerTotals {
  /** Greetings that found a process, and those that had to wait for a start. */
  readonly warmGreetings: number
  readonly coldGreetings: number
  /** Time that the warm ones took in all, ms. */
  readonly warmGreetingMs: number
  /** Processes started, whoever they were for. */
  readonly starts: number
  /** How long the latest of them took until they were greeted, ms. */
  readonly readyMs: readonly number[]
  readonly calls: number
  /** Of these, those that ended in an error of the server, of a tool or of mycelium. */
  readonly failedCalls: number
}

/** One server as `status` shows it. */
export interface OverviewServer extends Pick<ServerRow, 'id' | 'name' | 'why' | 'paused' | 'processes'> {
  readonly mode: Mode
  readonly state: string
  readonly sessions: number
  readonly inFlight: number
  readonly waiting: number
  readonly memory: MemoryUse
  readonly totals: ServerTotals
}

/** What `status` asks for: everything that the daemon knows without reading anything. */
export interface Overview {
  readonly daemon: DaemonStatus
  /** Its own memory, and that of the launchers of its sessions: of a few of them, and reckoned from these for all. */
  readonly daemonMemory: MemoryUse
  readonly launchers: { readonly count: number; readonly measured: number; readonly pssKb: number }
  readonly clients: Readonly<Record<string, number>>
  readonly servers: readonly OverviewServer[]
}
