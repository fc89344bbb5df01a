import { breakEven, type Costs, costOfHolding, costOfStart, type Prices } from './worth.ts'

/** A server that a session is likely to use, has no process for, and would get from this pool. */
export interface Candidate extends Costs {
  readonly server: string
  /** Key of the pool that the session would use. */
  readonly pool: string
  /** What the chance of a use while it is held is at least, 0 … 1. */
  readonly chance: number
  /** What stands in the way of a start: paused, closed, crashing; empty where nothing does. */
  readonly hindrance: string
}

/** All that the advice is made of. */
export interface Snapshot {
  readonly candidates: readonly Candidate[]
  readonly prices: Prices
  /** MB that further guesses may hold. */
  readonly roomMb: number
  /** Further servers that may be held for guesses. */
  readonly places: number
}

/** What is wanted: `warm`, or `hold` where it would be worth it and there is no room. */
export interface Intent {
  readonly kind: 'warm' | 'hold'
  readonly candidate: Candidate
  /** What is lost where the guess does not come true, ms of waiting. */
  readonly missMs: number
  /** The part of it that the memory costs, where it is held to the end. */
  readonly memoryMs: number
  readonly because: string
}

/**
 * Which servers are worth being started for what is foreseen: where the chance of a use, times the cold start that it spares, is more than the chance
 * of none, times what the start and the memory cost then. The worthiest first, within the room; what nothing can start is not wanted.
 */
export function advise({ candidates, prices, roomMb, places }: Snapshot): readonly Intent[] {
  let [room, free] = [roomMb, places]
  return candidates
    .filter(({ hindrance }) => hindrance === '')
    .map((candidate) => {
      const memoryMs = costOfHolding(candidate, prices)
      const missMs = costOfStart(candidate, prices) + memoryMs
      const { chance, coldMs } = candidate
      return { candidate, missMs, memoryMs, worthMs: chance * coldMs - (1 - chance) * missMs }
    })
    .filter(({ worthMs }) => worthMs > 0)
    .sort((a, b) => b.worthMs / b.candidate.memoryMb - a.worthMs / a.candidate.memoryMb)
    .map(({ candidate, missMs, memoryMs }): Intent => {
      const wanted = { candidate, missMs, memoryMs }
      const why = `used soon with a chance of at least ${percent(candidate.chance)}; from ${percent(breakEven(candidate.coldMs, missMs))} on a start ahead is worth it`
      if (free < 1)
        return { kind: 'hold', ...wanted, because: 'as many servers are held for guesses as may be' }
      if (candidate.memoryMb > room)
        return {
          kind: 'hold',
          ...wanted,
          because: `memory: it takes ${Math.round(candidate.memoryMb)} MB, and guesses may hold ${Math.max(0, Math.round(room))} MB more`,
        }
      room -= candidate.memoryMb
      free -= 1
      return { kind: 'warm', ...wanted, because: why }
    })
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`
}
