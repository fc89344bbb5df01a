const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

/** What envelopes are reckoned by. Shares are of 1, memory is MB (2^20 bytes). */
export interface EnvelopeOptions {
  /** Of the samples in one window only the largest counts. */
  readonly windowMs: number
  /** Windows of a young server are an eighth of its age, and this long at least. */
  readonly youngWindowMs: number
  /** After this a window's peak counts half in the distribution. */
  readonly halfLifeMs: number
  /** Half-life of the highest peak, and of how far samples went beyond what was seen. */
  readonly memoryMs: number
  /** Of the decayed peaks, what the soft limit is put on. */
  readonly quantile: number
  readonly softMargin: number
  /** Above what was seen, of the hard limit, however steady the server. */
  readonly leastMargin: number
  /** Of the distance from the middle peak to the highest, what is added for peaks yet unseen. */
  readonly tail: number
  /** The last hour counts alone where it asks for so much less than all that is remembered. */
  readonly worthwhile: number
  /** Share by which a limit must be too high to be lowered. */
  readonly change: number
  /** The same once it has stood for halfLifeMs. */
  readonly settledChange: number
  /** A limit is not lowered sooner after it was set than so many windows of that age: ten minutes of an old server. */
  readonly holdWindows: number
  /** After a death for want of memory: what was used times this, or that much more. */
  readonly bumpFactor: number
  readonly bumpMb: number
  /** Half-life of what a death added beyond what was used. */
  readonly bumpHalfLifeMs: number
  /** No server is promised less. */
  readonly guaranteeMb: number
  /** Whether a server may have more than its hard limit while the ceiling has room: a sample above it then is no death. */
  readonly lends: boolean
}

/** Constants of the Kubernetes vertical pod autoscaler brought down from days and clusters to hours and one machine; docs/envelopes.md. */
export const ENVELOPE_OPTIONS: EnvelopeOptions = {
  windowMs: 5 * MINUTE_MS,
  youngWindowMs: 15 * SECOND_MS,
  halfLifeMs: 2 * HOUR_MS,
  memoryMs: 72 * HOUR_MS,
  quantile: 0.9,
  softMargin: 0.15,
  leastMargin: 0.03,
  tail: 0.25,
  worthwhile: 0.15,
  change: 0.1,
  settledChange: 0.03,
  holdWindows: 2,
  bumpFactor: 1.2,
  bumpMb: 100,
  bumpHalfLifeMs: 30 * MINUTE_MS,
  guaranteeMb: 32,
  lends: true,
}

/** A server has so many times its hard limit at most, lent or raised: what goes on growing is a leak. */
export const MOST = 2
