import { fingerprint } from '../hash.ts'

/** Where a definition counts; `managed`: a plugin or an extension of the client brought it. */
export type AgentScope = 'project' | 'user' | 'managed'

/** What a file says of one agent. */
export interface AgentParts {
  /** As the client calls it. */
  readonly name: string
  readonly description: string
  readonly model: string | undefined
  /** Undefined: it may use all that the session may. */
  readonly tools: readonly string[] | undefined
  /** All of the definition, as it stands. */
  readonly text: string
}

/** One agent that a client can start. */
export interface AgentDefinition extends AgentParts {
  /** Id of the client, as in clients/table.ts. */
  readonly client: string
  readonly scope: AgentScope
  readonly file: string
  /** Counted by a tokenizer's table. */
  readonly tokens: number
  /** Of the text: 16 hex digits. */
  readonly hash: string
  /** Another one of this name goes before it, so that the client never starts it. */
  readonly shadowed: boolean
}

/** A file in the place of a definition that no agent can be made of. */
export interface BrokenDefinition {
  readonly client: string
  readonly file: string
  readonly because: string
}

/** What tells a definition from any other text. */
export function hashOf(text: string): string {
  return fingerprint([text])
}
