import type { Lost } from '../../compress/verdict-type.ts'
import { type Atom, type AtomKind, isFact } from './atom.ts'
import { compareUnits } from './compare.ts'
import { unmark, withoutEscapes } from './marker.ts'
import { isPage, saidByPage } from './page.ts'
import { type Pairing, pairUnits } from './pair.ts'
import { type Row, rowsOf, unitsOfRows } from './rows.ts'
import { isSameData } from './same-data.ts'
import { type Unit, unitsOfText } from './unit.ts'

/** What became of the facts of an original. */
export interface Ledger {
  /** Changed, or gone for good. */
  readonly lost: readonly Lost[]
  /** Left out of a text that has a handle: one `expand` away. */
  readonly reachable: readonly Lost[]
  readonly kept: number
  /** Facts of the original. */
  readonly total: number
  readonly isReversible: boolean
  /** The statements of both texts, and which stands for which; none where the one text is the other in another notation. */
  readonly statements: { readonly original: readonly Unit[]; readonly compressed: readonly Unit[] } & Pairing
}

/** What the caller knows of the compressed text. */
export interface LedgerOptions {
  /** The whole original can be had by a handle, whether or not one stands in the text. */
  readonly isReversible?: boolean
  /** Lines of the original of which nothing stands in the compressed text, all behind the handle. */
  readonly gone?: readonly { readonly from: number; readonly to: number }[]
}

/**
 * Which facts of a text another one does not say any more: numbers with units, negations and duties, paths, names, hashes, URLs, who does
 * what to whom. Each is compared within the statement it stands in, so that a number that went to another subject is a loss. Notation is no
 * fact: JSON may become CSV, lines may be folded with a count. Pure.
 */
export function factLedger(original: string, compressed: string, options: LedgerOptions = {}): Ledger {
  const plain = withoutEscapes(original)
  const unmarked = unmark(withoutEscapes(compressed), plain)
  const { counts } = unmarked
  const isReversible = options.isReversible === true || unmarked.isReversible
  // How a page looks is nothing that it says; the whole of it is behind the handle.
  const saidBy = isReversible && isPage(plain) ? saidByPage : (text: string) => text
  const [before, after] = [saidBy(plain), saidBy(unmarked.text)]
  const rows = rowsOf(before)
  const gone = rows === undefined && isReversible ? goneLines(options.gone ?? []) : NONE_GONE
  const all = rows === undefined ? unitsOfText(before, { gone }) : undefined
  const unitsBefore = gone.size === 0 ? all : all?.filter(({ line }) => !gone.has(line))
  const total = rows === undefined ? countFacts(all!) : countRowFacts(rows)
  const clean: Ledger = { lost: [], reachable: [], kept: total, total, isReversible, statements: NOTHING }
  if (before === after || (rows !== undefined && isSameData(rows, after))) return clean
  const units = unitsBefore && new Map(unitsBefore.map((unit) => [unit.text, unit] as const))
  const unitsAfter = unitsOfText(after, { counts, ...(units && { units }) })
  const goneUnits = gone.size === 0 ? [] : all!.filter(({ line }) => gone.has(line))
  const goneFacts = goneUnits.flatMap(({ atoms }) => atoms.filter(isFact).map(entry))
  if (isSameText(unitsBefore, unitsAfter))
    return { ...clean, reachable: goneFacts, kept: total - goneFacts.length }
  const rowsAfter = rows && rowsOf(after)
  const from = rows === undefined ? unitsBefore! : unitsOfRows(rows, rowsAfter !== undefined)
  const to = rowsAfter === undefined ? unitsAfter : unitsOfRows(rowsAfter, true)
  const pairs = pairUnits(from, to)
  const found = entries({ original: from, compressed: to, ...pairs }, isReversible)
  const statements = {
    ...pairs,
    original: goneUnits.length === 0 ? from : [...from, ...goneUnits],
    compressed: to,
    dropped: [...pairs.dropped, ...goneUnits],
  }
  return { ...found, reachable: [...found.reachable, ...goneFacts], total, isReversible, statements }
}

const NONE_GONE: ReadonlySet<number> = new Set()

function goneLines(ranges: NonNullable<LedgerOptions['gone']>): ReadonlySet<number> {
  const lines = new Set<number>()
  for (const { from, to } of ranges) for (let line = from; line <= to; line++) lines.add(line)
  return lines
}

/** What a heading of the compressor's own may name again: columns, files. */
const NAMING: ReadonlySet<AtomKind> = new Set<AtomKind>(['identifier', 'path', 'url', 'hash'])

