import { visit } from 'jsonc-parser'
import { type Atom, atomsOf } from './atom.ts'
import { type Unit, unitOf } from './unit.ts'

/** One value of a row, with the names on the way to it. */
interface Leaf {
  readonly key: string
  readonly atoms: readonly Atom[]
}

/** An object of an array, or the whole document outside of arrays. */
export interface Row {
  readonly line: number
  readonly leaves: Leaf[]
}

/** The rows of a JSON document or of JSON lines; undefined when it is neither. Numbers are compared as they are written. */
export function rowsOf(text: string): Row[] | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined
  return rowsOfDocument(text, 0) ?? rowsOfLines(text)
}

function rowsOfLines(text: string): Row[] | undefined {
  const rows: Row[] = []
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const part = /^\s*[[{]/.test(line) ? rowsOfDocument(line, i) : undefined
    if (part === undefined) return undefined
    rows.push(...part)
  }
  return rows
}

function rowsOfDocument(text: string, linesBefore: number): Row[] | undefined {
  const rows: Row[] = []
  const stack: { isArray: boolean; row: Row; path: string }[] = []
  let [key, isBroken, values] = ['', false, 0]
  const open = (isArray: boolean, line: number): void => {
    const above = stack.at(-1)
    if (above === undefined && values++ > 0) isBroken = true
    const isOwn = above === undefined || (above.isArray && !isArray)
    const row = isOwn ? { line: line + linesBefore + 1, leaves: [] } : above.row
    if (isOwn) rows.push(row)
    const path =
      above === undefined ? '' : above.isArray ? (isOwn ? '' : above.path) : joined(above.path, key)
    stack.push({ isArray, row, path })
  }
  visit(text, {
    onObjectBegin: (_offset, _length, line) => open(false, line),
    onArrayBegin: (_offset, _length, line) => open(true, line),
    onObjectEnd: () => void stack.pop(),
    onArrayEnd: () => void stack.pop(),
    onObjectProperty: (property) => {
      key = property
    },
    onLiteralValue: (value, offset, length, line) => {
      const above = stack.at(-1)
      if (above === undefined) {
        isBroken = true
        return
      }
      const written = typeof value === 'string' ? value : text.slice(offset, offset + length)
      const at = line + linesBefore + 1
      above.row.leaves.push({
        key: above.isArray ? above.path : joined(above.path, key),
        atoms: value === null ? [] : atomsOf(written, at).map((atom) => ({ ...atom, line: at })),
      })
    },
    onError: () => {
      isBroken = true
    },
  })
  return isBroken ? undefined : rows
}

function joined(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`
}

/** Rows as units, each value after its name; `isSorted` where the other side has names too and the order of keys says nothing. */
export function unitsOfRows(rows: readonly Row[], isSorted: boolean): Unit[] {
  return rows
    .filter(({ leaves }) => leaves.length > 0)
    .map(({ line, leaves }) => {
      const inOrder = isSorted
        ? [...leaves].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
        : leaves
      const atoms = inOrder.flatMap((leaf) => [...keyAtoms(leaf, line, isSorted), ...leaf.atoms])
      const text = leaves
        .map((leaf) => `${leaf.key}: ${leaf.atoms.map(({ shown }) => shown).join(' ')}`)
        .join(', ')
      return unitOf(text, line, atoms, { isRow: true })
    })
}

/** With names on both sides the whole path is one atom, so that a value cannot change its name unseen. */
function keyAtoms({ key, atoms }: Leaf, line: number, isWhole: boolean): Atom[] {
  const at = atoms[0]?.line ?? line
  if (isWhole) return key === '' ? [] : [{ text: `${key}:`, kind: 'word', shown: key, line: at, isKey: true }]
  return atomsOf(key, at).map((atom) => ({ ...atom, isKey: true }))
}

/** The words of every name in the rows. */
export function keyWords(rows: readonly Row[]): Set<string> {
  return new Set(
    rows.flatMap((row) => row.leaves.flatMap(({ key }) => atomsOf(key, 0).map(({ text }) => text))),
  )
}
