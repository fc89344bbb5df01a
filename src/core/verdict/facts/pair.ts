import { commonPairs } from './sequence.ts'
import type { Unit } from './unit.ts'

/** Which unit of the compressed text stands for which of the original. */
export interface Pairing {
  /** The same statement, in its place; or elsewhere, where its words tell what it is about. */
  readonly same: readonly (readonly [Unit, Unit])[]
  /** The same words among other facts of their kind: a number under another heading. */
  readonly moved: readonly (readonly [Unit, Unit])[]
  /** Alike, not the same. */
  readonly alike: readonly (readonly [Unit, Unit])[]
  /** Of the original: nothing stands for them. */
  readonly dropped: readonly Unit[]
  /** Said once more in the original than in the compressed text, by the unit that stands for them. */
  readonly repeats: ReadonlyMap<Unit, number>
  /** Of the compressed text: they stand for nothing. */
  readonly added: readonly Unit[]
}

/** Below this share of common atoms two units have nothing to do with each other. */
const MIN_ALIKE = 0.34
/** Units that an atom may stand in and still lead to them. */
const MAX_POSTINGS = 40

/** Pairs the units of two texts. */
export function pairUnits(original: readonly Unit[], compressed: readonly Unit[]): Pairing {
  const same: [Unit, Unit][] = []
  const moved: [Unit, Unit][] = []
  const freeO = new Set(original.keys())
  const freeC = new Set(compressed.keys())
  const textsO = original.map((unit) => unit.same)
  const textsC = compressed.map((unit) => unit.same)
  for (const [i, j] of commonPairs(textsO, textsC)) {
    same.push([original[i]!, compressed[j]!])
    freeO.delete(i)
    freeC.delete(j)
  }
  pairMoved(original, compressed, { freeO, freeC, same, moved })
  const alike = pairAlike(original, compressed, freeO, freeC)
  const repeats = takeRepeats(original, freeO, same)
  return {
    same,
    moved,
    alike,
    repeats,
    dropped: [...freeO].map((i) => original[i]!),
    added: [...freeC].map((j) => compressed[j]!),
  }
}

interface Open {
  readonly freeO: Set<number>
  readonly freeC: Set<number>
  readonly same: [Unit, Unit][]
  readonly moved: [Unit, Unit][]
}

/** The same text elsewhere. Lines of one frame must keep their order; a line that does not say what it is about, its place. */
function pairMoved(
  original: readonly Unit[],
  compressed: readonly Unit[],
  { freeO, freeC, same, moved }: Open,
): void {
  const places = new Map<string, number[]>()
  for (const i of freeO) {
    const text = original[i]!.same
    places.get(text)?.push(i) ?? places.set(text, [i])
  }
  const frames = new Map<string, Set<string>>()
  for (const { frame, same: text } of original)
    frames.get(frame)?.add(text) ?? frames.set(frame, new Set([text]))
  for (const j of [...freeC]) {
    const unit = compressed[j]!
    const i = places.get(unit.same)?.shift()
    if (i === undefined) continue
    const isOnly = frames.get(unit.frame)!.size === 1
    const isFree = unit.isClear && (isOnly || keepsOrder(original, compressed, unit.frame))
    ;(isFree ? same : moved).push([original[i]!, unit])
    freeO.delete(i)
    freeC.delete(j)
  }
}

/** Whether the compressed units of a frame are some of the original's, in their order. */
function keepsOrder(original: readonly Unit[], compressed: readonly Unit[], frame: string): boolean {
  const wanted = original.filter((unit) => unit.frame === frame)
  let at = 0
  for (const unit of compressed) {
    if (unit.frame !== frame) continue
    while (at < wanted.length && wanted[at]!.same !== unit.same) at++
    if (at++ === wanted.length) return false
  }
  return true
}

/** Copies of a line that stands in the compressed text: left out, but said. */
function takeRepeats(
  original: readonly Unit[],
  freeO: Set<number>,
  same: readonly (readonly [Unit, Unit])[],
): ReadonlyMap<Unit, number> {
  const kept = new Map(same.map(([, unit]) => [unit.same, unit] as const))
  const repeats = new Map<Unit, number>()
  for (const i of [...freeO]) {
    const unit = kept.get(original[i]!.same)
    if (unit === undefined || unit.same === '') continue
    repeats.set(unit, (repeats.get(unit) ?? 0) + 1)
    freeO.delete(i)
  }
  return repeats
}

/** Each compressed unit that is left goes to the free original with which it has most in common, nearer ones first. */
function pairAlike(
  original: readonly Unit[],
  compressed: readonly Unit[],
  freeO: Set<number>,
  freeC: Set<number>,
): [Unit, Unit][] {
  const postings = new Map<string, number[]>()
  const textsO = new Map<number, ReadonlySet<string>>()
  for (const i of freeO) {
    const texts = textsOf(original[i]!)
    textsO.set(i, texts)
    for (const text of texts) postings.get(text)?.push(i) ?? postings.set(text, [i])
  }
  const found: { i: number; j: number; share: number; far: number }[] = []
  for (const j of freeC) {
    const texts = textsOf(compressed[j]!)
    if (texts.size === 0) {
      freeC.delete(j)
      continue
    }
    const near = Math.round((j * original.length) / Math.max(1, compressed.length))
    const common = new Map<number, number>()
    for (const text of texts) {
      const all = postings.get(text) ?? []
      for (const i of closest(all, near)) common.set(i, (common.get(i) ?? 0) + 1)
    }
    for (const [i, n] of common) {
      // A part of a sentence is all in it.
      const share = Math.max((2 * n) / (texts.size + textsO.get(i)!.size), (0.9 * n) / texts.size)
      if (share >= MIN_ALIKE && (hasWords(compressed[j]!) || !hasWords(original[i]!)))
        found.push({ i, j, share, far: Math.abs(i - near) })
    }
  }
  found.sort((a, b) => b.share - a.share || a.far - b.far)
  const pairs: [Unit, Unit][] = []
  for (const { i, j } of found) {
    if (!freeO.has(i) || !freeC.has(j)) continue
    pairs.push([original[i]!, compressed[j]!])
    freeO.delete(i)
    freeC.delete(j)
  }
  return pairs
}

/** A bare number is no part of a sentence: it may be anybody's. */
function hasWords({ atoms }: Unit): boolean {
  return atoms.some(
    ({ kind, isKey }) => isKey !== true && (kind === 'word' || kind === 'name' || kind === 'identifier'),
  )
}

function closest(all: readonly number[], near: number): readonly number[] {
  if (all.length <= MAX_POSTINGS) return all
  let [low, high] = [0, all.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (all[middle]! < near) low = middle + 1
    else high = middle
  }
  const from = Math.min(Math.max(0, low - MAX_POSTINGS / 2), all.length - MAX_POSTINGS)
  return all.slice(from, from + MAX_POSTINGS)
}

function textsOf(unit: Unit): ReadonlySet<string> {
  return new Set(
    unit.atoms.filter(({ kind }) => kind !== 'stop' && kind !== 'placeholder').map(({ text }) => text),
  )
}
