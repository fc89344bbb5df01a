import { type Atom, atomsOf, isFact } from './atom.ts'
import { keyWords, type Row } from './rows.ts'

/** How notations call their own parts. */
const PARTS: ReadonlySet<string> = new Set(
  'cols columns rows keys fields data header schema values items count length'.split(' '),
)

/**
 * Whether a text is these rows in another notation, whichever: all values are there in their order, row by row or column by column, and
 * besides them nothing but the names of the columns and the lengths of lists. As many values as before in the order of before leave no room
 * for a changed one, so no notation needs a reader of its own.
 */
export function isSameData(rows: readonly Row[], text: string): boolean {
  const names = new Set([...keyWords(rows), ...PARTS, String(rows.length)])
  const found = valuesOf(text.replace(/\\[nrt]/g, ' ').replace(/\\(["\\])/g, '$1'))
  const plain = /\\[nrt"\\]/.test(text) ? valuesOf(text) : undefined
  return [byRow(rows), byColumn(rows)].some(
    (values) => isIn(values, found, names) || (plain !== undefined && isIn(values, plain, names)),
  )
}

function valuesOf(text: string): Atom[] {
  return text.split('\n').flatMap((line) =>
    // `users[100]{id,name}:` counts its rows.
    atomsOf(line.replace(/^(\s*(?:- )?[\w."-]*)\[#?\d+[,|\t]?\]/, '$1 '), 0),
  )
}

function byRow(rows: readonly Row[]): Atom[] {
  return rows.flatMap(({ leaves }) => leaves.flatMap(({ atoms }) => atoms))
}

/** Runs of rows with the same names, turned round. */
function byColumn(rows: readonly Row[]): Atom[] {
  const values: Atom[] = []
  for (let from = 0; from < rows.length; ) {
    const names = namesOf(rows[from]!)
    let to = from + 1
    while (to < rows.length && namesOf(rows[to]!) === names) to++
    const run = rows.slice(from, to)
    for (let i = 0; i < run[0]!.leaves.length; i++)
      for (const { leaves } of run) values.push(...leaves[i]!.atoms)
    from = to
  }
  return values
}

function namesOf({ leaves }: Row): string {
  return leaves.map(({ key }) => key).join('\n')
}

function isIn(values: readonly Atom[], found: readonly Atom[], names: ReadonlySet<string>): boolean {
  let next = 0
  for (const atom of found) {
    if (next < values.length && values[next]!.text === atom.text) next++
    else if (!names.has(atom.text) && (isFact(atom) || atom.kind === 'word') && atom.text !== 'null')
      return false
  }
  return next === values.length
}
