import { compactJson, type JsonNode, readAt } from './read.ts'
import { cellsOfLine, objectsOf, type Rows, rowsOf } from './rows.ts'

/** Share of the cells that say what the one above says. */
const MIN_REPEATED = 0.4

/** A value with its tables taken out, and what a reader makes of it. */
interface Written {
  readonly text: string
  /** The value read back, in its compact form; undefined where that cannot be done. */
  readonly back: string | undefined
  /** Characters that are in no table. */
  readonly rest: number
}

/**
 * A value as compact JSON in which each array of like objects is `<1>`, `<2>`, … and stands below as a table: a line of names, `name=value` for
 * what is the same in all rows, then a line of CSV for each. With `columns` a line for each name instead, in which `×3` counts what repeats.
 * Undefined where there is no table in it.
 */
export function tablesText(node: JsonNode, way: 'rows' | 'columns'): Written | undefined {
  const blocks: string[] = []
  const back: string[] = []
  const visit = (of: JsonNode): JsonNode => {
    if (of.type === 'object')
      return { ...of, entries: of.entries.map(([key, value]) => [key, visit(value)] as const) }
    if (of.type !== 'array') return of
    const table = tableOf(of.items, way)
    if (table === undefined) return { ...of, items: of.items.map(visit) }
    blocks.push(table.text)
    back.push(table.compact)
    return { type: 'word', text: `<${blocks.length}>` }
  }
  const whole = visit(node)
  if (blocks.length === 0) return undefined
  const frame = compactJson(whole)
  const text =
    frame === '<1>' ? blocks[0]! : [frame, ...blocks.map((block, i) => `<${i + 1}>\n${block}`)].join('\n')
  return { text, back: readBack(frame, back), rest: frame.length }
}

function tableOf(
  all: readonly JsonNode[],
  way: 'rows' | 'columns',
): { text: string; compact: string } | undefined {
  const items = all.filter(({ type }) => type !== 'mark')
  if (items.length < all.length && way === 'columns') return undefined
  const rows = rowsOf(items)
  if (rows === undefined) return undefined
  if (way === 'columns' && !isRepetitive(rows)) return undefined
  const text = way === 'rows' ? rowsText(rows) : columnsText(rows)
  const objects = way === 'rows' ? readRows(text) : readColumns(text)
  const compact = compactJson({ type: 'array', items })
  if (objects === undefined || compactJson({ type: 'array', items: objects }) !== compact) return undefined
  if (items.length === all.length) return { text, compact }
  // Marks stand between the lines of the rows that they came between.
  const lines = text.split('\n')
  for (const [i, item] of all.entries()) if (item.type === 'mark') lines.splice(i + 1, 0, item.text)
  return { text: lines.join('\n'), compact: compactJson({ type: 'array', items: all }) }
}

/** Where few cells say what the one above says, columns would only be harder to read. */
function isRepetitive({ cells }: Rows): boolean {
  const width = cells[0]!.length
  let same = 0
  for (let row = 1; row < cells.length; row++)
    for (let i = 0; i < width; i++) if (cells[row]![i] === cells[row - 1]![i]) same++
  return same > MIN_REPEATED * width * (cells.length - 1)
}

/** References outside of strings become their tables again. */
function readBack(frame: string, tables: readonly string[]): string | undefined {
  let text = ''
  for (let at = 0; at < frame.length; ) {
    if (frame[at] === '"') {
      const reading = readAt(frame, at)
      if (reading === undefined) return undefined
      text += frame.slice(at, reading.end)
      at = reading.end
    } else if (frame[at] === '<') {
      const end = frame.indexOf('>', at)
      const table = tables[Number(frame.slice(at + 1, end)) - 1]
      if (table === undefined) return undefined
      text += table
      at = end + 1
    } else text += frame[at++]
  }
  return text
}

function rowsText({ columns, cells }: Rows): string {
  const names = columns.map(({ name, same }) => (same === undefined ? name : `${name}=${same}`))
  return [names.join(','), ...cells.map((row) => row.join(','))].join('\n')
}

function readRows(text: string): JsonNode[] | undefined {
  const [head, ...lines] = text.split('\n')
  const columns = readHead(head!)
  const cells = lines.map(cellsOfLine)
  const width = columns?.filter(({ same }) => same === undefined).length
  if (columns === undefined || cells.some((row) => row?.length !== width)) return undefined
  return objectsOf({ columns, cells: cells as string[][] })
}

function readHead(head: string): Rows['columns'] | undefined {
  const columns: { name: string; same?: string }[] = []
  for (let at = 0; ; ) {
    const name = /^[\w@$.-]+/.exec(head.slice(at))?.[0]
    if (name === undefined) return undefined
    at += name.length
    if (head[at] === '=') {
      const cell = cellAt(head, at + 1)
      if (cell === undefined) return undefined
      columns.push({ name, same: cell })
      at += 1 + cell.length
    } else columns.push({ name })
    if (at >= head.length) return columns
    if (head[at] !== ',') return undefined
    at++
  }
}

function cellAt(text: string, at: number): string | undefined {
  if (/["[{]/.test(text[at] ?? '')) {
    const reading = readAt(text, at)
    return reading && text.slice(at, reading.end)
  }
  const comma = text.indexOf(',', at)
  return text.slice(at, comma < 0 ? text.length : comma)
}

function columnsText({ columns, cells }: Rows): string {
  let next = 0
  return columns
    .map(({ name, same }) => {
      if (same !== undefined) return `${name}: ${same}×${cells.length}`
      const i = next++
      const runs: string[] = []
      for (let row = 0; row < cells.length; ) {
        const cell = cells[row]![i]!
        let end = row + 1
        while (end < cells.length && cells[end]![i] === cell) end++
        runs.push(end - row > 1 ? `${cell}×${end - row}` : cell)
        row = end
      }
      return `${name}: ${runs.join(',')}`
    })
    .join('\n')
}

function readColumns(text: string): JsonNode[] | undefined {
  const columns: { name: string }[] = []
  const byColumn: string[][] = []
  for (const line of text.split('\n')) {
    const name = /^[\w@$.-]+(?=: )/.exec(line)?.[0]
    const values = name === undefined ? undefined : readRuns(line, name.length + 2)
    if (name === undefined || values === undefined || values.length !== (byColumn[0] ?? values).length)
      return undefined
    columns.push({ name })
    byColumn.push(values)
  }
  return objectsOf({ columns, cells: byColumn[0]!.map((_, row) => byColumn.map((values) => values[row]!)) })
}

function readRuns(line: string, start: number): string[] | undefined {
  const values: string[] = []
  for (let at = start; ; ) {
    let cell = cellAt(line, at)
    if (cell === undefined) return undefined
    at += cell.length
    const comma = line.indexOf(',', at)
    const counted = /^(.*)×(\d+)$/s.exec(cell + line.slice(at, comma < 0 ? line.length : comma))
    if (counted !== null) {
      at = comma < 0 ? line.length : comma
      cell = counted[1]!
    }
    for (let i = counted === null ? 1 : Number(counted[2]); i > 0; i--) values.push(cell)
    if (at >= line.length) return values
    if (line[at] !== ',') return undefined
    at++
  }
}
