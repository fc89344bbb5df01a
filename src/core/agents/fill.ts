import { amountAt, gainOf, type Worth } from './worth.ts'

/** One that wants a part: whole tokens from `min` to `max`. Earlier ones go first where tokens are worth the same. */
export interface Wanting extends Worth {
  readonly min: number
  readonly max: number
}

/** Halvings of the price's logarithm: to the last bit of a double. */
const ROUNDS = 120

/**
 * Shares `capacity` whole tokens so that the sum of worth is as high as any share makes it: water-filling on the price of a token, then what is left one
 * by one to whom it is worth most. That is what giving every token by itself to the highest bidder comes to (Federgruen and Groenevelt, The greedy
 * procedure for resource allocation problems, 1986), without the tokens. The sum is the capacity, or that of all max where that is less. The sum of all
 * min must fit. Cost: about 120 looks at each, whatever the sizes.
 */
export function fill(all: readonly Wanting[], capacity: number): number[] {
  if (sum(all.map(({ max }) => max)) <= capacity) return all.map(({ max }) => max)
  const at = (price: number) => all.map((one) => clamp(amountAt(one, price), one.min, one.max))
  let high = 0
  let low = Number.POSITIVE_INFINITY
  for (const one of all) {
    high = Math.max(high, 2 * gainOf(one, one.min))
    low = Math.min(low, gainOf(one, one.max) / 2)
  }
  for (let i = 0; i < ROUNDS && low < high; i++) {
    const middle = Math.sqrt(low) * Math.sqrt(high)
    if (middle <= low || middle >= high) break
    if (sum(at(middle)) <= capacity) high = middle
    else low = middle
  }
  const amounts = at(high)
  for (let left = capacity - sum(amounts); left > 0; left--) amounts[highestBidder(all, amounts)]! += 1
  settle(all, amounts)
  return amounts
}

/** The closed form may be off by a token at a tie: moves tokens from where the last is worth least to where the next is worth most, until none moves. */
function settle(all: readonly Wanting[], amounts: number[]): void {
  for (let i = 0; i < 4 * all.length; i++) {
    const to = highestBidder(all, amounts)
    const from = lowestHolder(all, amounts)
    if (to < 0 || from < 0) return
    const next = gainOf(all[to]!, amounts[to]!)
    const last = gainOf(all[from]!, amounts[from]! - 1)
    if (next < last || (next === last && to >= from)) return
    amounts[to]! += 1
    amounts[from]! -= 1
  }
}

function highestBidder(all: readonly Wanting[], amounts: readonly number[]): number {
  let [best, most] = [-1, Number.NEGATIVE_INFINITY]
  for (const [i, one] of all.entries()) {
    if (amounts[i]! >= one.max) continue
    const gain = gainOf(one, amounts[i]!)
    if (gain > most) [best, most] = [i, gain]
  }
  return best
}

function lowestHolder(all: readonly Wanting[], amounts: readonly number[]): number {
  let [best, least] = [-1, Number.POSITIVE_INFINITY]
  for (const [i, one] of all.entries()) {
    if (amounts[i]! <= one.min) continue
    const loss = gainOf(one, amounts[i]! - 1)
    if (loss <= least) [best, least] = [i, loss]
  }
  return best
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value))
}

function sum(values: readonly number[]): number {
  let total = 0
  for (const value of values) total += value
  return total
}