const NOTHING: Ledger['statements'] = {
  original: [],
  compressed: [],
  same: [],
  moved: [],
  alike: [],
  dropped: [],
  repeats: new Map(),
  added: [],
}

/** The same words, numbers and signs in the same order: only white space, breaks and dressing differ. */
function isSameText(before: readonly Unit[] | undefined, after: readonly Unit[]): boolean {
  if (before === undefined) return false
  const said = (units: readonly Unit[]) =>
    units
      .flatMap(({ atoms, count }) => [count === 1 ? '' : `×${count}`, ...atoms.map(({ text }) => text)])
      .filter((text) => text !== '')
  const [a, b] = [said(before), said(after)]
  return a.length === b.length && a.every((text, i) => text === b[i])
}

function entries(
  { original, same, moved, alike, dropped, repeats, added }: Ledger['statements'],
  isReversible: boolean,
): Pick<Ledger, 'lost' | 'reachable' | 'kept'> {
  const words = new Set(original.flatMap(({ atoms }) => atoms.map(({ text }) => text)))
  const said = (text: string) => words.has(text)
  const lost: Lost[] = []
  const gone: Lost[] = []
  const total = countFacts(original)
  for (const [before] of moved) lost.push({ kind: 'role', text: before.text.trim(), line: before.line })
  for (const [before, after] of alike) {
    const difference = compareUnits(before, after, said)
    lost.push(...difference.changed)
    gone.push(...difference.dropped.map(entry))
  }
  for (const unit of dropped) gone.push(...unit.atoms.filter(isFact).map(entry))
  const { wrong, fewer } = copiesOf(original, same, repeats)
  lost.push(...wrong)
  gone.push(...fewer)
  for (const unit of added)
    for (const atom of unit.atoms.filter(isFact))
      if (!said(atom.text) || !NAMING.has(atom.kind))
        lost.push({ kind: atom.kind, text: `${atom.shown} (added)`, line: nearestLine(unit, same) })
  const changedFacts = lost.filter(({ kind, text }) => kind !== 'count' && !text.endsWith('(added)')).length
  const facts = {
    kept: Math.max(0, total - changedFacts - gone.filter(({ kind }) => kind !== 'count').length),
  }
  return isReversible
    ? { lost, reachable: gone, ...facts }
    : { lost: [...lost, ...gone].sort((a, b) => a.line - b.line), reachable: [], ...facts }
}

/** A line that stands for several says how many: a wrong number is a change, none at all an omission. */
function copiesOf(
  original: readonly Unit[],
  same: Pairing['same'],
  repeats: Pairing['repeats'],
): { readonly wrong: readonly Lost[]; readonly fewer: readonly Lost[] } {
  const wanted = new Map<string, { unit: Unit; copies: number }>()
  for (const unit of original) {
    const known = wanted.get(unit.same)
    wanted.set(unit.same, { unit: known?.unit ?? unit, copies: (known?.copies ?? 0) + 1 })
  }
  const told = new Map<string, { copies: number; isCounted: boolean; isShort: boolean }>()
  for (const [, unit] of same) {
    const { copies, isCounted, isShort } = told.get(unit.same) ?? {
      copies: 0,
      isCounted: false,
      isShort: false,
    }
    told.set(unit.same, {
      copies: copies + unit.count,
      isCounted: isCounted || unit.count > 1,
      isShort: isShort || repeats.has(unit),
    })
  }
  const [wrong, fewer]: [Lost[], Lost[]] = [[], []]
  for (const [text, { copies, isCounted, isShort }] of told) {
    const { unit, copies: all } = wanted.get(text)!
    if (copies === all || !(isCounted || isShort)) continue
    const entry = { kind: 'count', text: `${all} × ${unit.text.trim()}`, line: unit.line }
    if (isCounted) wrong.push(entry)
    else fewer.push(entry)
  }
  return { wrong, fewer }
}

/** The line of the original that stands before the place where something was put in. */
function nearestLine(unit: Unit, same: readonly (readonly [Unit, Unit])[]): number {
  return same.reduce(
    (line, [before, after]) => (after.line <= unit.line ? Math.max(line, before.line) : line),
    1,
  )
}

function entry(atom: Atom): Lost {
  return { kind: atom.kind, text: atom.shown, line: atom.line }
}

function countFacts(units: readonly Unit[]): number {
  return units.reduce((sum, { atoms }) => sum + atoms.filter(isFact).length, 0)
}

function countRowFacts(rows: readonly Row[]): number {
  return rows.reduce(
    (sum, { leaves }) => sum + leaves.reduce((n, { atoms }) => n + atoms.filter(isFact).length, 0),
    0,
  )
}
