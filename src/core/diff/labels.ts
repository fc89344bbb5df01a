import type { Hunk } from './patch.ts'
import type { Section } from './sections.ts'
import { changesOf, type SectionChange } from './structure.ts'

/** Two texts and their sections. */
export interface Divided {
  readonly base: readonly Section[]
  readonly next: readonly Section[]
  readonly baseLines: readonly string[]
  readonly nextLines: readonly string[]
}

/** More sections than this are not compared one by one: names of places are enough. */
const MAX_SECTIONS = 5_000

/**
 * For each hunk, what a reader is told of its place: `added: NAME` where a section begins in its new lines, `removed: NAME`, `moved: NAME`,
 * `renamed: NAME`, else the name of the section that it lies in; empty where that has none, or is the one before. `ranges`: new lines of each hunk, counted from 0.
 */
export function labelsOf(
  hunks: readonly Omit<Hunk, 'label'>[],
  ranges: readonly (readonly [from: number, to: number])[],
  { base, next, baseLines, nextLines }: Divided,
): readonly string[] {
  const changes = base.length + next.length > MAX_SECTIONS ? [] : changesOf(baseLines, base, nextLines, next)
  const structural = changes.filter(({ what }) => what !== 'changed')
  let last = ''
  return hunks.map((hunk, i) => {
    const change = structural.find((one) => isWhole(one, hunk, ranges[i]!))
    const name =
      change === undefined ? sectionAt(base, hunk, baseLines.length) : `${change.what}: ${change.name}`
    const label = name === last && change === undefined ? '' : name
    last = name
    return label
  })
}

/** Whether the hunk is what makes the change: the section begins in its new lines, or ends with those that go. */
function isWhole(
  { what, base, next }: SectionChange,
  { from, count }: Omit<Hunk, 'label'>,
  [nextFrom, nextTo]: readonly [number, number],
): boolean {
  const begins = next !== undefined && next.from > nextFrom && next.from <= nextTo
  const goes = base !== undefined && base.from >= from && base.to < from + count
  return what === 'removed' ? goes : what === 'moved' ? begins || goes : begins
}

function sectionAt(
  sections: readonly Section[],
  { from, count }: Omit<Hunk, 'label'>,
  lines: number,
): string {
  const line = Math.min(lines, count === 0 ? Math.max(1, from - 1) : from)
  let [low, high] = [0, sections.length - 1]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (sections[middle]!.from <= line) low = middle
    else high = middle - 1
  }
  return sections[low]?.name ?? ''
}
