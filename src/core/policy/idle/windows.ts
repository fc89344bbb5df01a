/** The baselines: how long a server stays warm after each use, without prices or a budget. Both are judged beside the learned policy. */
export interface WarmWindow {
  /** Warm in the slots from `from` to `to` after the last use, both counted. */
  readonly from: number
  readonly to: number
}

/** Bins of the paper's histogram, one a slot: four hours of minutes. */
const BINS = 240
/** Percentiles of idle times that a warm window spans, and how much wider it is made at each end. */
const HEAD = 0.05
const TAIL = 0.99
const MARGIN = 0.1
/** Below this variation of the bins' counts the histogram says nothing; above this share of longer idle times it misses too much. */
const LEAST_VARIATION = 2
const MOST_BEYOND = 0.5

/** Idle times of one server, counted: what the hybrid histogram keeps. */
export interface IdleCounts {
  readonly bins: Float64Array
  beyond: number
  within: number
}

/** Counts of a server that was used at most once. */
export function newCounts(): IdleCounts {
  return { bins: new Float64Array(BINS + 1), beyond: 0, within: 0 }
}

/** Takes in an idle time of at least one slot. */
export function count(counts: IdleCounts, gap: number): void {
  if (gap > BINS) counts.beyond++
  else {
    counts.bins[gap]!++
    counts.within++
  }
}

/**
 * The plain hybrid histogram of Shahrad et al., "Serverless in the Wild" (USENIX ATC 2020), §4.2: from the 5th to the 99th percentile of idle
 * times, 10 % wider at both ends, where the histogram is representative; else `fallback` slots. Its forecast by ARIMA for idle times that lie
 * beyond the histogram is left out.
 */
export function hybridWindow(counts: IdleCounts, fallback: number): WarmWindow {
  const { bins, beyond, within } = counts
  if (within === 0 || beyond > MOST_BEYOND * (within + beyond) || variationOf(bins, within) < LEAST_VARIATION)
    return { from: 1, to: fallback }
  const head = percentile(bins, within, HEAD)
  const tail = percentile(bins, within, TAIL)
  return { from: Math.max(1, Math.floor(head * (1 - MARGIN))), to: Math.ceil(tail * (1 + MARGIN)) }
}

/** Coefficient of variation of the bins' counts. */
function variationOf(bins: Float64Array, within: number): number {
  const mean = within / BINS
  let squares = 0
  for (let i = 1; i <= BINS; i++) squares += (bins[i]! - mean) ** 2
  return Math.sqrt(squares / BINS) / mean
}

function percentile(bins: Float64Array, within: number, share: number): number {
  let below = 0
  for (let gap = 1; gap <= BINS; gap++) {
    below += bins[gap]!
    if (below >= share * within) return gap
  }
  return BINS
}
