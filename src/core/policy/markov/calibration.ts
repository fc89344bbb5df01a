/** A guess that was made and whether it was right. */
export interface Guess {
  readonly score: number
  readonly isRight: boolean
}

/** One stretch of scores: up to which score, how often such guesses were right, and how often they are at least. */
export interface CalibrationStep {
  readonly upTo: number
  readonly probability: number
  readonly atLeast: number
}

/** Steps by rising score. */
export type Calibration = readonly CalibrationStep[]

/** Guesses of one step at least: fewer say little. */
const MIN_GUESSES = 30
const MAX_STEPS = 25
/** One-sided 95 %. */
const Z = 1.645
/** Guesses of one session stand or fall together, so that so many count as one. */
const GUESSES_PER_FACT = 3

/** How often guesses up to these scores were right in public traffic of other people, each set counting alike; pairs with default-weights.ts. */
const ELSEWHERE: readonly (readonly [upTo: number, share: number])[] = [
  [0.2, 0.16],
  [0.3, 0.25],
  [0.4, 0.39],
  [0.5, 0.48],
  [0.6, 0.55],
  [0.7, 0.64],
  [0.8, 0.72],
  [0.9, 0.75],
  [0.95, 0.88],
  [0.98, 0.93],
  [1, 0.96],
]
/** Guesses that this counts as, in each step. */
const ELSEWHERE_GUESSES = 30

/**
 * How often guesses of each score are right: shares of stretches with as many guesses each, drawn to what is so elsewhere and made monotone by
 * pooling adjacent violators (Ayer and others, 1955), and Wilson's lower bound of each (Wilson, Probable inference, 1927).
 */
export function calibrate(guesses: readonly Guess[]): Calibration {
  const sorted = [...guesses].sort((a, b) => a.score - b.score)
  const steps = Math.min(MAX_STEPS, Math.floor(sorted.length / MIN_GUESSES))
  const parts =
    steps === 0
      ? ELSEWHERE.map(([upTo, share]) => ({ upTo, n: ELSEWHERE_GUESSES, right: share * ELSEWHERE_GUESSES }))
      : Array.from({ length: steps }, (_, i) =>
          poolOf(sorted.slice(at(i, steps, sorted.length), at(i + 1, steps, sorted.length))),
        )
  const pools: Pool[] = []
  for (const part of parts) {
    pools.push(part)
    while (pools.length > 1 && share(pools.at(-2)!) >= share(pools.at(-1)!)) {
      const [low, high] = pools.splice(-2) as [Pool, Pool]
      pools.push({ upTo: high.upTo, n: low.n + high.n, right: low.right + high.right })
    }
  }
  let bound = 0
  return pools.map((pool, i) => {
    const probability = share(pool)
    bound = Math.max(bound, wilsonLower(probability, pool.n / GUESSES_PER_FACT))
    return { upTo: i === pools.length - 1 ? 1 : pool.upTo, probability, atLeast: bound }
  })
}

interface Pool {
  readonly upTo: number
  readonly n: number
  readonly right: number
}

/** Guesses of a stretch, with those of elsewhere. */
function poolOf(guesses: readonly Guess[]): Pool {
  const weight = ELSEWHERE_GUESSES / guesses.length
  let right = 0
  for (const { score, isRight } of guesses) {
    const elsewhere = ELSEWHERE.find(([upTo]) => score <= upTo) ?? ELSEWHERE.at(-1)!
    right += Number(isRight) + weight * elsewhere[1]
  }
  return { upTo: guesses.at(-1)!.score, n: guesses.length + ELSEWHERE_GUESSES, right }
}

function at(part: number, parts: number, length: number): number {
  return Math.floor((part * length) / parts)
}

/** What a score is worth. Without any calibration the score is believed and nothing is sure. */
export function calibrated(
  calibration: Calibration,
  score: number,
): { readonly probability: number; readonly atLeast: number } {
  const step = calibration.find(({ upTo }) => score <= upTo) ?? calibration.at(-1)
  return step ?? { probability: score, atLeast: 0 }
}

/** Lower end of Wilson's interval of a share of n. */
export function wilsonLower(p: number, n: number, z = Z): number {
  const z2 = z * z
  const centre = p + z2 / (2 * n)
  const spread = z * Math.sqrt((p * (1 - p)) / n + z2 / (4 * n * n))
  return Math.max(0, (centre - spread) / (1 + z2 / n))
}

function share({ right, n }: { readonly right: number; readonly n: number }): number {
  return right / n
}
