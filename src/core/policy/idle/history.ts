/** Idle times that are remembered of a server: as numbers of two bytes, 128 bytes. Older ones are forgotten one by one. */
export const GAPS = 64
/** A longer idle time counts as this long: 45 days of minutes. */
const LONGEST_GAP = 65_535
/** Slots over which the rate of use forgets: half a day of minutes. */
const RATE_SLOTS = 720

/**
 * What is known of one server's use. Time is in slots (a minute each, where nothing else is said), counted from anywhere; a slot with several
 * uses counts once. It is plain data: what is written as JSON is read back by readHistory.
 */
export interface IdleHistory {
  /** The slot of the newest use. */
  readonly lastSlot: number
  /** Slots from each use to the next, newest last: at most GAPS, each at least 1. */
  readonly gaps: readonly number[]
  /** Share of slots with a use, weighted e^(-age/RATE_SLOTS), as it was just after the newest use: 0 … 1. */
  readonly rate: number
}

/** The history after a use in `slot`, or the same one where that slot is known already. Of a server never used before, `history` is undefined. */
export function afterUse(history: IdleHistory | undefined, slot: number): IdleHistory {
  if (history === undefined) return { lastSlot: slot, gaps: [], rate: 1 / RATE_SLOTS }
  const gap = Math.min(slot - history.lastSlot, LONGEST_GAP)
  if (gap <= 0) return history
  const faded = rateAt(history, gap)
  return {
    lastSlot: slot,
    gaps: [...history.gaps.slice(1 - GAPS), gap],
    rate: faded + (1 - faded) / RATE_SLOTS,
  }
}

/** The rate of use before slot `lastSlot + age`, when nothing came since. */
export function rateAt({ rate }: IdleHistory, age: number): number {
  return rate * (1 - 1 / RATE_SLOTS) ** (age - 1)
}

/** A history that was kept as JSON; undefined for anything that none of ours can be. */
export function readHistory(value: unknown): IdleHistory | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { lastSlot, gaps, rate } = value as Record<string, unknown>
  const isGap = (gap: unknown) =>
    Number.isInteger(gap) && 1 <= (gap as number) && (gap as number) <= LONGEST_GAP
  if (!Number.isInteger(lastSlot) || !Array.isArray(gaps) || gaps.length > GAPS || !gaps.every(isGap))
    return undefined
  if (typeof rate !== 'number' || !(rate > 0 && rate <= 1)) return undefined
  return { lastSlot: lastSlot as number, gaps, rate }
}
