import {
  type Band,
  type Calibration,
  type ClassFactor,
  ENOUGH_STEPS,
  type ModelCalibration,
  PUBLISHED,
} from './calibration.ts'
import { type ContentClass, contentClassOf } from './content-class.ts'
import { type CountTokens, loadCounter } from './count.ts'

/** The table that counts here; a calibration of another one is not used. */
export const TABLE = 'claude'

/** Estimates tokens of files' texts, and says how good that is. */
export interface Estimator {
  /** Estimated real tokens, a whole number from 0: what the table counts times the factor of the path's kind of text. */
  tokensOf(text: string, path: string): number
  /** Real tokens lie between these multiples of the estimate in 80 % of what was seen; as published without a calibration. */
  band(path: string): Band
  /** What the table's count is multiplied by; 1 without a calibration. */
  factor(path: string): number
  /** How it is counted, for people: `claude table`, or `claude table, as 312 results for MODEL were`. */
  readonly encoding: string
  /** The same for several paths, with the widest error among them: `claude table, -16 to +62 %`. */
  basisOf(paths: readonly string[]): string
  /** The same for one path, to stand behind a count: `claude table x 1.07, -4 to +8 %`. */
  basis(path: string): string
}

/**
 * An estimator for a model, else for the one used last of which enough is known, else of which most is. The first call in a thread loads the
 * table (0.1 s).
 */
export async function estimator(calibration?: Calibration, model?: string): Promise<Estimator> {
  return estimatorWith(await loadCounter(), calibration, model)
}

/** The same, with a counter that is there already. */
export function estimatorWith(count: CountTokens, calibration?: Calibration, model?: string): Estimator {
  const known = calibration?.table === TABLE ? choose(calibration.models, model) : undefined
  const of = (path: string): ClassFactor => factorOf(known, contentClassOf(path))
  const encoding =
    known === undefined
      ? `${TABLE} table`
      : `${TABLE} table, as ${known.overall.n} results for ${known.model} were`
  return {
    tokensOf: (text, path) => Math.round(count(text) * of(path).factor),
    band: (path) => of(path).band,
    factor: (path) => of(path).factor,
    encoding,
    basisOf: (paths) => {
      const bands = [...new Set(paths.map(contentClassOf))].map((kind) => factorOf(known, kind).band)
      if (bands.length === 0) return encoding
      const [low, high] = [
        Math.min(...bands.map((band) => band.low)),
        Math.max(...bands.map((band) => band.high)),
      ]
      return `${encoding}, ${percent(low)} to ${percent(high)} %`
    },
    basis: (path) => {
      const { factor, band } = of(path)
      return `${TABLE} table x ${factor.toFixed(2)}, ${percent(band.low)} to ${percent(band.high)} %`
    },
  }
}

function choose(models: readonly ModelCalibration[], model?: string): ModelCalibration | undefined {
  const named = models.find((one) => one.model === model)
  if (named !== undefined) return named
  const enough = models.find(({ overall }) => overall.n >= ENOUGH_STEPS)
  return enough ?? [...models].sort((a, b) => b.overall.n - a.overall.n)[0]
}

function factorOf(model: ModelCalibration | undefined, contentClass: ContentClass): ClassFactor {
  return model?.classes[contentClass] ?? model?.overall ?? { factor: 1, n: 0, band: PUBLISHED }
}

function percent(multiple: number): string {
  const by = Math.round((multiple - 1) * 100)
  return by > 0 ? `+${by}` : `${by}`
}
