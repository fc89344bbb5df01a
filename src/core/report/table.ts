import { stripVTControlCharacters } from 'node:util'

/** One column: its heading and how it behaves. */
export interface Column {
  readonly title: string
  /** Numbers read better on the right. */
  readonly align?: 'left' | 'right'
  /** May be cut, with an ellipsis, when the table is wider than the screen; of several, the widest is cut first. */
  readonly shrinks?: boolean
}

const GAP = '  '
/** A cut column keeps at least this many columns, or it says nothing. */
const MIN_SHRUNK = 8

/**
 * Rows as aligned plain text, each line at most `width` columns where the shrinking columns allow it, without trailing blanks.
 * Cells may hold colour sequences; a line break in a cell is shown as a blank.
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): string {
  const head = columns.map((column) => column.title)
  const lines = [
    head,
    ...rows.map((row) => columns.map((_, i) => (row[i] ?? '').replace(/\s*[\r\n]+\s*/g, ' '))),
  ]
  const natural = columns.map((_, i) => Math.max(...lines.map((line) => cellWidth(line[i]!))))
  const widths = fitted(natural, columns, width)
  return lines
    .map(
      (line) =>
        `${line
          .map((cell, i) => padded(cut(cell, widths[i]!), widths[i]!, columns[i]!))
          .join(GAP)
          .trimEnd()}\n`,
    )
    .join('')
}

function fitted(natural: readonly number[], columns: readonly Column[], width: number): number[] {
  const widths = [...natural]
  const floor = (i: number) => Math.min(natural[i]!, Math.max(MIN_SHRUNK, columns[i]!.title.length))
  let excess = widths.reduce((sum, w) => sum + w, 0) + GAP.length * (columns.length - 1) - width
  while (excess > 0) {
    const candidates = widths.map((_, i) => i).filter((i) => columns[i]!.shrinks && widths[i]! > floor(i))
    if (candidates.length === 0) break
    const widest = candidates.reduce((a, b) => (widths[b]! > widths[a]! ? b : a))
    widths[widest]! -= 1
    excess -= 1
  }
  return widths
}

function padded(cell: string, width: number, column: Column): string {
  const blanks = ' '.repeat(Math.max(0, width - cellWidth(cell)))
  return column.align === 'right' ? blanks + cell : cell + blanks
}

function cut(cell: string, width: number): string {
  if (cellWidth(cell) <= width) return cell
  // Colour sequences go with the cut: half of one would colour the rest of the screen.
  let kept = ''
  for (const { segment } of new Intl.Segmenter().segment(stripVTControlCharacters(cell))) {
    if (cellWidth(kept + segment) > width - 1) break
    kept += segment
  }
  return `${kept}…`
}

/** Terminal columns a text takes: wide East Asian characters and emoji two, marks and control sequences none. */
export function cellWidth(text: string): number {
  let columns = 0
  for (const char of stripVTControlCharacters(text)) {
    if (/\p{Mark}|\p{Control}|\p{Format}/u.test(char)) continue
    columns += isWide(char.codePointAt(0)!) ? 2 : 1
  }
  return columns
}

/** Unicode's East Asian Wide and Fullwidth blocks, and the emoji planes (UAX #11). */
function isWide(point: number): boolean {
  return (
    point >= 0x1100 &&
    (point <= 0x115f ||
      (point >= 0x2e80 && point <= 0xa4cf && point !== 0x303f) ||
      (point >= 0xac00 && point <= 0xd7a3) ||
      (point >= 0xf900 && point <= 0xfaff) ||
      (point >= 0xfe30 && point <= 0xfe6f) ||
      (point >= 0xff00 && point <= 0xff60) ||
      (point >= 0xffe0 && point <= 0xffe6) ||
      (point >= 0x1f300 && point <= 0x1faff) ||
      (point >= 0x20000 && point <= 0x3fffd))
  )
}
