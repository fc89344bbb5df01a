import { ADVICE_KINDS } from './advice-kinds.ts'
import type { ColumnType } from './column-type.ts'

export type { ColumnType } from './column-type.ts'

type Columns = Readonly<Record<string, ColumnType>>

/**
 * Every kind of event and its columns, in the order of the bytes in a segment: a column may be added at the end of a kind, never moved or
 * retyped. Names, sizes and hashes only; nothing that an agent or a server said. One table of the same meaning in schema/ each.
 */
export const KINDS = {
  /** One request of an agent, as the agent saw it. */
  call: {
    at: 'time',
    /** The connection, `<daemon boot>/<session>`. */
    session: 'text',
    /** The client's own id of its session, where it tells servers. */
    clientSession: 'text',
    client: 'text',
    /** Directory that the agent worked in. */
    project: 'text',
    server: 'text',
    method: 'text',
    /** Of `tools/call`; else empty. */
    tool: 'text',
    mode: 'text',
    /** The relay that the session came by. */
    via: 'text',
    /** The client's id of the tool use, from `_meta`: joins the call to its transcript. */
    toolUse: 'label',
    bytesIn: 'count',
    bytesOut: 'count',
    /** From arrival until a process had it. */
    queueUs: 'count',
    /** From there until its answer came. */
    upstreamUs: 'count',
    /** ok, tool_error (`isError`), error (a JSON-RPC error of the server), cancelled, failed (an error of ours: `code`). */
    outcome: 'text',
    code: 'text',
    /** What spared work: cache, dedup, compress; empty when nothing did. */
    effect: 'text',
    /** Bytes that the effect kept from the agent; negative when it cost some. */
    savedBytes: 'count',
  },
  /** An agent's connection to a server: `started`, `greeted` or `ended`. */
  session: {
    at: 'time',
    session: 'text',
    clientSession: 'text',
    client: 'text',
    project: 'text',
    server: 'text',
    mode: 'text',
    via: 'text',
    event: 'text',
    /** A process was ready for it. */
    warm: 'flag',
    /** Until its greeting was answered, of `greeted`; its age, of `ended`. */
    durationUs: 'count',
    calls: 'count',
    because: 'text',
  },
  /** A server process: `started`, `ready` (greeted) or `ended`. */
  process: {
    at: 'time',
    server: 'text',
    pid: 'count',
    mode: 'text',
    event: 'text',
    /** Until it was greeted, of `ready`; its age, of `ended`. */
    durationUs: 'count',
    calls: 'count',
    because: 'text',
  },
  /** Memory and processor time of one server process and everything below it; of the daemon itself with server `mycelium`. */
  sample: {
    at: 'time',
    server: 'text',
    pid: 'count',
    processes: 'count',
    rssKb: 'count',
    /** Proportional share; -1 where the system does not tell. */
    pssKb: 'known',
    /** Since the process started. */
    cpuMs: 'count',
    sessions: 'count',
  },
  /** What one tool's definition weighs in every request; told when it changes; of several with the same client, server and tool the last counts. */
  schema: {
    at: 'time',
    client: 'text',
    server: 'text',
    tool: 'text',
    bytes: 'count',
    /** -1 where nobody counted them. */
    tokens: 'known',
    hash: 'label',
    /** daemon or transcript. */
    source: 'text',
  },
  /** What a policy did, or would have done but for a limit. */
  decision: {
    at: 'time',
    policy: 'text',
    server: 'text',
    action: 'text',
    accepted: 'flag',
    because: 'text',
    /** The session of the client that it was done for; empty where it was for none. */
    clientSession: 'text',
    /** Estimate of the tokens that it kept from the agent; negative when it cost some. */
    savedTokens: 'count',
  },
  /** A client's hook fired. */
  hook: {
    at: 'time',
    client: 'text',
    clientSession: 'text',
    project: 'text',
    agent: 'text',
    event: 'text',
    tool: 'text',
    toolUse: 'label',
    bytesIn: 'count',
    bytesOut: 'count',
    /** -1 when the client does not say. */
    durationUs: 'known',
    outcome: 'text',
  },
  /** One answer of a model, from a transcript; of several with the same client and message the last counts. */
  response: {
    at: 'time',
    client: 'text',
    clientSession: 'text',
    project: 'text',
    /** Id of the sub-agent; empty for the main one. */
    agent: 'text',
    agentType: 'text',
    model: 'text',
    message: 'label',
    /** Tokens that were not in the cache. */
    inputTokens: 'count',
    /** Reasoning included. */
    outputTokens: 'count',
    cacheWrite5mTokens: 'count',
    cacheWrite1hTokens: 'count',
    cacheReadTokens: 'count',
    reasoningTokens: 'count',
    /** What the client itself says that it cost, US dollars; -1 when it does not say. */
    clientCostUsd: 'cost',
  },
  /** One tool use of a model and its result, from a transcript; of several with the same client and toolUse the last counts. */
  toolUse: {
    at: 'time',
    client: 'text',
    clientSession: 'text',
    project: 'text',
    agent: 'text',
    agentType: 'text',
    model: 'text',
    message: 'label',
    toolUse: 'label',
    /** MCP server's name in the client's config; empty for the client's own tools. */
    server: 'text',
    tool: 'text',
    bytesIn: 'count',
    /** -1 while there is no result. */
    bytesOut: 'known',
    failed: 'flag',
    /** -1 when the transcript does not say. */
    durationUs: 'known',
    /** Of the project, read or written; empty where the transcript names none. */
    file: 'label',
  },
  /** What a client says that a session cost in all, by model; the last of a session counts. */
  clientCost: {
    at: 'time',
    client: 'text',
    clientSession: 'text',
    project: 'text',
    model: 'text',
    inputTokens: 'count',
    outputTokens: 'count',
    cacheWriteTokens: 'count',
    cacheReadTokens: 'count',
    costUsd: 'cost',
  },
  /** How far a transcript was read; of several with the same path the last counts. */
  progress: {
    at: 'time',
    client: 'text',
    path: 'label',
    /** Tells a file from another one that was put in its place. */
    identity: 'label',
    offset: 'count',
    records: 'count',
    skipped: 'count',
    broken: 'count',
    /** What the reader has to remember to go on from here, as JSON. */
    state: 'label',
  },
  ...ADVICE_KINDS,
} as const satisfies Readonly<Record<string, Columns>>

/** The name of a kind. */
export type Kind = keyof typeof KINDS

type ValueOf<T extends ColumnType> = T extends 'text' | 'label' ? string : T extends 'flag' ? boolean : number

/** An event of one kind: a value for each of its columns. */
export type EventOf<K extends Kind> = {
  readonly [C in keyof (typeof KINDS)[K]]: (typeof KINDS)[K][C] extends ColumnType
    ? ValueOf<(typeof KINDS)[K][C]>
    : never
}

/** The kinds by the number that stands for them in a segment: a kind may be added at the end, never moved. */
export const KIND_ORDER = Object.keys(KINDS) as readonly Kind[]
