import type { Lost } from '../../compress/verdict-type.ts'
import { type Atom, isBinding, isFact } from './atom.ts'
import { commonPairs } from './sequence.ts'
import type { Unit } from './unit.ts'

/** What two units that are alike say differently. */
export interface Difference {
  /** Another fact stands in its place, or it is gone and what is left says something else. */
  readonly changed: readonly Lost[]
  /** Gone, with nothing in its place. */
  readonly dropped: readonly Atom[]
}

/** Atoms that are left out at once, with a sign for it: then what binds them is gone with them. */
const MIN_CUT = 3

/** Compares a unit with the one that stands for it. `said` tells of a word whether the original has it anywhere. */
export function compareUnits(before: Unit, after: Unit, said: (text: string) => boolean): Difference {
  const a = before.atoms.filter(isCompared)
  const b = after.atoms.filter((atom) => isCompared(atom) || atom.kind === 'placeholder')
  const gaps = gapsOf(a, b)
  const gone = new Set(gaps.flatMap((gap) => gap.gone.map(({ text }) => text)))
  const placed = new Set(gaps.flatMap((gap) => gap.put.map(({ text }) => text)))
  const changed: Lost[] = []
  const dropped: Atom[] = []
  for (const gap of gaps) {
    const isCut = gap.isCut && (gap.isAtEnd || gap.gone.length >= MIN_CUT)
    const put = gap.put.filter((atom) => atom.kind !== 'placeholder')
    const blamed = new Set<Atom>()
    const blame = (atom: Atom, kind: string = atom.kind): void => {
      if (blamed.has(atom)) return
      blamed.add(atom)
      changed.push({ kind, text: atom.shown, line: atom.line })
    }
    const facts = gap.gone.filter(isFact)
    for (const atom of put) {
      const place = facts.find((one) => one.kind === atom.kind && !blamed.has(one)) ?? facts[0] ?? gap.gone[0]
      if (isFact(atom)) {
        // It stands elsewhere in the same statement: who does what to whom.
        if (gone.has(atom.text)) changed.push({ kind: 'role', text: atom.shown, line: before.line })
        else if (place === undefined)
          changed.push({ kind: atom.kind, text: `${atom.shown} (added)`, line: before.line })
        else blame(place, isFact(place) ? place.kind : atom.kind)
      } else if (gone.has(atom.text)) changed.push({ kind: 'role', text: atom.shown, line: before.line })
      else if (place !== undefined && isCapital(atom) && isCapital(place)) blame(place, 'name')
      else if (place !== undefined && (atom.kind === 'joint' || said(atom.text)))
        blame(place, isFact(place) ? place.kind : 'role')
    }
    for (const atom of facts) {
      if (blamed.has(atom) || placed.has(atom.text)) continue
      if (isBinding(atom) && !isCut) blame(atom)
      else dropped.push(atom)
    }
  }
  return { changed, dropped }
}

function isCapital({ shown }: Atom): boolean {
  return /^\p{Lu}/u.test(shown)
}

function isCompared({ kind }: Atom): boolean {
  return kind !== 'stop' && kind !== 'placeholder'
}

interface Gap {
  readonly gone: readonly Atom[]
  readonly put: readonly Atom[]
  readonly isAtEnd: boolean
  /** The compressed text says that something was left out there. */
  readonly isCut: boolean
}

function gapsOf(a: readonly Atom[], b: readonly Atom[]): Gap[] {
  const text = (atom: Atom) => (atom.isKey ? `${atom.text}\u0000` : atom.text)
  const pairs = commonPairs(a.map(text), b.map(text))
  const gaps: Gap[] = []
  let [i, j] = [0, 0]
  for (const [nextI, nextJ] of [...pairs, [a.length, b.length] as const]) {
    const put = b.slice(j, nextJ)
    if (nextI > i || put.length > 0)
      gaps.push({
        gone: a.slice(i, nextI),
        put,
        isAtEnd: i === 0 || nextI === a.length,
        isCut: put.some(({ kind }) => kind === 'placeholder'),
      })
    ;[i, j] = [nextI + 1, nextJ + 1]
  }
  return gaps
}
