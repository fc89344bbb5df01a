import { CONTEXTS, type Evidence, VIEWS } from './evidence.ts'

/** How fast weights follow (AdaGrad). Between 0.02 and 0.2 little changes: docs/keep-alive.md. */
const RATE = 0.1
/** Experience of a server's own idle times that a cell starts with, in slots. */
const OWN_SLOTS = 0.5
/** A cell that has seen this many slots forgets half: habits change. */
const MOST_SEEN = 20_000
/** Weights start so that views that agree are believed a little more than one of them. */
const FIRST_WEIGHT = 1.2 / VIEWS.length
const FIRST_GRADIENT = 0.01
const LEAST_CHANCE = 1e-5
const WIDTH = VIEWS.length + 1
const BIAS = 0.3

/**
 * What all servers of a machine have taught together: for each cell of each view how often a use came, and how far each view is to be
 * believed. A view's answer is shrunk to the server's own idle times while its cell has seen little; answers are mixed by logistic
 * regression, one set of weights per context (logistic mixing, as in Mahoney's PAQ; AdaGrad: Duchi, Hazan and Singer 2011).
 * It grows no further: 150 KB, once per machine.
 */
export interface Odds {
  /** Per view, per cell: slots looked at, slots with a use. */
  readonly seen: readonly Float64Array[]
  readonly used: readonly Float64Array[]
  /** CONTEXTS rows of a weight per view and one for the constant; and the squared gradients of each so far. */
  readonly weights: Float64Array
  readonly squares: Float64Array
}

/** Odds without experience: a chance is then about what the server's own idle times say. */
export function newOdds(): Odds {
  const weights = new Float64Array(CONTEXTS * WIDTH)
  for (let i = 0; i < weights.length; i++) weights[i] = i % WIDTH === WIDTH - 1 ? 0 : FIRST_WEIGHT
  return {
    seen: VIEWS.map(({ cells }) => new Float64Array(cells)),
    used: VIEWS.map(({ cells }) => new Float64Array(cells)),
    weights,
    squares: new Float64Array(CONTEXTS * WIDTH).fill(FIRST_GRADIENT),
  }
}

/** The chance that the server is used in the slot of the evidence: 0 … 1, never quite either. Changes nothing. */
export function chanceOf(odds: Odds, evidence: Evidence): number {
  const from = evidence.context * WIDTH
  let sum = odds.weights[from + WIDTH - 1]! * BIAS
  for (let view = 0; view < VIEWS.length; view++)
    sum += odds.weights[from + view]! * logitOf(odds, evidence, view)
  return Math.min(1 - LEAST_CHANCE, Math.max(LEAST_CHANCE, 1 / (1 + Math.exp(-sum))))
}

/** Takes in what came of a slot. Once for each slot that has passed, whatever was decided about it. */
export function learn(odds: Odds, evidence: Evidence, used: boolean): void {
  const error = (used ? 1 : 0) - chanceOf(odds, evidence)
  const from = evidence.context * WIDTH
  for (let view = 0; view < WIDTH; view++) {
    const at = from + view
    const gradient = error * (view === VIEWS.length ? BIAS : logitOf(odds, evidence, view))
    odds.squares[at]! += gradient * gradient
    odds.weights[at]! += (RATE * gradient) / Math.sqrt(odds.squares[at]!)
  }
  for (let view = 0; view < VIEWS.length; view++) {
    const cell = evidence.cells[view]!
    const seen = odds.seen[view]!
    const uses = odds.used[view]!
    seen[cell]! += 1
    if (used) uses[cell]! += 1
    if (seen[cell]! <= MOST_SEEN) continue
    seen[cell]! /= 2
    uses[cell]! /= 2
  }
}

function logitOf(odds: Odds, { cells, own }: Evidence, view: number): number {
  const cell = cells[view]!
  const share = (odds.used[view]![cell]! + OWN_SLOTS * own) / (odds.seen[view]![cell]! + OWN_SLOTS)
  const chance = Math.min(1 - 1e-4, Math.max(LEAST_CHANCE, share))
  return Math.log(chance / (1 - chance))
}

/** Odds as plain data for JSON: only cells with experience, [view, cell, seen, used]. */
export function oddsData({ seen, used, weights, squares }: Odds): object {
  const cells = seen.flatMap((table, view) =>
    Array.from(table.keys())
      .filter((cell) => table[cell]! > 0)
      .map((cell) => [view, cell, table[cell]!, used[view]![cell]!]),
  )
  return { cells, weights: [...weights], squares: [...squares] }
}

/** Odds from what oddsData gave; undefined for anything else, whatever is wrong with it. */
export function readOdds(value: unknown): Odds | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { cells, weights, squares } = value as Record<string, unknown>
  const odds = newOdds()
  if (!filled(odds.weights, weights, Number.NEGATIVE_INFINITY)) return undefined
  if (!filled(odds.squares, squares, 0) || !Array.isArray(cells)) return undefined
  for (const row of cells) {
    if (!Array.isArray(row)) return undefined
    const [view, cell, seen, used] = row as (number | undefined)[]
    if (odds.seen[view!]?.[cell!] === undefined) return undefined
    if (!(Number.isFinite(seen) && used! >= 0 && used! <= seen!)) return undefined
    odds.seen[view!]![cell!] = seen!
    odds.used[view!]![cell!] = used!
  }
  return odds
}

function filled(into: Float64Array, values: unknown, above: number): boolean {
  if (!Array.isArray(values) || values.length !== into.length) return false
  if (!values.every((value) => typeof value === 'number' && Number.isFinite(value) && value > above))
    return false
  into.set(values)
  return true
}
