import { median, quantile } from '../../bench/statistics.ts'
import {
  type Band,
  type Calibration,
  type ClassFactor,
  ENOUGH_STEPS,
  type ModelCalibration,
  PUBLISHED,
} from '../../tokens/calibration.ts'
import { CONTENT_CLASSES, type ContentClass } from '../../tokens/content-class.ts'
import { type Prior, robustLeastSquares } from './robust-least-squares.ts'
import { countedOf, type Step } from './step.ts'

/** What a kind's leaning towards the overall factor weighs, in steps. */
const PRIOR_STEPS = 0.5
/** What numbered lines take is known this well only, relatively; it is part of a kind's band as far as its steps had them. */
const NUMBERS_UNSURE = 0.3
/**
 * What the number before a line, and the frame of a result, are thought to take more than is counted, and how far off that may be, in
 * tokens: for a number o200k takes one more than the Claude table, a model that takes 1.3 times as much of everything 0.9 more. What steps
 * say is bounded: small files are not like large ones, and that must not become a frame below nothing.
 */
const PER_LINE = { mean: 0.7, deviation: 0.4, low: -2, high: 4 }
const PER_RESULT = { mean: 12, deviation: 15, low: 4, high: 300 }
/** How far steps of one kind are from each other, relative to what is counted; it is what prior deviations are measured by. */
const SPREAD = 0.05
/** A step of fewer counted tokens weighs less, as what is unseen in it weighs more. */
const FULL_WEIGHT = 1000
/** From this share of a step's count on, the step says something of a kind's spread. */
const MOSTLY = 0.6

/**
 * Learns each model's factors from its steps: tokens = sum over kinds of factor x counted + (counted + perLine) of the line numbers +
 * perResult x results, relative to what was counted, by robust least squares with a ridge towards the factor of all text together, so that
 * kinds with few steps shrink to it. The bands are the 10th and 90th percentile of real / estimated over a kind's own steps, further out by
 * what is not sure about line numbers, and where there are fewer than ENOUGH_STEPS at least as wide as that of all steps, or as published.
 * Models come with the one used last first. Throws nothing; no steps give no models.
 */
export function fitFactors(steps: readonly Step[], table: string): Calibration {
  const byModel = new Map<string, Step[]>()
  for (const step of steps) {
    const own = byModel.get(step.model)
    if (own === undefined) byModel.set(step.model, [step])
    else own.push(step)
  }
  const latest = (of: readonly Step[]) => of.reduce((most, { atMs }) => Math.max(most, atMs), 0)
  const models = [...byModel].sort(([, a], [, b]) => latest(b) - latest(a))
  return { table, models: models.map(([model, own]) => fitModel(model, own)) }
}

