import { type Certificate, certify } from './certificate.ts'
import { type Bound, boundsOf, type Claim, compare, type Group } from './claim.ts'
import { type Conflict, conflictsIn } from './conflict.ts'
import { fill } from './fill.ts'

/** What keeps a grant from being larger: its own max, a group, the total; or why it is nothing at all. */
export type Binding = 'max' | 'group' | 'total' | 'deferred' | 'dependency'

/** What one agent gets. */
export interface Grant {
  readonly claim: Claim
  /** Whole; from min to max, or 0 where it is put off. */
  readonly tokens: number
  readonly binding: Binding
  /** The group, or the agents that it waits for; empty else. */
  readonly by: readonly string[]
}

/** Grants in the order of the claims, with proof that no others are worth more. */
export interface Solution {
  readonly feasible: true
  readonly total: number
  readonly granted: number
  readonly grants: readonly Grant[]
  readonly bounds: readonly (Bound & { readonly used: number })[]
  readonly certificate: Certificate
}

/** What claims contradict each other. */
export interface Infeasible {
  readonly feasible: false
  readonly total: number
  /** Smallest bound first, the total last. */
  readonly conflicts: readonly Conflict[]
}

/**
 * Grants of the highest sum of worth (worth.ts) with min ≤ tokens ≤ max, within the total and, in each stage, within each group; those in
 * `deferred` and whatever needs them get nothing. Exact to one token, the same whatever the order of the claims, and no agent loses by a larger
 * total. Groups must be nested or apart (workflow.ts sees to it): then filling them from the inside out is exact.
 */
export function solve(
  claims: readonly Claim[],
  groups: readonly Group[],
  total: number,
  deferred: readonly string[] = [],
): Solution | Infeasible {
  const waiting = waitingFor(claims, deferred)
  const live = claims.filter(({ name }) => !waiting.has(name)).sort((a, b) => compare(a.name, b.name))
  const bounds = boundsOf(live, groups, total)
  const conflicts = conflictsIn(live, bounds)
  if (conflicts.length > 0) return { feasible: false, total, conflicts }

  const caps = live.map(({ max }) => max)
  const cappedBy: (string | undefined)[] = live.map(() => undefined)
  for (const { name, stage, members, limit } of bounds) {
    const amounts = fill(
      members.map((i) => ({ ...live[i]!, max: caps[i]! })),
      limit,
    )
    for (const [at, i] of members.entries()) {
      if (amounts[at]! >= caps[i]!) continue
      caps[i] = amounts[at]!
      cappedBy[i] = stage === undefined ? 'total' : name
    }
  }
  const index = new Map(live.map(({ name }, i) => [name, i]))
  const grants = claims.map((claim): Grant => {
    const i = index.get(claim.name)
    if (i === undefined) {
      const by = waiting.get(claim.name)!
      return { claim, tokens: 0, binding: by.length === 0 ? 'deferred' : 'dependency', by }
    }
    const by = cappedBy[i]
    const binding = by === undefined ? 'max' : by === 'total' ? 'total' : 'group'
    return { claim, tokens: caps[i]!, binding, by: binding === 'group' ? [by!] : [] }
  })
  const used = (members: readonly number[]) => members.reduce((sum, i) => sum + caps[i]!, 0)
  return {
    feasible: true,
    total,
    granted: used(live.map((_, i) => i)),
    grants,
    bounds: bounds.map((bound) => ({ ...bound, used: used(bound.members) })),
    certificate: certify(live, bounds, caps),
  }
}

/** Those that are put off, with what each waits for: nothing for those that were named. */
export function waitingFor(
  claims: readonly Claim[],
  deferred: readonly string[],
): ReadonlyMap<string, readonly string[]> {
  const waiting = new Map<string, readonly string[]>(deferred.map((name) => [name, []]))
  for (let before = -1; before !== waiting.size; ) {
    before = waiting.size
    for (const { name, needs } of claims) {
      const missing = needs.filter((need) => waiting.has(need))
      if (!waiting.has(name) && missing.length > 0) waiting.set(name, missing)
    }
  }
  return waiting
}
