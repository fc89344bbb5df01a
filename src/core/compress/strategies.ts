import { ENCODING } from './json/encode.ts'
import { NOISE } from './noise.ts'
import type { Kind, Strategy } from './strategy.ts'

/** A strategy and its place: `clean` keeps lines, `encode` writes them in another form, `leave` leaves some out. */
export interface Row {
  readonly strategy: Strategy
  readonly stage: 'clean' | 'encode' | 'leave'
  /** Kinds that it is for; all when left out. */
  readonly kinds?: readonly Kind[]
}

/** Every strategy, in the order in which they are tried: what costs a reader least comes first. */
export const STRATEGIES: readonly Row[] = [
  { strategy: NOISE, stage: 'clean' },
  { strategy: ENCODING, stage: 'encode' },
]

/** Their names. */
export const STRATEGY_NAMES: readonly string[] = STRATEGIES.map(({ strategy }) => strategy.name)
