import type { EventOf } from '../events/event.ts'
import type { Servers } from './servers.ts'

/** What a tool of ours may use. */
export interface Surroundings {
  readonly servers: Servers
  /** How often a server's tool was used before by this agent's user; 0 for never. */
  used(): Promise<(id: string, tool: string) => number>
  /** Reports on recorded usage, as the command of the same name does. */
  usage(
    period: string | undefined,
  ): Promise<{ readonly text: string; readonly data: Readonly<Record<string, unknown>> }>
  count(text: string): number
  /** Puts on record what was done. */
  record(deed: Pick<EventOf<'decision'>, 'action' | 'server' | 'because' | 'savedTokens'>): void
  /** Tools that a search found and that were not called yet: server and name, with a tab between them. */
  readonly foundUncalled: Set<string>
}

/** How one call is made. */
export interface Made {
  readonly signal: AbortSignal
  /** Tells the agent how far it is; undefined where it did not ask. */
  readonly progress: ((params: Readonly<Record<string, unknown>>) => void) | undefined
}

/** A result of tools/call. */
export type ToolResult = Readonly<Record<string, unknown>>

/** One tool of mycelium's own server: a file in tools/ and a row of tools/table.ts. */
export interface OwnTool {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly inputSchema: Readonly<Record<string, unknown>>
  readonly annotations: Readonly<Record<string, boolean>>
  run(args: Readonly<Record<string, unknown>>, around: Surroundings, made: Made): Promise<ToolResult>
}

/** A result of text, and of data where there is some. */
export function textResult(text: string, structuredContent?: Readonly<Record<string, unknown>>): ToolResult {
  return { content: [{ type: 'text', text }], ...(structuredContent && { structuredContent }) }
}

/** A failure that the model can do something about. */
export function failedResult(text: string): ToolResult {
  return { content: [{ type: 'text', text }], isError: true }
}
