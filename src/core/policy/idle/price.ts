/** Slots over which demand and allowance are averaged (four hours of minutes): long enough for what happens every hour. */
const SPAN_SLOTS = 240
const FADE = 1 - 1 / SPAN_SLOTS
/** What was spent too much or too little is made up for within this many slots. */
const REPAY_SLOTS = 60
/** Share of the allowance of SPAN_SLOTS that is kept back, so that a bad hour does not overspend. */
const RESERVE = 0.003
/** Worth is kept on a logarithmic scale, 8 steps to the octave, from 2^-32 to 2^16. */
const STEPS_AN_OCTAVE = 8
const LEAST_OCTAVE = -32
const BUCKETS = (16 - LEAST_OCTAVE) * STEPS_AN_OCTAVE

/**
 * How much warm time is to be had at which worth: warm cost of the slots that nobody used, by what they were worth beforehand, newer ones
 * counting for more. Worth is expected cold cost avoided / warm cost; both in any unit, the same one throughout. 3 KB.
 */
export interface Demand {
  readonly cost: Float64Array
}

/** Demand of which nothing is known yet. */
export function newDemand(): Demand {
  return { cost: new Float64Array(BUCKETS) }
}

/** A demand that was kept as JSON; undefined for anything that none of ours can be. */
export function readDemand(value: unknown): Demand | undefined {
  const isCost = (cost: unknown) => typeof cost === 'number' && cost >= 0 && Number.isFinite(cost)
  return Array.isArray(value) && value.length === BUCKETS && value.every(isCost)
    ? { cost: Float64Array.from(value as number[]) }
    : undefined
}

/** Takes in one server's slot in which no use came. */
export function unused(demand: Demand, worth: number, cost: number): void {
  demand.cost[bucketOf(worth)]! += cost
}

/** Once a slot, before the first `unused` of it. */
export function fade(demand: Demand): void {
  for (let i = 0; i < BUCKETS; i++) demand.cost[i]! *= FADE
}

/** What may be spent: warm cost allowed a slot, and what is left over or owed of it. */
export interface Purse {
  /** Allowed, faded as demand is. */
  readonly allowed: number
  /** Allowed minus spent; owed when negative. */
  readonly left: number
}

/** A purse before its first slot. */
export const EMPTY_PURSE: Purse = { allowed: 0, left: 0 }

/** A purse that was kept as JSON; an empty one for anything that none of ours can be. */
export function readPurse(value: unknown): Purse {
  const { allowed, left } = Object(value)
  return Number.isFinite(allowed) && allowed >= 0 && Number.isFinite(left) ? { allowed, left } : EMPTY_PURSE
}

/** Once a slot, after it: what was allowed for it, and what was spent on slots that nobody used. */
export function settle(purse: Purse, allowed: number, spent: number): Purse {
  const window = purse.allowed * FADE + allowed
  // Thrift of a quiet week does not buy a night of everything warm.
  const left = Math.min(purse.left + allowed - spent, window)
  return { allowed: window, left }
}

/**
 * The price: the least worth at which a server is kept warm, so that what is expected to be spent fits the purse. 0 while there is no
 * demand, infinite where nothing may be spent.
 */
export function priceOf({ cost }: Demand, { allowed, left }: Purse): number {
  const target = allowed + (left - RESERVE * allowed) * (SPAN_SLOTS / REPAY_SLOTS)
  if (!(target > 0)) return Number.POSITIVE_INFINITY
  let above = 0
  for (let i = BUCKETS - 1; i >= 0; i--) {
    above += cost[i]!
    if (above > target) return worthOf(i + (above - target) / cost[i]!)
  }
  return 0
}

/** The bucket of a worth; of no worth, the lowest. */
function bucketOf(worth: number): number {
  const bucket = Math.floor((Math.log2(worth) - LEAST_OCTAVE) * STEPS_AN_OCTAVE)
  return Math.min(BUCKETS - 1, Math.max(0, bucket))
}

/** The worth at a place on the scale. */
function worthOf(place: number): number {
  return 2 ** (place / STEPS_AN_OCTAVE + LEAST_OCTAVE)
}
