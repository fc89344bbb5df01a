import type { Ledger } from './facts/ledger.ts'
import type { Unit } from './facts/unit.ts'
import type { Embed } from './model/embed.ts'

/** How well the statements of an original are covered by a compressed text; all are cosines, 1 for what did not change. */
export interface Coverage {
  readonly mean: number
  readonly p5: number
  readonly min: number
  /** Statements that were judged. */
  readonly statements: number
  /** Statements that nothing covers well, the least covered first. */
  readonly uncovered: readonly Unit[]
  /** Statements beyond the bound of pieces: they count as their words in common. */
  readonly estimated: number
}

/** What coverage is measured with. */
export interface CoverageOptions {
  readonly embed: Embed
  /** Word pieces of a text. */
  readonly pieces: (text: string) => number
  /** Pieces to embed at most. */
  readonly maxPieces: number
  /** Statements left out behind a handle are not asked for. */
  readonly withoutDropped: boolean
  /** Below it a statement is uncovered. */
  readonly bound: number
}

/** Statements of the compressed text that one of the original is compared with: those that have most words in common. */
const CANDIDATES = 3

interface Question {
  readonly unit: Unit
  readonly candidates: readonly Unit[]
}

/**
 * For each statement of the original its best match in the compressed text; what is put in counts too, by its best match in the original.
 * Only statements that changed are embedded, and of the others only those that they are compared with.
 */
export async function coverageOf(
  statements: Ledger['statements'],
  { embed, pieces, maxPieces, withoutDropped, bound }: CoverageOptions,
): Promise<Coverage> {
  const { original, compressed, alike, dropped, added } = statements
  const inCompressed = once(() => nearestBy(compressed))
  const inOriginal = once(() => nearestBy(original))
  const questions: Question[] = [
    ...alike.map(([unit, partner]) => ({
      unit,
      candidates: [partner, ...inCompressed()(unit).slice(0, CANDIDATES - 1)],
    })),
    ...(withoutDropped ? [] : dropped.map((unit) => ({ unit, candidates: inCompressed()(unit) }))),
    ...added.map((unit) => ({ unit, candidates: inOriginal()(unit) })),
  ]
  const { asked, texts } = withinBound(questions, pieces, maxPieces)
  const vectors = new Map<string, Float32Array>()
  for (const [i, vector] of (texts.length === 0 ? [] : await embed(texts)).entries())
    vectors.set(texts[i]!, vector)
  const found = questions.map(({ unit, candidates }, i) => {
    const vector = i < asked ? vectors.get(unit.text)! : undefined
    const best = candidates.reduce(
      (most, other) =>
        Math.max(most, vector === undefined ? common(unit, other) : cosine(vector, vectors.get(other.text)!)),
      0,
    )
    return { unit, best: Math.min(1, best) }
  })
  const judged = withoutDropped ? original.length - dropped.length : original.length
  const unchanged = Math.max(0, judged + added.length - questions.length)
  const unchangedWeight =
    weightOf(original) +
    weightOf(added) -
    weightOf(questions.map(({ unit }) => unit)) -
    (withoutDropped ? weightOf(dropped) : 0)
  return {
    statements: questions.length + unchanged,
    ...summaryOf(found, unchanged, unchangedWeight),
    uncovered: found
      .filter(({ best }) => best < bound)
      .sort((a, b) => a.best - b.best)
      .map(({ unit }) => unit)
      .filter((unit) => !added.includes(unit)),
    estimated: questions.length - asked,
  }
}

/** As many questions as the bound allows, in their order, and the texts that they need, each once. */
function withinBound(
  questions: readonly Question[],
  pieces: (text: string) => number,
  maxPieces: number,
): { readonly asked: number; readonly texts: readonly string[] } {
  const texts = new Set<string>()
  let [left, asked] = [maxPieces, 0]
  for (const { unit, candidates } of questions) {
    const fresh = [unit, ...candidates].map(({ text }) => text).filter((text) => !texts.has(text))
    left -= [...new Set(fresh)].reduce((sum, text) => sum + pieces(text), 0)
    if (left < 0) break
    for (const text of fresh) texts.add(text)
    asked++
  }
  return { asked, texts: [...texts] }
}

/** Finds the units of a list that have most words in common with another. */
function nearestBy(units: readonly Unit[]): (unit: Unit) => readonly Unit[] {
  const postings = new Map<string, Set<Unit>>()
  for (const unit of units)
    for (const { text } of unit.atoms) postings.get(text)?.add(unit) ?? postings.set(text, new Set([unit]))
  return (unit) => {
    const scores = new Map<Unit, number>()
    for (const text of new Set(unit.atoms.map((atom) => atom.text))) {
      const all = postings.get(text)
      // What stands everywhere leads nowhere.
      if (all === undefined || (all.size > MAX_POSTINGS && scores.size > 0)) continue
      let taken = 0
      for (const other of all) {
        scores.set(other, (scores.get(other) ?? 0) + 1 / all.size)
        if (++taken === MAX_POSTINGS) break
      }
    }
    return [...scores]
      .sort((a, b) => b[1] - a[1])
      .slice(0, CANDIDATES)
      .map(([other]) => other)
  }
}

const MAX_POSTINGS = 50

/** Made when it is first asked for: most verdicts need neither. */
function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => {
    made ??= make()
    return made
  }
}

/** Share of atoms in common. */
function common(a: Unit, b: Unit): number {
  const [x, y] = [new Set(a.atoms.map(({ text }) => text)), new Set(b.atoms.map(({ text }) => text))]
  let both = 0
  for (const text of x) if (y.has(text)) both++
  return (2 * both) / Math.max(1, x.size + y.size)
}

function cosine(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!
  return sum
}

function weightOf(units: readonly Unit[]): number {
  return units.reduce((sum, { atoms }) => sum + atoms.length, 0)
}

function summaryOf(
  found: readonly { readonly unit: Unit; readonly best: number }[],
  unchanged: number,
  unchangedWeight: number,
): Pick<Coverage, 'mean' | 'p5' | 'min'> {
  const sorted = found.map(({ best }) => best).sort((a, b) => a - b)
  const all = sorted.length + unchanged
  if (all === 0) return { mean: 1, p5: 1, min: 1 }
  const weight = Math.max(0, unchangedWeight) + weightOf(found.map(({ unit }) => unit))
  const sum =
    Math.max(0, unchangedWeight) +
    found.reduce((total, { unit, best }) => total + best * unit.atoms.length, 0)
  return {
    mean: sum / Math.max(1, weight),
    p5: sorted[Math.floor(0.05 * (all - 1))] ?? 1,
    min: sorted[0] ?? 1,
  }
}
