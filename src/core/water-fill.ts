/** What wants a part of a whole: a file of a window of tokens, a server of memory. Sizes and floors in the unit of the whole; a weight is above 0. */
export interface Vessel {
  readonly size: number
  readonly weight: number
  /** Given whatever the weight, while the floors together fit; never more than the size. */
  readonly floor: number
}

/** How full everything is. */
export interface Filling {
  /** Amount per unit of weight; Infinity when everything fits whole. */
  readonly level: number
  /** No floor counts for more: Infinity where the floors fit. So what is small stays whole longest. */
  readonly floorCap: number
  /** Of each vessel, not rounded, in the order given. */
  readonly amounts: readonly number[]
}

/** Halvings of the interval that holds the level: below a millionth of a unit. */
const ROUNDS = 80

/**
 * Shares `capacity`: each vessel gets min(size, max(floor, level × weight)) with the highest level at which the sum is no more than the
 * capacity. That maximises Σ weight × log(amount), so each unit goes where it adds most to what is kept (water-filling: Boyd and
 * Vandenberghe, Convex Optimization, 2004, §5.5.3). Floors that do not fit are cut to the highest common cap that does. The sum never exceeds
 * the capacity; no vessel loses by more capacity, nor by more weight of its own. Throws nothing; sizes, weights and the capacity must be
 * finite and not negative.
 */
export function waterFill(vessels: readonly Vessel[], capacity: number): Filling {
  const sizes = vessels.map(({ size }) => size)
  if (sum(sizes) <= capacity) {
    return { level: Number.POSITIVE_INFINITY, floorCap: Number.POSITIVE_INFINITY, amounts: sizes }
  }
  const floors = vessels.map(({ size, floor }) => Math.min(size, floor))
  const floorCap =
    sum(floors) <= capacity
      ? Number.POSITIVE_INFINITY
      : highest(largest(floors), (cap) => sum(floors.map((floor) => Math.min(floor, cap))) <= capacity)
  const at = (level: number): number[] =>
    vessels.map(({ size, weight }, i) =>
      Math.min(size, Math.max(Math.min(floors[i]!, floorCap), level * weight)),
    )
  const level = highest(
    largest(vessels.map(({ size, weight }) => size / weight)),
    (level) => sum(at(level)) <= capacity,
  )
  return { level, floorCap, amounts: at(level) }
}

/** The highest value from 0 to `end` that `fits`, which fits everywhere below it. */
function highest(end: number, fits: (value: number) => boolean): number {
  let [low, high] = [0, end]
  for (let i = 0; i < ROUNDS; i++) {
    const middle = (low + high) / 2
    if (fits(middle)) low = middle
    else high = middle
  }
  return low
}

function sum(values: readonly number[]): number {
  let total = 0
  for (const value of values) total += value
  return total
}

/** Not Math.max(...values): a hundred thousand arguments are more than a call can have. */
function largest(values: readonly number[]): number {
  let most = 0
  for (const value of values) most = Math.max(most, value)
  return most
}
