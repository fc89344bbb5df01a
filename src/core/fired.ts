/** A hook that fired, as whatever answers it sees it. */
export interface Fired {
  readonly event: string
  readonly tool: string
  /** Id of that use of it; empty where the client tells none. */
  readonly toolUse: string
  readonly clientSession: string
  /** Id of the sub-agent; empty for the main one. */
  readonly agent: string
  /** Where the agent works. */
  readonly project: string
  /** JSON, as the client wrote it. */
  readonly input: Buffer
}
