import type { Interval, Summary } from '../src/core/bench/statistics.ts'

/** The figure a row is about, and what it must reach. */
export interface Headline {
  readonly what: string
  readonly contender: string
  readonly value: number
  readonly unit: '×' | 'ms' | 's' | 'MB' | 'MB h' | 'h' | '%' | ''
  readonly interval?: Interval
  /** Bound that must hold, and the one aimed at: upper bounds, or lower ones when `atLeast`. */
  readonly must?: number
  readonly aim?: number
  readonly atLeast?: boolean
}

/** Samples of one measure of one contender. */
export interface Detail {
  readonly contender: string
  readonly what: string
  readonly unit: string
  readonly summary: Summary
}

/** What one row of the bench found. */
export interface RowResult {
  readonly headlines: readonly Headline[]
  readonly details: readonly Detail[]
  /** What a reader should know of this run. */
  readonly notes?: readonly string[]
}

/** How a headline stands to its bounds. */
export function verdict({ value, must, aim, atLeast }: Headline): 'aim' | 'must' | 'missed' | '' {
  if (must === undefined) return ''
  const holds = (bound: number) => (atLeast ? value >= bound : value <= bound)
  if (aim !== undefined && holds(aim)) return 'aim'
  return holds(must) ? 'must' : 'missed'
}
