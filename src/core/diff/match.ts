import { shortestMatches } from './shortest.ts'

/** `length` units that are the same in both sequences, from `a` in the first and from `b` in the second; counted from 0. */
export interface Run {
  readonly a: number
  readonly b: number
  readonly length: number
}

/** Work that is left, in comparisons. Where it runs out, what is not matched yet counts as different: a coarser diff, never a wrong one. */
export interface Work {
  left: number
}

/** About 15 ms; texts of 10,000 tokens that share most of their lines need a hundredth of it. */
export const DEFAULT_WORK = 2_000_000
/** A unit that occurs more often says nothing of which belongs to which. */
const MAX_RARE = 16

/** A stretch of both sequences; `to` is not in it. */
interface Gap {
  readonly aFrom: number
  readonly aTo: number
  readonly bFrom: number
  readonly bTo: number
}

/**
 * What two sequences of numbers share in the same order, as ascending runs that do not touch each other's units. The shortest difference (Myers,
 * "An O(ND) Difference Algorithm and Its Variations", 1986) where it is short; else the sequences are divided at the units that occur once in
 * both (Cohen's patience diff), or at the longest run around the rarest (JGit's histogram diff), and so on in what lies between.
 */
export function matchRuns(a: Int32Array, b: Int32Array, work: Work = { left: DEFAULT_WORK }): readonly Run[] {
  const runs: Run[] = []
  const gaps: Gap[] = [{ aFrom: 0, aTo: a.length, bFrom: 0, bTo: b.length }]
  for (let gap = gaps.pop(); gap !== undefined; gap = gaps.pop()) {
    const inner = withoutEnds(a, b, gap, runs)
    work.left -= gap.aTo - gap.aFrom + gap.bTo - gap.bFrom - (inner.aTo - inner.aFrom)
    if (inner.aFrom === inner.aTo || inner.bFrom === inner.bTo || work.left <= 0) continue
    const found =
      shortestMatches(a, b, inner, work, SHORT) ??
      divided(a, b, inner, work, gaps) ??
      shortestMatches(a, b, inner, work, LONG) ??
      []
    for (const run of found) runs.push(run)
  }
  return joined(runs.sort((one, other) => one.a - other.a))
}

/** Differences that are looked for before and after the sequences are divided. */
const SHORT = 128
const LONG = 500

/** Takes what a gap has in common at its beginning and its end into `runs`; what is left. */
function withoutEnds(a: Int32Array, b: Int32Array, gap: Gap, runs: Run[]): Gap {
  let { aFrom, aTo, bFrom, bTo } = gap
  while (aFrom < aTo && bFrom < bTo && a[aFrom] === b[bFrom]) {
    aFrom++
    bFrom++
  }
  while (aFrom < aTo && bFrom < bTo && a[aTo - 1] === b[bTo - 1]) {
    aTo--
    bTo--
  }
  if (aFrom > gap.aFrom) runs.push({ a: gap.aFrom, b: gap.bFrom, length: aFrom - gap.aFrom })
  if (aTo < gap.aTo) runs.push({ a: aTo, b: bTo, length: gap.aTo - aTo })
  return { aFrom, aTo, bFrom, bTo }
}

/** The anchors of a gap; what lies between them goes to `gaps`. Undefined where nothing divides it. */
function divided(
  a: Int32Array,
  b: Int32Array,
  gap: Gap,
  work: Work,
  gaps: Gap[],
): readonly Run[] | undefined {
  const places = placesIn(a, gap)
  const inB = countsIn(b, gap)
  work.left -= gap.aTo - gap.aFrom + gap.bTo - gap.bFrom
  const unique = uniqueAnchors(b, gap, places, inB)
  const anchors = unique.length > 0 ? unique : rarestRun(a, b, gap, places, inB, work)
  if (anchors.length === 0) return undefined
  let [aFrom, bFrom] = [gap.aFrom, gap.bFrom]
  for (const run of anchors) {
    gaps.push({ aFrom, aTo: run.a, bFrom, bTo: run.b })
    aFrom = run.a + run.length
    bFrom = run.b + run.length
  }
  gaps.push({ aFrom, aTo: gap.aTo, bFrom, bTo: gap.bTo })
  return anchors
}

