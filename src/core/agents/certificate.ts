import type { Bound, Claim } from './claim.ts'
import { gainOf } from './worth.ts'

/** Proof that no other grants are worth more: none of the moves of one token that the bounds allow gains anything. */
export interface Certificate {
  readonly optimal: boolean
  /** Moves looked at: from one agent to another, and from what is left to an agent. */
  readonly moves: number
  /** The most that any of them gains; none does where it is not above 0. Null where there is no move. */
  readonly bestGain: number | null
  /** What the last token that was given is worth, and the next would be: nothing that could still be moved is worth more than what was given. Null where there is none. */
  readonly lastToken: number | null
  readonly nextToken: number | null
}

/** Doubles are exact to this share. */
const EPSILON = 1e-12

/**
 * Looks at every move of one token, whoever made the grants. For concave worth under nested bounds, grants that no such move improves are best of all
 * (exchange property of polymatroids: Murota, Discrete Convex Analysis, 2003, theorem 6.26). As bounds are nested, whoever is in the smallest full
 * bound of an agent is in all of them, so one look at each bound is enough. Cost: claims × bounds.
 */
export function certify(
  claims: readonly Claim[],
  bounds: readonly Bound[],
  tokens: readonly number[],
): Certificate {
  const used = bounds.map(({ members }) => members.reduce((sum, i) => sum + tokens[i]!, 0))
  const isWithin =
    bounds.every(({ limit }, b) => used[b]! <= limit) &&
    claims.every(({ min, max }, i) => tokens[i]! >= min && tokens[i]! <= max)
  const losses = claims.map((claim, i) =>
    tokens[i]! > claim.min ? gainOf(claim, tokens[i]! - 1) : undefined,
  )
  const holders = bounds.map(({ members }) => members.flatMap((i) => losses[i] ?? []))
  const cheapest = holders.map((all) => all.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY))
  // Smallest first, the total last.
  const innermost = claims.map((_, i) =>
    bounds.findIndex(({ members, limit }, b) => used[b]! >= limit && members.includes(i)),
  )
  let [moves, best, next, isWorse] = [0, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, false]
  for (const [to, claim] of claims.entries()) {
    if (tokens[to]! >= claim.max) continue
    const gain = gainOf(claim, tokens[to]!)
    const bound = innermost[to]!
    const loss = bound < 0 ? 0 : cheapest[bound]!
    const others = bound < 0 ? 1 : holders[bound]!.length - Number(losses[to] !== undefined)
    if (others === 0) continue
    moves += others
    best = Math.max(best, gain - loss)
    next = Math.max(next, gain)
    if (gain - loss > EPSILON * gain) isWorse = true
  }
  const last = cheapest.at(-1) ?? Number.POSITIVE_INFINITY
  const orNull = (value: number) => (Number.isFinite(value) ? value : null)
  return {
    optimal: isWithin && !isWorse,
    moves,
    bestGain: orNull(best),
    lastToken: orNull(last),
    nextToken: orNull(next),
  }
}
