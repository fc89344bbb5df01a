import { breakEven } from './worth.ts'

/** What became of one guess that was worth a start. */
export interface Outcome {
  /** The session used the server while it was held for it. */
  readonly hit: boolean
  /** What a cold start of the server costs, ms. */
  readonly coldMs: number
  /** What a guess about it that does not come true costs, ms. */
  readonly missMs: number
}

/** Sums of everything that was started for a guess. */
export interface Sums {
  readonly acts: number
  readonly refused: number
  readonly hits: number
  readonly wasted: number
  /** Waiting that hits spared. */
  readonly savedMs: number
  /** MB × seconds that were held for nothing. */
  readonly wastedMbS: number
  /** What misses cost, as ms of waiting. */
  readonly costMs: number
}

/** The latest outcomes, oldest first, and the sums; plain data. */
export interface AdviceRecord {
  readonly outcomes: readonly Outcome[]
  readonly sums: Sums
}

/** What the latest outcomes say of going on. */
export interface Standing {
  readonly n: number
  readonly precision: number
  /** The precision at which what was spared and what was lost are equal. */
  readonly breakEven: number
  /** Why nothing is started; empty while it goes on. */
  readonly paused: string
}

/** Outcomes that are looked at. */
export const LATEST = 20
/** Fewer say nothing. */
const LEAST = 8

const NO_SUMS: Sums = { acts: 0, refused: 0, hits: 0, wasted: 0, savedMs: 0, wastedMbS: 0, costMs: 0 }

/** A record of nothing. */
export const NO_RECORD: AdviceRecord = { outcomes: [], sums: NO_SUMS }

/** The record with one more outcome. */
export function withOutcome({ outcomes, sums }: AdviceRecord, outcome: Outcome): AdviceRecord {
  return { outcomes: [...outcomes.slice(1 - LATEST), outcome], sums }
}

/** The record with these added to its sums. */
export function withSums({ outcomes, sums }: AdviceRecord, more: Partial<Sums>): AdviceRecord {
  const added = Object.fromEntries(
    Object.entries(sums).map(([name, value]) => [name, value + (more[name as keyof Sums] ?? 0)]),
  )
  return { outcomes, sums: added as unknown as Sums }
}

/**
 * Whether it pays: the share of the latest guesses that came true, against the one at which it is neither gain nor loss. Guesses go on being followed
 * while nothing is started, so that it resumes by itself.
 */
export function standingOf({ outcomes }: AdviceRecord): Standing {
  const n = outcomes.length
  if (n === 0) return { n, precision: 0, breakEven: 0, paused: '' }
  const mean = (of: (outcome: Outcome) => number) => outcomes.reduce((sum, one) => sum + of(one), 0) / n
  const precision = mean(({ hit }) => Number(hit))
  const even = breakEven(
    mean(({ coldMs }) => coldMs),
    mean(({ missMs }) => missMs),
  )
  const share = (value: number) => `${(100 * value).toFixed(0)} %`
  const paused =
    n >= LEAST && precision < even
      ? `of the latest ${n} guesses ${share(precision)} came true; below ${share(even)} it costs more than it spares`
      : ''
  return { n, precision, breakEven: even, paused }
}

/** A record that was kept as JSON; an empty one for anything that none of ours can be. */
export function readRecord(value: unknown): AdviceRecord {
  const { outcomes, sums } = Object(value)
  const isCount = (number: unknown) => typeof number === 'number' && Number.isFinite(number) && number >= 0
  const isOutcome = (one: unknown) => {
    const { hit, coldMs, missMs } = Object(one)
    return typeof hit === 'boolean' && isCount(coldMs) && coldMs > 0 && isCount(missMs)
  }
  if (!Array.isArray(outcomes) || !outcomes.every(isOutcome)) return NO_RECORD
  if (!Object.keys(NO_SUMS).every((name) => isCount(Object(sums)[name]))) return NO_RECORD
  return { outcomes: outcomes.slice(-LATEST), sums }
}