type Places = ReadonlyMap<number, readonly number[]>
type Counts = ReadonlyMap<number, number>

/** Where each unit is; of one that occurs too often, one place more than may be. */
function placesIn(a: Int32Array, { aFrom, aTo }: Gap): Places {
  const places = new Map<number, number[]>()
  for (let at = aFrom; at < aTo; at++) {
    const known = places.get(a[at]!)
    if (known === undefined) places.set(a[at]!, [at])
    else if (known.length <= MAX_RARE) known.push(at)
  }
  return places
}

function countsIn(b: Int32Array, { bFrom, bTo }: Gap): Counts {
  const counts = new Map<number, number>()
  for (let at = bFrom; at < bTo; at++) counts.set(b[at]!, (counts.get(b[at]!) ?? 0) + 1)
  return counts
}

/** Units that both have once, the longest ascending choice of them (patience sorting). */
function uniqueAnchors(b: Int32Array, { bFrom, bTo }: Gap, places: Places, inB: Counts): readonly Run[] {
  /** By the length of the choice: its last pair, the one with the smallest place in `a`. */
  const piles: Pair[] = []
  for (let at = bFrom; at < bTo; at++) {
    const known = places.get(b[at]!)
    if (known?.length !== 1 || inB.get(b[at]!) !== 1) continue
    const place = known[0]!
    let [low, high] = [0, piles.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (piles[middle]!.a < place) low = middle + 1
      else high = middle
    }
    piles[low] = { a: place, b: at, before: piles[low - 1] }
  }
  const chosen: Run[] = []
  for (let pair = piles.at(-1); pair !== undefined; pair = pair.before)
    chosen.push({ a: pair.a, b: pair.b, length: 1 })
  return joined(chosen.reverse())
}

interface Pair {
  readonly a: number
  readonly b: number
  readonly before: Pair | undefined
}

/** The longest run through the rarest unit that both have; none where all occur too often. */
function rarestRun(
  a: Int32Array,
  b: Int32Array,
  gap: Gap,
  places: Places,
  inB: Counts,
  work: Work,
): readonly Run[] {
  let best: Run | undefined
  let fewest = MAX_RARE
  for (let at = gap.bFrom; at < gap.bTo && work.left > 0; at++) {
    work.left--
    const known = places.get(b[at]!)
    if (known === undefined || known.length > MAX_RARE) continue
    const rare = Math.max(known.length, inB.get(b[at]!) ?? 0)
    if (rare > fewest) continue
    for (const place of known) {
      const run = around(a, b, gap, place, at)
      work.left -= run.length
      if (best === undefined || rare < fewest || run.length > best.length) best = run
      fewest = rare
    }
  }
  return best === undefined ? [] : [best]
}

function around(a: Int32Array, b: Int32Array, gap: Gap, aAt: number, bAt: number): Run {
  let [from, to] = [0, 1]
  while (aAt + from > gap.aFrom && bAt + from > gap.bFrom && a[aAt + from - 1] === b[bAt + from - 1]) from--
  while (aAt + to < gap.aTo && bAt + to < gap.bTo && a[aAt + to] === b[bAt + to]) to++
  return { a: aAt + from, b: bAt + from, length: to - from }
}

/** Ascending runs, with those that go on in both sequences made one. */
function joined(runs: readonly Run[]): readonly Run[] {
  const all: { a: number; b: number; length: number }[] = []
  for (const { a, b, length } of runs) {
    const last = all.at(-1)
    if (last !== undefined && last.a + last.length === a && last.b + last.length === b) last.length += length
    else all.push({ a, b, length })
  }
  return all
}

/** Numbers for two sequences of strings, the same number for the same string. */
export function numbered(
  a: readonly string[],
  b: readonly string[],
): readonly [a: Int32Array, b: Int32Array] {
  const numbers = new Map<string, number>()
  const of = (strings: readonly string[]) => {
    const ids = new Int32Array(strings.length)
    for (let at = 0; at < strings.length; at++) {
      let id = numbers.get(strings[at]!)
      if (id === undefined) {
        id = numbers.size
        numbers.set(strings[at]!, id)
      }
      ids[at] = id
    }
    return ids
  }
  return [of(a), of(b)]
}
