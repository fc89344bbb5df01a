/** Budgets are powers of this: coarse enough that noise rarely crosses one, fine enough that a step is no jump. */
const RATIO = 1.25
/** How far the tokens may leave the former budget's step before it is given up. Together with SLACK it bounds what that may add to a sum. */
const BELOW = 0.9
const ABOVE = 1.1

/** Share of the capacity to fill, so that budgets kept from before (at most 1 / BELOW over what they would be now) still fit in it. */
export const SLACK = BELOW

/** The largest budget on the ladder that is not above; 0 below one token. Tokens in, tokens out; not decreasing. */
export function stepBelow(tokens: number): number {
  if (tokens < 1) return 0
  // A quotient that ought to be whole may be a hair less.
  const rung = (exponent: number) => Math.floor(RATIO ** exponent)
  const near = Math.floor(Math.log(tokens) / Math.log(RATIO))
  for (let exponent = near + 1; exponent > 0; exponent--) if (rung(exponent) <= tokens) return rung(exponent)
  return 1
}

/** How far a file that is whole may grow before another plan would cut it; whole tokens, Infinity where the share is. */
export function roomOf(wanted: number): number {
  return Math.floor(wanted / BELOW)
}

/**
 * The budget that a file keeps or gets. `wanted` is its share before the size bounds it, so that a file that has room to spare counts as whole.
 * A former budget stays while `wanted` is within its step and a tenth beyond: noise of ±3 % in every score moves nothing.
 */
export function steadyBudget(
  { wanted, size, floor }: { readonly wanted: number; readonly size: number; readonly floor: number },
  former: number | undefined,
): number {
  const fresh = wanted >= size ? size : Math.max(Math.min(size, Math.floor(floor)), stepBelow(wanted))
  if (former === undefined || former < Math.floor(Math.min(size, floor))) return fresh
  if (former >= size) return wanted >= size * BELOW ? size : fresh
  // Its share is clearly more than it has: nothing is left to be cut.
  if (wanted >= size * ABOVE) return size
  return wanted >= former * BELOW && wanted < former * RATIO * ABOVE ? former : fresh
}
