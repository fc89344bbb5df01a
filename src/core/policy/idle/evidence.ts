import { type IdleHistory, rateAt } from './history.ts'

/** Uses every hour are looked for this many hours back: timers of people and machines keep to the clock. */
const HOURS = 7
/** Steps of a half-octave scale: 0, 1, 2, 3 … 181 and more. */
const STEPS = 16
/** Equal idle times beyond this add nothing. */
const MOST_EQUAL = 15

/**
 * The views of a history, each a table whose cell is chosen by what the history says of one slot:
 * - exact: idle times of exactly this length, of those that were not shorter (timers)
 * - near: the same with one slot to either side, by age (habits)
 * - hourly: uses 1 … 7 hours before this slot, to the slot and nearly
 * - pace: this idle time, the one before and the rate of use (servers of few uses)
 */
export const VIEWS = [
  { name: 'exact', cells: STEPS * STEPS },
  { name: 'near', cells: STEPS ** 3 },
  { name: 'hourly', cells: (HOURS + 1) ** 2 * 3 },
  { name: 'pace', cells: STEPS ** 3 },
] as const

/** Sets of weights that the views are mixed by: by how many idle times are known, and how long this one is. */
export const CONTEXTS = 8 * 4

/** What a history says of one slot. */
export interface Evidence {
  /** A cell of each view, in their order. */
  readonly cells: readonly number[]
  /** Whose weights: 0 … CONTEXTS - 1. */
  readonly context: number
  /** Chance of a use by the server's own idle times alone, smoothed: 0 … 1. What a table without experience says. */
  readonly own: number
  /** Idle times that were not shorter than `age`. */
  readonly longer: number
}

/** What a history says of the slot `age` slots after the last use, when nothing came since. `age` is at least 1. One pass over the idle times. */
export function evidenceAt(history: IdleHistory, age: number): Evidence {
  const { gaps } = history
  let longer = 0
  let equal = 0
  let near = 0
  let exactly = 0
  let nearly = 0
  // How long before this slot the use was that the loop stands at.
  let back = age
  for (let i = gaps.length; ; i--) {
    const hour = Math.round(back / 60)
    if (hour > HOURS) break
    const off = Math.abs(back - 60 * hour)
    if (hour > 0 && off <= 1) {
      nearly |= 1 << hour
      if (off === 0) exactly |= 1 << hour
    }
    if (i === 0) break
    back += gaps[i - 1]!
  }
  for (let i = 0; i < gaps.length; i++) {
    const over = gaps[i]! - age
    if (over >= -1 && over <= 1) near++
    if (over === 0) equal++
    if (over >= 0) longer++
  }
  return {
    cells: [
      Math.min(equal, MOST_EQUAL) * STEPS + step(longer),
      (step(age) * STEPS + step(near)) * STEPS + step(longer),
      (hoursKnown(history, age) * (HOURS + 1) + bits(exactly)) * 3 +
        Math.min(2, bits(nearly) - bits(exactly)),
      (step(age) * STEPS + step(gaps.at(-1) ?? 0)) * STEPS + step(rateAt(history, age) * 720),
    ],
    context: (Math.min(14, step(gaps.length)) >> 1) * 4 + (Math.min(15, step(age)) >> 2),
    own: (near / 3 + 0.02) / (longer + 1.5),
    longer,
  }
}

/** Whole hours that the remembered idle times reach back from the slot. */
function hoursKnown({ gaps }: IdleHistory, age: number): number {
  let back = age
  for (let i = gaps.length - 1; i >= 0 && back < 60 * HOURS; i--) back += gaps[i]!
  return Math.min(HOURS, Math.floor(back / 60))
}

function step(size: number): number {
  return Math.min(STEPS - 1, Math.floor(2 * Math.log2(1 + size)))
}

function bits(mask: number): number {
  let count = 0
  for (let left = mask; left !== 0; left &= left - 1) count++
  return count
}
