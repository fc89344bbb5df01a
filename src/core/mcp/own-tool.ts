import type { Definitions } from '../agents/read-definitions.ts'
import type { Context } from '../compress/strategy.ts'
import type { EventOf } from '../events/event.ts'
import type { Originals } from '../originals/store.ts'
import type { Judging } from '../verdict/open-judge.ts'
import type { AgentsAhead } from './agents-ahead.ts'
import type { AgentsHeld } from './agents-held.ts'
import type { Nearness } from './nearness.ts'
import type { Servers } from './servers.ts'

/** What a tool of ours may use. */
export interface Surroundings {
  readonly servers: Servers
  /** Our own tools by name, and whether each is in the agent's list now. */
  own(): readonly { readonly tool: OwnTool; readonly isListed: boolean }[]
  /** How near tools are in meaning to what is searched. */
  readonly near: Nearness
  /** How often a server's tool was used before by this agent's user; 0 for never. */
  used(): Promise<(id: string, tool: string) => number>
  /** Reports on recorded usage, as the command of the same name does. */
  usage(
    period: string | undefined,
  ): Promise<{ readonly text: string; readonly data: Readonly<Record<string, unknown>> }>
  count(text: string): number
  /** Puts on record what was done. */
  record(deed: Pick<EventOf<'decision'>, 'action' | 'server' | 'because' | 'savedTokens'>): void
  readonly originals: Originals
  /** In a process of its own, which starts with the first question. */
  readonly judging: Pick<Judging, 'judge' | 'alike'>
  /** Syntax trees. */
  readonly parse: NonNullable<Context['parse']>
  /** Puts on record that an original was asked for after all, and what it brought into the context. */
  expanded(handle: string, tokens: number): void
  /** Definitions of the client's agents, as they are now. */
  agents(): Definitions
  /** What of them this session was given. */
  readonly agentsHeld: AgentsHeld
  /** What of them it is likely to load next; undefined while that is off. */
  readonly agentsAhead: AgentsAhead | undefined
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

/** A definition as it goes to clients. */
export type OwnDefinition = Pick<OwnTool, 'name' | 'title' | 'description' | 'inputSchema' | 'annotations'>

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
