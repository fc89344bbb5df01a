import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import type { Dispatch } from '../pipeline/call.ts'
import type { Asked } from '../pool/discovery.ts'
import type { Limits } from '../pool/limits.ts'
import type { Member } from '../pool/member.ts'
import type { Pool } from '../pool/pool.ts'
import type { SilentClients } from './silent-clients.ts'

/** What a session needs of the daemon. */
export interface SessionServices {
  readonly clock: Clock
  readonly log: Log
  readonly limits: Limits
  readonly silent: SilentClients
  /** The pool for this session's server; without `initialize` params, one whose processes are not greeted. */
  poolFor(initializeParamsText: string | undefined): Pool
  /** Asks the server whether it is a modern one, in the agent's own params of `server/discover`. */
  discover(paramsText: string): Asked
  /** The interceptors around a pool's dispatch. */
  readonly dispatch: (pool: Pool, member: Member) => Dispatch
  /** The pool has answered its `initialize`. */
  greeted(): void
  /** The session is over: its calls are cancelled and it has left its pool. */
  ended(why: string): void
}

/** Who is at the other end. */
export interface Peer {
  readonly server: string
  readonly client: string
  readonly pid: number
  /** The relay cannot tell half-close from death: an end of input is a half-close. */
  readonly plainEof: boolean
}
