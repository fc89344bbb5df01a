import type { ColumnType } from './column-type.ts'

/** Kinds of what optimizations did to results, guesses and budgets; the end of KINDS in event.ts, whose rules are theirs. */
export const ADVICE_KINDS = {
  /** What became of one tool result that was looked at for shortening. */
  compression: {
    at: 'time',
    /** The connection; empty where it came by none. */
    session: 'text',
    clientSession: 'text',
    client: 'text',
    project: 'text',
    server: 'text',
    tool: 'text',
    toolUse: 'label',
    /** Of the original; empty where the agent got it as it was. */
    handle: 'label',
    /** Names of the steps that were taken, in order, by commas. */
    strategies: 'text',
    /** taken, whole (nothing made it shorter), refused (the gate did), held (left whole as a control), failed (left whole by an error). */
    outcome: 'text',
    /** Which tier judged: native, wasm, static, none; empty where nothing was to be judged. */
    tier: 'text',
    /** The original can be told from what the agent got. */
    lossless: 'flag',
    tokensBefore: 'count',
    /** What the agent got, marker included; of `held`, what it would have got. */
    tokensAfter: 'count',
    /** What the client would have shown of the original: it cuts long results itself. */
    shownTokens: 'count',
    /** Millionths; -1 where nothing was compared. */
    similarity: 'known',
    /** Facts of the original that what the agent got does not have. */
    lost: 'count',
    durationUs: 'count',
    because: 'text',
  },
  /** An original that was asked for after all. */
  expansion: {
    at: 'time',
    session: 'text',
    clientSession: 'text',
    client: 'text',
    project: 'text',
    handle: 'label',
    /** What was given of it. */
    tokens: 'count',
    /** tool (of the own server), command. */
    via: 'text',
  },
  /** A server was worth a start for what is foreseen of a session: `warmed`, or `refused`; and then `hit`, or `missed`. */
  guess: {
    at: 'time',
    server: 'text',
    client: 'text',
    clientSession: 'text',
    project: 'text',
    event: 'text',
    /** What it followed from: call or text. */
    cause: 'text',
    /** What the chance of a use was at least, in thousandths. */
    chance: 'count',
    /** What a cold start of the server costs. */
    coldUs: 'count',
    memoryKb: 'count',
    /** How long it was held, of `hit` and `missed`. */
    heldUs: 'count',
    /** Waiting that it spared, of `hit`. */
    savedUs: 'count',
    /** What start and memory cost for nothing, as waiting, of `missed`. */
    costUs: 'count',
    because: 'text',
  },
  /** What a hook did about the budget of an agent: `granted` when it is first seen, a step when one is reached, `ended` with what was spent. */
  allowance: {
    at: 'time',
    client: 'text',
    clientSession: 'text',
    project: 'text',
    /** Id of the sub-agent; empty for the main one. */
    agent: 'text',
    /** Its name in the workflow; `main` for the main one. */
    agentType: 'text',
    workflow: 'text',
    action: 'text',
    grantedTokens: 'count',
    /** By all agents of that name in the session until then, estimated from bytes. */
    spentTokens: 'count',
    /** Estimate of the tokens that this answer kept from the agent. */
    savedTokens: 'count',
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, ColumnType>>>>
