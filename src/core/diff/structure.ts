import { matchRuns, numbered } from './match.ts'
import { type Kind, kindOf, type Section, sectionsOf } from './sections.ts'
import { linesOf } from './text.ts'

/** What became of a section; lines are those of the text that it is in. */
export interface SectionChange {
  readonly what: 'added' | 'removed' | 'moved' | 'renamed' | 'changed'
  readonly name: string
  /** Its former name, where it was renamed. */
  readonly formerName?: string
  /** In the base; absent for what was added. */
  readonly base?: Section
  /** In the next text; absent for what was removed. */
  readonly next?: Section
}

/** What became of the sections of a text, in the order of the next one, what was removed last. */
export function sectionChanges(base: string, next: string, kind?: Kind): readonly SectionChange[] {
  const [a, b] = [linesOf(base), linesOf(next)]
  const both = kind ?? kindOf(b.length > 0 ? b : a)
  return changesOf(a, sectionsOf(a, both), b, sectionsOf(b, both))
}

/**
 * The same of sections that are known. A section is the same where name and text are; moved, where those that stayed in their order pass it by;
 * renamed, where everything but its first line is the same; changed, where its name is.
 */
export function changesOf(
  baseLines: readonly string[],
  base: readonly Section[],
  nextLines: readonly string[],
  next: readonly Section[],
): readonly SectionChange[] {
  const [aIds, bIds] = numbered(
    base.map((section) => keyOf(baseLines, section)),
    next.map((section) => keyOf(nextLines, section)),
  )
  const [fromBase, toNext] = [new Set(base.keys()), new Set(next.keys())]
  for (const { a, b, length } of matchRuns(aIds, bIds))
    for (let i = 0; i < length; i++) {
      fromBase.delete(a + i)
      toNext.delete(b + i)
    }
  const found: (SectionChange & { readonly order: number })[] = []
  const pair = (what: SectionChange['what'], keyIn: KeyIn, more: (was: Section) => object = () => ({})) => {
    const places = new Map<string, number[]>()
    for (const i of fromBase) {
      const key = keyIn(baseLines, base[i]!)
      if (key !== undefined) places.set(key, [...(places.get(key) ?? []), i])
    }
    for (const i of toNext) {
      const was = places.get(keyIn(nextLines, next[i]!) ?? '')?.shift()
      if (was === undefined) continue
      fromBase.delete(was)
      toNext.delete(i)
      found.push({
        what,
        name: next[i]!.name,
        base: base[was]!,
        next: next[i]!,
        order: i,
        ...more(base[was]!),
      })
    }
  }
  pair('moved', keyOf)
  pair('changed', (_, { name }) => name)
  pair('renamed', bodyOf, ({ name }) => ({ formerName: name }))
  for (const i of toNext) found.push({ what: 'added', name: next[i]!.name, next: next[i]!, order: i })
  for (const i of fromBase)
    found.push({ what: 'removed', name: base[i]!.name, base: base[i]!, order: next.length + i })
  return found.sort((one, other) => one.order - other.order).map(({ order: _, ...change }) => change)
}

/** Less, as a closing bracket, many sections have in common. */
const MIN_BODY_CHARS = 16

type KeyIn = (lines: readonly string[], section: Section) => string | undefined

function keyOf(lines: readonly string[], { name, from, to }: Section): string {
  return `${name}\n${lines.slice(from - 1, to).join('')}`
}

/** Everything but its first line; undefined where that is nothing to go by. */
function bodyOf(lines: readonly string[], { from, to }: Section): string | undefined {
  const body = lines.slice(from, to).join('')
  return body.replace(/\s+/g, '').length < MIN_BODY_CHARS ? undefined : body
}
