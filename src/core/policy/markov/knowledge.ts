import { type ToolIndex, toolIndexOf } from '../text/tool-index.ts'
import { Contexts } from './contexts.ts'
import type { Session, ToolText } from './traffic.ts'
import { Vocabulary } from './vocabulary.ts'

/** Symbols of context that tools are counted after. */
const TOOL_ORDER = 3
const SERVER_ORDER = 2
const DEBUT_ORDER = 1
/** Tools of a session that say what it is about. */
const TOPIC_TOOLS = 8

/** What was seen of past sessions. */
export interface Knowledge {
  readonly vocabulary: Vocabulary
  readonly tools: Contexts
  readonly servers: Contexts
  /** Tools after each that the session used before. */
  readonly topics: Contexts
  /** Servers in the order of their first use in each session. */
  readonly debuts: Contexts
}

/** A session as numbers. */
export interface Trace {
  /** Traces of one group are taken away together; without one the session is its own. */
  readonly group: string | undefined
  readonly tools: readonly number[]
  readonly servers: readonly number[]
  readonly debuts: readonly number[]
  readonly prompts: readonly (string | undefined)[]
  readonly weight: number
}

/** Knowledge of nothing. */
export function emptyKnowledge(): Knowledge {
  return {
    vocabulary: new Vocabulary(),
    tools: new Contexts(TOOL_ORDER),
    servers: new Contexts(SERVER_ORDER),
    topics: new Contexts(1),
    debuts: new Contexts(DEBUT_ORDER),
  }
}

/** A session as numbers; its tools become known. `weight` is what each of its calls counts. */
export function traceOf(vocabulary: Vocabulary, session: Session, weight: number): Trace {
  const tools = session.calls.map(({ server, tool }) => vocabulary.add(server, tool))
  const servers = tools.map((tool) => vocabulary.tools[tool]!.server)
  return {
    group: session.group,
    tools,
    servers,
    debuts: [...new Set(servers)],
    prompts: session.calls.map(({ prompt }) => prompt),
    weight,
  }
}

/** Counts a session; with `sign` −1 it takes it away again. */
export function count(knowledge: Knowledge, trace: Trace, sign: 1 | -1 = 1): void {
  const weight = sign * trace.weight
  knowledge.tools.add(trace.tools, weight)
  knowledge.servers.add(trace.servers, weight)
  const before: number[] = []
  for (const tool of trace.tools) {
    for (const other of before) knowledge.topics.addPair(other, tool, weight)
    const at = before.indexOf(tool)
    if (at >= 0) before.splice(at, 1)
    before.push(tool)
    if (before.length > TOPIC_TOOLS) before.shift()
  }
  knowledge.debuts.add(trace.debuts, weight)
}

/** The index of all known tools by their texts. Tools that have none are found by name. */
export function indexOf(vocabulary: Vocabulary, texts: readonly ToolText[]): ToolIndex {
  const described = vocabulary.tools.map(({ server, name }) => ({ server, name, description: '' }))
  for (const { server, tool, description } of texts) {
    const id = vocabulary.idOf(server, tool)
    if (id !== undefined) described[id]!.description = description
  }
  return toolIndexOf(described, vocabulary.servers)
}
