import type { EventOf } from '../events/event.ts'

/** Results of one call that are to be shortened, as the daemon hands them to the process that does it. */
export interface Order {
  readonly id: number
  readonly client: string
  /** The client's session, or the agent's name where it tells none: what was sent before is remembered by it. */
  readonly session: string
  readonly project: string
  readonly server: string
  readonly tool: string
  /** JSON text; empty where it was too long to look at. */
  readonly arguments: string
  readonly texts: readonly string[]
  /** Share of the tokens that shortening aims to save, 0 to 1. */
  readonly targetReduction: number
  /** Whether texts may be replaced by what changed since the session had them. */
  readonly diffs: boolean
  /** Wall clock, ms: an answer after that comes too late, and the agent has the texts as they are. */
  readonly untilMs: number
}

/** What a session was sent is not in its context any more; with `call`, of that call it was sent something else since. */
export interface Forget {
  readonly forget: string
  readonly call?: Pick<Order, 'server' | 'tool' | 'arguments'>
}

/** What the record says of it, but for who asked. */
export type Effect = Pick<
  EventOf<'compression'>,
  | 'handle'
  | 'strategies'
  | 'outcome'
  | 'tier'
  | 'lossless'
  | 'tokensBefore'
  | 'tokensAfter'
  | 'shownTokens'
  | 'similarity'
  | 'lost'
  | 'because'
>

/** What came of an order: a text for each of its texts, null where it stays. */
export interface Shortened {
  readonly id: number
  readonly texts: readonly (string | null)[]
  readonly effect: Effect
}

/** Of results that stay as they are. */
export function wholeEffect(outcome: Effect['outcome'], because: string, tokens = 0, shown = tokens): Effect {
  return {
    handle: '',
    strategies: '',
    outcome,
    tier: '',
    lossless: true,
    tokensBefore: tokens,
    tokensAfter: tokens,
    shownTokens: shown,
    similarity: -1,
    lost: 0,
    because,
  }
}

/** The process that shortens has loaded what it needs. */
export interface Ready {
  readonly ready: true
}

/** A query that is to be held against texts whose meaning is known, by their keys (lazy/meaning-text.ts). */
export interface Near {
  readonly id: number
  readonly near: string
  readonly keys: readonly string[]
}

/** Texts whose meaning is to be known; `last` where no more of them follow. */
export interface Learn {
  readonly id: number
  readonly learn: readonly { readonly key: string; readonly text: string }[]
  readonly last: boolean
}

/** Cosines in the order of the keys, null where the text is not known; `tier` is the model's, `none` without one. */
export interface Nearness {
  readonly id: number
  readonly tier: string
  readonly cosines: readonly (number | null)[]
}

/** The texts are known, as far as there is a model. */
export interface Learnt {
  readonly id: number
  readonly learnt: number
}
