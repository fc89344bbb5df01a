import { type Bound, type Claim, compare } from './claim.ts'

/** Claims that cannot all have their min. Without any one of them the others could, so each is part of the reason. */
export interface Conflict {
  readonly bound: string
  readonly stage: number | undefined
  readonly limit: number
  /** What the min of all members come to. */
  readonly needed: number
  /** Of as few as contradict each other, the largest first. */
  readonly claims: readonly { readonly name: string; readonly min: number }[]
}

/** Every bound that the min of its members are too much for. */
export function conflictsIn(claims: readonly Claim[], bounds: readonly Bound[]): readonly Conflict[] {
  return bounds.flatMap(({ name, stage, members, limit }): Conflict[] => {
    const needed = members.reduce((sum, i) => sum + claims[i]!.min, 0)
    if (needed <= limit) return []
    const largest = members.map((i) => claims[i]!).sort((a, b) => b.min - a.min || compare(a.name, b.name))
    let sum = 0
    // The largest until they are too much: take away any of them, and what is left is no more than before the last.
    const end = largest.findIndex(({ min }) => {
      sum += min
      return sum > limit
    })
    const few = largest.slice(0, end + 1)
    return [{ bound: name, stage, limit, needed, claims: few.map((c) => ({ name: c.name, min: c.min })) }]
  })
}
