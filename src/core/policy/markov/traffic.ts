/** One tool call of a session. */
export interface Call {
  readonly server: string
  readonly tool: string
  /** Milliseconds since the epoch, where known. */
  readonly atMs?: number
  /** What the user or the agent wrote just before it. */
  readonly prompt?: string
}

/** The calls of one session in their order. */
export interface Session {
  readonly id: string
  /** Start, milliseconds since the epoch; undefined where only steps are known. */
  readonly atMs?: number
  /** Sessions of one group are never split between training and test. */
  readonly group?: string
  readonly calls: readonly Call[]
}

/** A tool as its server lists it. */
export interface ToolText {
  readonly server: string
  readonly tool: string
  readonly description: string
}
