import { waterFill } from '../../water-fill.ts'

/** What one server asks of the memory that all may have, MB: for all of its processes together. */
export interface Claim {
  readonly server: string
  readonly hardMb: number
  readonly guaranteeMb: number
  /** Above 0: how the rest is shared where not all can have what they ask for. */
  readonly weight: number
}

/** What each may have. */
export interface Shares {
  /** MB by server. Never more than asked for, nor more than the ceiling together. */
  readonly mb: ReadonlyMap<string, number>
  /** False where even the guarantees are more than the ceiling: the largest are cut then. */
  readonly guaranteesFit: boolean
}

/**
 * Shares a ceiling: each server has its guarantee, and of the rest a part by weight; what one does not ask for goes to the others. The order
 * of servers changes nothing.
 */
export function shareCeiling(claims: readonly Claim[], ceilingMb: number): Shares {
  const sorted = [...claims].sort((a, b) => (a.server < b.server ? -1 : 1))
  const vessels = sorted.map(({ hardMb, guaranteeMb, weight }) => ({
    size: hardMb,
    floor: Math.min(guaranteeMb, hardMb),
    weight,
  }))
  const { amounts, floorCap } = waterFill(vessels, ceilingMb)
  return {
    mb: new Map(sorted.map(({ server }, i) => [server, amounts[i]!])),
    guaranteesFit: floorCap === Number.POSITIVE_INFINITY,
  }
}
