import { EMPTY, type Histogram, quantile, withValue } from './histogram.ts'
import type { EnvelopeOptions } from './options.ts'

/** What one look at a server's memory found. */
export interface MemorySample {
  /** Milliseconds, from anywhere, but the same for all. */
  readonly atMs: number
  readonly mb: number
}

/** What is known of one server's memory. Plain data of a few hundred bytes: what is written as JSON can be read back. */
export interface Profile {
  readonly firstMs: number
  readonly lastMs: number
  readonly windowFromMs: number
  /** Highest of the window that is under way. */
  readonly windowMb: number
  /** Windows that are over. */
  readonly windows: number
  /** Peaks of windows. */
  readonly peaks: Histogram
  /** Of the peaks, MB: the middle, and the quantile that the soft limit is put on; 0 before a window is over. Read once a window. */
  readonly middleMb: number
  readonly quantileMb: number
  /** Peaks of the last windows, newest last. */
  readonly recentMb: readonly number[]
  /** Highest that is remembered: at once up, slowly down to the last peaks. */
  readonly topMb: number
  /** By how much a sample was above the recent peaks, as a share: what a limit made of those would have had to add. Fades by half-life. */
  readonly overRecent: number
  /** The same of the highest; fades with age, see keptOfTop(). */
  readonly overTop: number
}

/** Windows that count as recent: an hour. */
const RECENT = 12
/** A young server has seen at least so many windows by parts of its age. */
const PARTS = 8

/** The profile after one more sample; one that is older than the last counts as if it came now. */
export function withSample(
  profile: Profile | undefined,
  { atMs, mb }: MemorySample,
  options: EnvelopeOptions,
): Profile {
  if (profile === undefined)
    return {
      firstMs: atMs,
      lastMs: atMs,
      windowFromMs: atMs,
      windowMb: mb,
      windows: 0,
      peaks: EMPTY,
      middleMb: 0,
      quantileMb: 0,
      recentMb: [],
      topMb: mb,
      overRecent: 0,
      overTop: 0,
    }
  const nowMs = Math.max(atMs, profile.lastMs)
  const before = closed(profile, nowMs, options)
  const kept = 2 ** -((nowMs - before.lastMs) / options.memoryMs)
  return {
    ...before,
    lastMs: nowMs,
    windowMb: Math.max(before.windowMb, mb),
    topMb: Math.max(before.topMb, mb),
    overRecent: Math.max(before.overRecent * kept, mb / recentOf(before) - 1),
    overTop: Math.max(before.overTop * keptOfTop(before, nowMs, options), mb / before.topMb - 1),
  }
}

/** Highest of the last windows and the one under way, MB. */
export function recentOf({ recentMb, windowMb }: Profile): number {
  return Math.max(windowMb, ...recentMb)
}

/** How long the window that is under way is, ms. */
export function windowMsOf({ firstMs, windowFromMs }: Profile, options: EnvelopeOptions): number {
  return Math.min(options.windowMs, Math.max(options.youngWindowMs, (windowFromMs - firstMs) / PARTS))
}

function closed(profile: Profile, nowMs: number, options: EnvelopeOptions): Profile {
  if (nowMs - profile.windowFromMs < windowMsOf(profile, options)) return profile
  const { windowMb, topMb } = profile
  const recentMb = [...profile.recentMb, windowMb].slice(-RECENT)
  const kept = 2 ** -((nowMs - profile.windowFromMs) / options.memoryMs)
  const low = Math.max(...recentMb)
  const peaks = withValue(profile.peaks, windowMb, nowMs, options.halfLifeMs)
  return {
    ...profile,
    windowFromMs: nowMs,
    windowMb: 0,
    windows: profile.windows + 1,
    peaks,
    middleMb: quantile(peaks, 0.5),
    quantileMb: quantile(peaks, options.quantile),
    recentMb,
    topMb: low + (topMb - low) * kept,
  }
}

/**
 * How much of overTop is left. Among n values in any order the last is the highest with a chance of 1/n: what went beyond at one age counts
 * half at twice that age, and in an old server by half-life.
 */
function keptOfTop({ firstMs, lastMs }: Profile, nowMs: number, { memoryMs }: EnvelopeOptions): number {
  const ageMs = Math.max(1, nowMs - firstMs)
  if (ageMs >= memoryMs) return 2 ** -((nowMs - lastMs) / memoryMs)
  return Math.max(1, lastMs - firstMs) / ageMs
}
