import type { Where } from '../clients/places.ts'
import type { Clock } from '../clock.ts'
import type { Paths } from '../config/paths.ts'
import type { ServerDef } from '../config/registry.ts'
import type { DaemonStatus, ServerRow } from '../daemon/wire.ts'
import type { MyceliumError } from '../errors.ts'
import type { Workshop } from '../launch/compiled-relay.ts'
import type { Identity } from '../process.ts'

/** Worst first: `error` breaks something now, `warning` will or may, `advice` could be better, `ok` was looked at. */
export const SEVERITIES = ['error', 'warning', 'advice', 'ok'] as const

/** How bad a finding is. */
export type Severity = (typeof SEVERITIES)[number]

/** One thing that doctor saw. */
export interface Finding {
  /** Stable, kebab-case: scripts may branch on it. docs/doctor.md lists all. */
  readonly id: string
  readonly severity: Severity
  /** What it is about: a client, a server, a path. */
  readonly subject: string
  /** A fact. */
  readonly message: string
  /** The command that mends it, or leads on. */
  readonly fix?: string
  /** What `--fix` does about it, and says that it did; absent where that is the user's to decide. Safe to do twice. */
  readonly repair?: () => string | Promise<string>
}

/** What the daemon said, asked once for all checks. */
export interface DaemonView {
  readonly status?: DaemonStatus
  readonly servers?: readonly ServerRow[]
  /** Why it could not be asked. */
  readonly error?: MyceliumError
  /** Who has the daemon's lock. */
  readonly holder?: Identity
}

/** The machine as the checks see it: nothing else is asked of the process. */
export interface Look {
  readonly where: Where
  readonly paths: Paths
  readonly clock: Clock
  /** Of mycelium and of Node. */
  readonly version: string
  readonly nodeVersion: string
  readonly daemon: DaemonView
  readonly workshop: Workshop
  /** The launcher's text of a server as this version writes it. */
  readonly launcherText: (relay: string | undefined) => (server: ServerDef) => string
  readonly quietText: string
  /** Why the database cannot be asked; there may be none yet. */
  readonly storeError: MyceliumError | undefined
  /** Transcripts of clients that were not imported; undefined where nobody knows. */
  readonly unimported: () => number | undefined
  /** When a client's hook last fired, microseconds since the epoch. */
  readonly lastHookAt: (client: string) => number | undefined
}

/** One check: looks, changes nothing. */
export type Check = (look: Look) => readonly Finding[] | Promise<readonly Finding[]>
