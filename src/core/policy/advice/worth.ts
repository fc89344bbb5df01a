/** What a start ahead is reckoned with. */
export interface Costs {
  /** What a cold start costs the one who waits, ms; above 0. */
  readonly coldMs: number
  /** What the server holds while warm, MB. */
  readonly memoryMb: number
}

/** What memory and starts are worth on this machine. */
export interface Prices {
  /** Waiting that a MB is held for, for a minute, ms: the price of keep-alive where it has one. */
  readonly msPerMbMinute: number
  /** Processors; a start takes one of them. */
  readonly processors: number
  /** How long a server is held for a guess, ms. */
  readonly holdMs: number
}

/** The price while keep-alive has none: a server of 80 MB may be held for ten minutes where every second one spares a start of 1.5 s. */
export const PRICE_WITHOUT_DEMAND = (0.5 * 1_500) / (80 * 10)

const MINUTE_MS = 60_000

/** What a start for nothing costs, as ms of waiting: it takes one of the processors from whoever else could use it. */
export function costOfStart({ coldMs }: Costs, { processors }: Prices): number {
  return coldMs / processors
}

/** What memory that is held for nothing costs until a guess is proven wrong, as ms of waiting. */
export function costOfHolding({ memoryMb }: Costs, { msPerMbMinute, holdMs }: Prices): number {
  return msPerMbMinute * memoryMb * (holdMs / MINUTE_MS)
}

/** The chance from which on a start ahead is worth it: there, what is spared and what is lost are equal on average. */
export function breakEven(coldMs: number, missMs: number): number {
  return missMs / (missMs + coldMs)
}
