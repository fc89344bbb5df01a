import type { Frame } from '../protocol/frame.ts'
import type { Upstream } from './upstream.ts'

/** A session as its pool sees it; session/session.ts is one. */
export interface Member {
  readonly id: string
  /** Which roots it gave, '' for none: only sessions with the same may use one process. */
  readonly rootsKey: string
  /** Result text for a server that asks for the roots. */
  readonly rootsText: string
  /** The agent's own `notifications/initialized` with its newline, once it came. */
  readonly initialized: Buffer | undefined
  /** The process its last call went to; kept by its pool. */
  home: Upstream | undefined
  /** A notification of the server for the agent. */
  notice(upstream: Upstream, frame: Frame): void
  /** A request of the server for the agent. */
  asked(upstream: Upstream, frame: Frame): void
  /** The process is gone: what it had asked the agent needs no answer any more. */
  lost(upstream: Upstream): void
  /** The process behind the session is a new one: what the agent knows of it may be stale. */
  replaced(): void
  /** Its server does not keep up (true): read no more from the agent until it does. */
  hold(held: boolean): void
}
