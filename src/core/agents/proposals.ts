import { type Bound, boundsOf, type Claim, compare, type Group } from './claim.ts'
import { conflictsIn } from './conflict.ts'
import { type Solution, solve, waitingFor } from './solve.ts'

/** Ways out of conflicts, each with what it comes to. */
export interface Proposals {
  /** Put these off, and what needs them; undefined where even that does not help. */
  readonly defer: { readonly agents: readonly string[]; readonly solution: Solution } | undefined
  /** Let these do with less: new min of each. */
  readonly simplify: readonly { readonly name: string; readonly min: number; readonly to: number }[]
  /** What every limit would have to be; below that the workflow as it stands is best not begun. */
  readonly abort: readonly { readonly bound: string; readonly limit: number; readonly needed: number }[]
}

/**
 * What could be done about claims that do not fit. `defer` takes away, one by one, the agent that with all that needs it is worth least by weight for
 * the tokens that it frees and that are missing, then takes back what fits after all; `simplify` cuts the min in each bound that is too small by the same share.
 */
export function proposalsFor(claims: readonly Claim[], groups: readonly Group[], total: number): Proposals {
  const bounds = boundsOf(claims, groups, total)
  return {
    defer: deferral(claims, groups, total),
    simplify: simplified(claims, bounds),
    abort: conflictsIn(claims, bounds).map(({ bound, limit, needed }) => ({ bound, limit, needed })),
  }
}

function deferral(claims: readonly Claim[], groups: readonly Group[], total: number): Proposals['defer'] {
  const byName = new Map(claims.map((claim) => [claim.name, claim]))
  const named = [...byName.keys()].sort(compare)
  const stillOff = (deferred: readonly string[]) => waitingFor(claims, deferred)
  const deferred: string[] = []
  for (;;) {
    const result = solve(claims, groups, total, deferred)
    if (result.feasible) break
    const off = stillOff(deferred)
    const excess = result.conflicts.reduce((most, { needed, limit }) => Math.max(most, needed - limit), 0)
    const inConflict = new Set(result.conflicts.flatMap((conflict) => conflict.claims.map((c) => c.name)))
    let [choice, least] = ['', Number.POSITIVE_INFINITY]
    for (const name of named) {
      if (off.has(name)) continue
      const gone = [...stillOff([name]).keys()].map((one) => byName.get(one)!)
      if (!gone.some((one) => inConflict.has(one.name))) continue
      const freed = gone.reduce((sum, { min }) => sum + min, 0)
      const price = gone.reduce((sum, { weight }) => sum + weight, 0) / Math.max(1, Math.min(freed, excess))
      if (price < least) [choice, least] = [name, price]
    }
    if (choice === '') return undefined
    deferred.push(choice)
  }
  for (const name of [...deferred]) {
    const others = deferred.filter((one) => one !== name)
    if (solve(claims, groups, total, others).feasible) deferred.splice(deferred.indexOf(name), 1)
  }
  const solution = solve(claims, groups, total, deferred)
  if (!solution.feasible || stillOff(deferred).size === claims.length) return undefined
  return { agents: deferred, solution }
}

function simplified(claims: readonly Claim[], bounds: readonly Bound[]): Proposals['simplify'] {
  const mins = claims.map(({ min }) => min)
  for (const { members, limit } of bounds) {
    const needed = members.reduce((sum, i) => sum + mins[i]!, 0)
    if (needed > limit) for (const i of members) mins[i] = Math.floor((mins[i]! * limit) / needed)
  }
  return claims.flatMap(({ name, min }, i) => (mins[i]! < min ? [{ name, min, to: mins[i]! }] : []))
}