function fitModel(model: string, steps: readonly Step[]): ModelCalibration {
  const seen = CONTENT_CLASSES.filter((name) => steps.some(({ byClass }) => (byClass[name] ?? 0) > 0))
  const rows = steps.map((step) => {
    const counted = countedOf(step)
    const parts = [...seen.map((name) => step.byClass[name] ?? 0), step.lines, step.results]
    const scale = Math.sqrt(Math.min(1, counted / FULL_WEIGHT)) / counted
    return { x: parts.map((part) => part * scale), y: (step.tokens - step.lineNumbers) * scale }
  })
  // First with one factor for all, to which the kinds then lean.
  const together = rows.map(({ x, y }) => ({
    x: [x.slice(0, -2).reduce((sum, part) => sum + part, 0), ...x.slice(-2)],
    y,
  }))
  const one = robustLeastSquares(together, [
    { mean: 1, weight: 1e-3 },
    priorOf(PER_LINE),
    priorOf(PER_RESULT),
  ])
  const overall = one[0]!
  const classPriors = seen.map(() => ({ mean: overall, weight: PRIOR_STEPS }))
  const solved = (line: Prior, result: Prior) => robustLeastSquares(rows, [...classPriors, line, result])
  const free = solved(priorOf(PER_LINE), priorOf(PER_RESULT)).slice(-2) as [number, number]
  const [perLine, perResult] = [within(free[0], PER_LINE), within(free[1], PER_RESULT)]
  const solution = solved(fixed(perLine), fixed(perResult))
  const factors = new Map(seen.map((name, i) => [name, solution[i]!]))

  const ratios = (of: readonly Step[]) =>
    of.map((step) => {
      const besides = step.lineNumbers + perLine * step.lines + perResult * step.results
      const text = seen.reduce((sum, name) => sum + factors.get(name)! * (step.byClass[name] ?? 0), 0)
      return (step.tokens - besides) / text
    })
  const unsure = (of: readonly Step[]) => {
    const shares = of.map(
      (step) => (step.lineNumbers + perLine * step.lines) / (countedOf(step) - step.lineNumbers),
    )
    return of.length === 0 ? 0 : NUMBERS_UNSURE * Math.max(0, median(shares))
  }
  const all = factorOf(textFactor(steps, factors, seen) ?? overall, ratios(steps), unsure(steps))
  const classes = seen.map((name) => {
    const own = steps.filter((step) => (step.byClass[name] ?? 0) >= MOSTLY * countedOf(step))
    return [name, classFactor(factors.get(name)!, ratios(own), unsure(own), all)] as const
  })
  return {
    model,
    overall: all,
    classes: Object.fromEntries(classes.filter(([, { n }]) => n > 0)),
    perLine: rounded(perLine),
    perResult: rounded(perResult),
  }
}

function priorOf({ mean, deviation }: { readonly mean: number; readonly deviation: number }): Prior {
  return { mean, weight: (SPREAD / deviation) ** 2 }
}

function fixed(mean: number): Prior {
  return { mean, weight: 1e9 }
}

function within(value: number, { low, high }: { readonly low: number; readonly high: number }): number {
  return Math.min(high, Math.max(low, value))
}

/** Of all text together, without line numbers and frames. */
function textFactor(
  steps: readonly Step[],
  factors: ReadonlyMap<ContentClass, number>,
  seen: readonly ContentClass[],
): number | undefined {
  const each = steps.flatMap(({ byClass }) => {
    const counted = seen.reduce((sum, name) => sum + (byClass[name] ?? 0), 0)
    const real = seen.reduce((sum, name) => sum + factors.get(name)! * (byClass[name] ?? 0), 0)
    return counted === 0 ? [] : [real / counted]
  })
  return each.length === 0 ? undefined : median(each)
}

function factorOf(factor: number, ratios: readonly number[], unsure: number): ClassFactor {
  const n = ratios.length
  const seen = bandOf(ratios, unsure)
  const published = { low: PUBLISHED.low / factor, high: PUBLISHED.high / factor }
  return { factor: rounded(factor), n, band: n < ENOUGH_STEPS ? wider(seen, published) : seen }
}

function classFactor(
  factor: number,
  ratios: readonly number[],
  unsure: number,
  overall: ClassFactor,
): ClassFactor {
  const n = ratios.length
  if (n === 0) return { ...overall, n }
  const seen = bandOf(ratios, unsure)
  return { factor: rounded(factor), n, band: n < ENOUGH_STEPS ? wider(seen, overall.band) : seen }
}

/** 10th to 90th percentile, further out by what is not sure; 1, what is estimated, is always in it. */
function bandOf(ratios: readonly number[], unsure: number): Band {
  const [low, high] = [quantile(ratios, 0.1) - unsure, quantile(ratios, 0.9) + unsure]
  return wider({ low: 1, high: 1 }, { low: Math.max(0, low), high })
}

function wider(a: Band, b: Band): Band {
  return { low: rounded(Math.min(a.low, b.low)), high: rounded(Math.max(a.high, b.high)) }
}

function rounded(value: number): number {
  return Math.round(value * 1e4) / 1e4
}
