import type { MyceliumError } from '../errors.ts'
import type { Frame } from '../protocol/frame.ts'

/** One request of an agent on its way to a server and back. */
export interface Call {
  /** The agent connection it came from. */
  readonly session: string
  readonly server: string
  readonly client: string
  readonly method: string
  /** As the agent sent it: id and progress token are still the agent's. */
  readonly frame: Frame
  /** Gives the agent a progress notification of this call, one line with the agent's own token. */
  progress(line: Buffer): void
  readonly arrivedAtMs: number
  /** When a process was given it; 0 until then. */
  sentAtMs: number
  /** True once the agent cancelled or left; whoever holds the call drops its result. */
  cancelled: boolean
  /** Set by whoever holds the call, called once when it is cancelled. */
  onCancel: ((why: string, notice: Frame | undefined) => void) | undefined
  /** Set by an interceptor that wants to know what became of it: a callback, because a promise more per call is felt. */
  onSettled: Settled | undefined
  /** What spared work or bytes: `compress`; empty when nothing did. */
  effect: string
  /** Bytes that the effect kept from the agent. */
  savedBytes: number
}

/** Told once what the agent got: the server's answer, or an error of ours; neither when it cancelled or left. */
export type Settled = (call: Call, answer: Frame | undefined, error: unknown) => void

/** The server's own answer; its id is still ours. */
export interface Reply {
  readonly frame: Frame
}

/** Sends a call and gives its reply; throws a MyceliumError when the server cannot answer. */
export type Dispatch = (call: Call) => Promise<Reply>

/** Per-request behaviour: one file each, membership in a list is the feature flag. */
export type Interceptor = (next: Dispatch) => Dispatch

/** The first interceptor is the outermost. */
export function compose(interceptors: readonly Interceptor[], last: Dispatch): Dispatch {
  return interceptors.reduceRight((next, interceptor) => interceptor(next), last)
}

/** Cancels a call once, because the agent no longer wants it or, with `error`, gets that instead; `notice` is the agent's own `notifications/cancelled`, when there is one. */
export function cancelCall(call: Call, why: string, notice?: Frame, error?: MyceliumError): void {
  if (call.cancelled) return
  call.cancelled = true
  call.onCancel?.(why, notice)
  call.onSettled?.(call, undefined, error)
}
