/** What one agent of a workflow asks for, in whole tokens: 0 ≤ min ≤ want ≤ max, want at least 1. A weight is above 0. */
export interface Claim {
  readonly name: string
  /** Without so much it can do nothing of use. */
  readonly min: number
  /** Enough for what it has to do: tokens beyond it are worth a quarter. */
  readonly want: number
  readonly max: number
  /** What its tokens count beside those of others. */
  readonly weight: number
  /** Agents that must have run before: it is of use only if each of them has its min. */
  readonly needs: readonly string[]
  /** Agents of one stage run at once; from 0. */
  readonly stage: number
}

/** Agents that share something when they run at once: those of one stage may not have more than `limit` tokens together. */
export interface Group {
  readonly name: string
  readonly agents: readonly string[]
  readonly limit: number
}

/** A bound on the sum of some grants: the whole, or a group in one stage. */
export interface Bound {
  /** What it is called where it binds: `total`, or the name of the group. */
  readonly name: string
  /** Undefined of the total. */
  readonly stage: number | undefined
  /** Numbers of the claims. */
  readonly members: readonly number[]
  readonly limit: number
}

/** The bounds of these claims: each group once for each stage that has members of it, smallest first, the total last. */
export function boundsOf(
  claims: readonly Claim[],
  groups: readonly Group[],
  total: number,
): readonly Bound[] {
  const all = claims.map((_, i) => i)
  const bounds = groups.flatMap(({ name, agents, limit }): Bound[] => {
    const inside = all.filter((i) => agents.includes(claims[i]!.name))
    const stages = [...new Set(inside.map((i) => claims[i]!.stage))].sort((a, b) => a - b)
    return stages.map((stage) => ({
      name,
      stage,
      members: inside.filter((i) => claims[i]!.stage === stage),
      limit,
    }))
  })
  bounds.sort((a, b) => a.members.length - b.members.length || a.limit - b.limit || compare(a.name, b.name))
  return [...bounds, { name: 'total', stage: undefined, members: all, limit: total }]
}

/** The order of names everywhere: by code units, on every machine the same. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
