import { diff } from './diff.ts'
import { encode } from './encode.ts'
import type { Given, Seen } from './seen.ts'

/** A text that an agent asks for. */
export interface Ask {
  readonly context: string
  readonly source: string
  readonly version: string
  readonly turn: number
  /** The agent may edit what it reads, by the very text: only a text that it was given as itself is built upon. */
  readonly exact: boolean
}

/** When less than the full text is sent. */
export interface Terms {
  /** Tokens that it must save, all that is said with it counted. */
  readonly minSavedTokens: number
  /** Of the full text, what it must save. */
  readonly minSavedShare: number
  /** What was given longer ago than this many turns is given again. */
  readonly maxAgeTurns: number
  /** Patches upon patches before the text is given again. */
  readonly maxPatches: number
  /** `full`: whoever asks for the same again has the text. `same`: it is told so again, for where it can get the text in another way. */
  readonly again: 'full' | 'same'
}

/** What an agent has asked for twice it gets; what saves less than this is not worth to be put together. */
export const TERMS: Terms = {
  minSavedTokens: 100,
  minSavedShare: 0.3,
  maxAgeTurns: 100,
  maxPatches: 3,
  again: 'full',
}

/** What may be sent. */
export type Plan =
  | { readonly send: 'full'; readonly because: string }
  | { readonly send: 'same'; readonly since: number }
  | { readonly send: 'patch'; readonly against: readonly Given[] }

/** What may be sent for a text, by what the context holds: pure, and by hashes alone. */
export function planAnswer(seen: Seen, ask: Ask, terms: Terms = TERMS): Plan {
  const held = seen.get(ask.context)?.held.get(ask.source)
  if (held === undefined) return { send: 'full', because: 'it holds no text of this' }
  const { full, last, patches, answered } = held
  const isYoung = (given: Given) => ask.turn - given.turn <= terms.maxAgeTurns
  if (!isYoung(full)) return { send: 'full', because: 'the text was given too long ago' }
  const isAgain = answered !== 'full' && ask.version === last.version
  if (isAgain && terms.again === 'full') return { send: 'full', because: 'it asks again' }
  if (ask.version === full.version) return { send: 'same', since: full.turn }
  if (ask.exact && patches > 0) return { send: 'patch', against: [full] }
  if (ask.version === last.version) return { send: 'same', since: last.turn }
  return { send: 'patch', against: patches > 0 && patches < terms.maxPatches ? [full, last] : [full] }
}

/** What stands by, to put an answer together. */
export interface Means {
  /** A text that was given before; undefined where it was not kept. */
  readonly textOf: (version: string) => string | undefined
  readonly count: (text: string) => number
  /** What is said before a patch, and in the place of a text that is the same. */
  readonly words: { readonly patch: (against: Given) => string; readonly same: (since: number) => string }
}

/** What is sent. */
export interface Answer {
  readonly as: 'full' | 'patch' | 'same'
  /** Undefined: the full text, as it is. */
  readonly text: string | undefined
  /** Tokens less than the full text; 0 for that itself. */
  readonly savedTokens: number
  readonly because: string
}

/** The answer to an ask: what the plan allows where that saves enough, else the full text. */
export function answerTo(
  seen: Seen,
  ask: Ask,
  next: string,
  { textOf, count, words }: Means,
  terms: Terms = TERMS,
): Answer {
  const plan = planAnswer(seen, ask, terms)
  if (plan.send === 'full') return whole(plan.because)
  const fullTokens = count(next)
  const worth = (as: 'patch' | 'same', text: string, because: string): Answer => {
    const savedTokens = fullTokens - count(text)
    const isWorth = savedTokens >= Math.max(terms.minSavedTokens, fullTokens * terms.minSavedShare)
    return isWorth ? { as, text, savedTokens, because } : whole('less would save too little')
  }
  if (plan.send === 'same') return worth('same', words.same(plan.since), `unchanged since ${plan.since}`)
  // Shorter than the least that pays: a comparison would be for nothing.
  if (fullTokens < terms.minSavedTokens) return whole('less would save too little')
  const patches = plan.against.flatMap((given) => {
    const base = textOf(given.version)
    return base === undefined ? [] : [{ given, text: words.patch(given) + encode(diff(base, next)) }]
  })
  // The text itself is the better base: the later version only where that halves the patch.
  const best = patches.reduce<(typeof patches)[number] | undefined>(
    (one, other) => (one === undefined || other.text.length * 2 < one.text.length ? other : one),
    undefined,
  )
  if (best === undefined) return whole('the text that it holds was not kept')
  return worth('patch', best.text, `changed since ${best.given.turn}`)
}

function whole(because: string): Answer {
  return { as: 'full', text: undefined, savedTokens: 0, because }
}
