/** One file that wants a part of the window. Sizes and floors in tokens; a weight is above 0. */
export interface Vessel {
  readonly size: number
  readonly weight: number
  /** Given whatever the weight, while the floors together fit; never more than the size. */
  readonly floor: number
}

/** How full everything is. */
export interface Filling {
  /** Tokens per unit of weight; Infinity when everything fits whole. */
  readonly level: number
  /** What every floor was multiplied by: below 1 where even the floors do not fit. */
  readonly floorShare: number
  /** Tokens of each vessel, not rounded, in the order given. */
  readonly tokens: readonly number[]
}

/** Halvings of the interval that holds the level: below a millionth of a token. */
const ROUNDS = 80

/**
 * Shares `capacity` tokens: each vessel gets min(size, max(floor, level × weight)) with the highest level at which the sum is no more than the
 * capacity. That maximises Σ weight × log(tokens), so each token goes where it adds most to what is kept (water-filling: Boyd and
 * Vandenberghe, Convex Optimization, 2004, §5.5.3). The sum never exceeds the capacity; no vessel loses by more capacity, nor by more
 * weight of its own. Throws nothing; sizes, weights and the capacity must be finite and not negative.
 */
export function waterFill(vessels: readonly Vessel[], capacity: number): Filling {
  const floors = vessels.map(({ size, floor }) => Math.min(size, floor))
  const least = sum(floors)
  const floorShare = least > capacity ? capacity / least : 1
  const at = (level: number): number[] =>
    vessels.map(({ size, weight }, i) => Math.min(size, Math.max(floors[i]! * floorShare, level * weight)))
  const whole = sum(vessels.map(({ size }) => size))
  if (whole <= capacity)
    return { level: Number.POSITIVE_INFINITY, floorShare: 1, tokens: vessels.map(({ size }) => size) }
  let [low, high] = [0, Math.max(...vessels.map(({ size, weight }) => size / weight))]
  for (let i = 0; i < ROUNDS; i++) {
    const middle = (low + high) / 2
    if (sum(at(middle)) <= capacity) low = middle
    else high = middle
  }
  return { level: low, floorShare, tokens: at(low) }
}

function sum(values: readonly number[]): number {
  let total = 0
  for (const value of values) total += value
  return total
}
