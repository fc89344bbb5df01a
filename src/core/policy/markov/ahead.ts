import { type Calibration, calibrate, calibrated, type Guess } from './calibration.ts'
import type { Prediction } from './predictor.ts'
import type { Call } from './traffic.ts'

/** How likely a server is to be used soon. */
export interface Foreseen {
  readonly server: string
  /** Chance that the next call goes to it, as the model says. */
  readonly score: number
  /** What the chance of a use within the next calls is at least, by how often guesses of such a score came true; 0 … 1. */
  readonly atLeast: number
  /** The session did not use it yet. */
  readonly isNew: boolean
}

/** How often servers of a score were used soon: those that the session had not used yet, and those that it had. */
export interface Ahead {
  readonly first: Calibration
  readonly again: Calibration
}

/** "Soon": within so many calls, and within this time of the call before. */
const SOON_CALLS = 10
/** Longest that a server is held for a guess; pairs with HOLD_MS in daemon/advisor.ts. */
const SOON_MS = 5 * 60_000
/** Guesses about one server in calls one after the other stand or fall together. */
const APART_CALLS = 3
/** Servers that are less likely than this are no guess. */
const LEAST_SCORE = 0.02
/** Servers that are looked at, of each kind. */
export const LOOKED_AT = 12

/** The chance of each server to have the next call. New ones share what all of them have, as the ranking of first uses says. */
export function scoresOf({ servers, newServers }: Prediction): readonly Omit<Foreseen, 'atLeast'>[] {
  const unused = servers.filter(({ isNew }) => isNew).reduce((sum, { probability }) => sum + probability, 0)
  return [
    ...servers
      .filter(({ isNew }) => !isNew)
      .map(({ server, probability }) => ({ server, score: probability, isNew: false })),
    ...newServers.map(({ server, probability }) => ({ server, score: unused * probability, isNew: true })),
  ].filter(({ score }) => score >= LEAST_SCORE)
}

/** Takes the guesses of a replay and says how often they came true. */
export class AheadGuesses {
  readonly #first: Guess[] = []
  readonly #again: Guess[] = []

  /** A session begins: the returned function takes what was predicted before its i-th call. */
  session(calls: readonly Call[]): (i: number, prediction: Prediction) => void {
    const guessedAt = new Map<string, number>()
    return (i, prediction) => {
      for (const { server, score, isNew } of scoresOf(prediction)) {
        if (i - (guessedAt.get(server) ?? Number.NEGATIVE_INFINITY) < APART_CALLS) continue
        guessedAt.set(server, i)
        const guesses = isNew ? this.#first : this.#again
        guesses.push({ score, isRight: isUsedSoon(calls, i, server) })
      }
    }
  }

  calibration(): Ahead {
    return { first: calibrate(this.#first), again: calibrate(this.#again) }
  }
}

function isUsedSoon(calls: readonly Call[], i: number, server: string): boolean {
  const sinceMs = calls[i - 1]?.atMs ?? calls[i]?.atMs
  return calls
    .slice(i, i + SOON_CALLS)
    .some((call) => call.server === server && !(call.atMs! - sinceMs! > SOON_MS))
}

/** What is foreseen of servers, likeliest first. */
export function foreseenIn(prediction: Prediction, ahead: Ahead): readonly Foreseen[] {
  return scoresOf(prediction)
    .map((one) => ({ ...one, atLeast: boundOf(one.isNew ? ahead.first : ahead.again, one.score) }))
    .sort((a, b) => b.atLeast - a.atLeast || b.score - a.score)
}

/** Below what was seen, less is certain: nothing at 0. */
function boundOf(calibration: Calibration, score: number): number {
  const { atLeast } = calibrated(calibration, score)
  const seenTo = calibration[0]?.upTo ?? 1
  return score < seenTo ? (atLeast * score) / seenTo : atLeast
}
