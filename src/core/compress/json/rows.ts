import { compactJson, type JsonNode, readAt } from './read.ts'

/** Objects of an array as rows: keys of objects within them are joined by dots. */
export interface Rows {
  /** In the order of keys; one that says the same in every row has that. */
  readonly columns: readonly { readonly name: string; readonly same?: string }[]
  /** By row, then by column that is not the same in all: what stands in the cell, '' where the row has no such key. */
  readonly cells: readonly (readonly string[])[]
}

const MIN_ROWS = 3
const MAX_COLUMNS = 60
/** A table with more holes than this is none. */
const MIN_FILLED = 0.4
/** What can stand without quotes: `×3` at an end counts repeats in columns. */
const BARE = /^[^\s,"[{<][^,\n\r]*$/
const COUNTED = /×\d+$/
const WORD = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?)$/

/** The rows of an array of objects, or undefined where that would not say exactly what it says. */
export function rowsOf(items: readonly JsonNode[]): Rows | undefined {
  if (items.length < MIN_ROWS) return undefined
  const flat: Map<string, JsonNode>[] = []
  for (const item of items) {
    const row = item.type === 'object' ? flattened(item) : undefined
    if (row === undefined) return undefined
    flat.push(row)
  }
  const columns = columnsOf(flat)
  if (columns === undefined) return undefined
  const cells = flat.map((row) => columns.map((column) => cellOf(row.get(column))))
  const filled = cells.reduce((sum, row) => sum + row.reduce((n, cell) => n + Number(cell !== ''), 0), 0)
  if (filled < MIN_FILLED * columns.length * cells.length) return undefined
  const isSame = columns.map((_, i) => cells[0]![i] !== '' && cells.every((row) => row[i] === cells[0]![i]))
  // All of them the same would leave rows of nothing.
  if (isSame.every(Boolean)) isSame[0] = false
  return {
    columns: columns.map((name, i) => (isSame[i] ? { name, same: cells[0]![i]! } : { name })),
    cells: cells.map((row) => row.filter((_, i) => !isSame[i])),
  }
}

/** Keys of nested objects, joined by dots; undefined where that could be read in two ways. */
function flattened(node: JsonNode): Map<string, JsonNode> | undefined {
  const found = new Map<string, JsonNode>()
  const visit = (of: JsonNode, prefix: string): boolean => {
    if (of.type !== 'object') return false
    for (const [key, value] of of.entries) {
      if (!/^[\w@$-]+$/.test(key)) return false
      const path = prefix + key
      if (value.type === 'object' && value.entries.length > 0) {
        if (!visit(value, `${path}.`)) return false
      } else if (found.has(path)) return false
      else found.set(path, value)
    }
    return true
  }
  return visit(node, '') ? found : undefined
}

/** All keys in an order that each row's own order agrees with; undefined where there is none. */
function columnsOf(rows: readonly Map<string, JsonNode>[]): readonly string[] | undefined {
  const columns: string[] = []
  const place = new Map<string, number>()
  for (const row of rows) {
    let last = -1
    for (const key of row.keys()) {
      const at = place.get(key)
      if (at === undefined) {
        if (columns.length >= MAX_COLUMNS) return undefined
        columns.splice(last + 1, 0, key)
        for (let i = last + 1; i < columns.length; i++) place.set(columns[i]!, i)
        last += 1
      } else {
        if (at < last) return undefined
        last = at
      }
    }
  }
  for (const row of rows) {
    let last = -1
    for (const key of row.keys()) {
      const at = place.get(key)!
      if (at < last) return undefined
      last = at
    }
  }
  return columns
}

/** Strings that could be taken for something else are quoted as in JSON; numbers and words stand as they are. */
function cellOf(node: JsonNode | undefined): string {
  if (node === undefined) return ''
  if (node.type !== 'string') return compactJson(node)
  const { value } = node
  const isBare = BARE.test(value) && !WORD.test(value) && !COUNTED.test(value) && value === value.trim()
  return isBare ? value : JSON.stringify(value)
}

/** The rows again, as objects. Undefined where a cell says nothing that can be read. */
export function objectsOf({ columns, cells }: Rows): JsonNode[] | undefined {
  const objects: JsonNode[] = []
  for (const row of cells) {
    const entries: (readonly [string, JsonNode])[] = []
    let next = 0
    for (const { name, same } of columns) {
      const cell = same ?? row[next++]!
      if (cell === '') continue
      const node = nodeOf(cell)
      if (node === undefined) return undefined
      entries.push([name, node])
    }
    objects.push(nested(entries))
  }
  return objects
}

function nodeOf(cell: string): JsonNode | undefined {
  if (!/^["[{]/.test(cell) && !WORD.test(cell)) return { type: 'string', value: cell }
  const reading = readAt(cell, 0)
  return reading?.end === cell.length ? reading.node : undefined
}

function nested(entries: readonly (readonly [string, JsonNode])[]): JsonNode {
  const own: [string, JsonNode][] = []
  for (let i = 0; i < entries.length; ) {
    const [path, value] = entries[i]!
    const dot = path.indexOf('.')
    if (dot < 0) {
      own.push([path, value])
      i++
      continue
    }
    const prefix = path.slice(0, dot + 1)
    const inside: (readonly [string, JsonNode])[] = []
    for (; i < entries.length && entries[i]![0].startsWith(prefix); i++)
      inside.push([entries[i]![0].slice(prefix.length), entries[i]![1]])
    own.push([path.slice(0, dot), nested(inside)])
  }
  return { type: 'object', entries: own }
}

/** The cells of one line of CSV as it is written here: bare, or JSON. Undefined where it is none. */
export function cellsOfLine(line: string): string[] | undefined {
  const cells: string[] = []
  let at = 0
  for (;;) {
    if (/["[{]/.test(line[at] ?? '')) {
      const reading = readAt(line, at)
      if (reading === undefined) return undefined
      cells.push(line.slice(at, reading.end))
      at = reading.end
    } else {
      const comma = line.indexOf(',', at)
      const end = comma < 0 ? line.length : comma
      cells.push(line.slice(at, end))
      at = end
    }
    if (at >= line.length) return cells
    if (line[at] !== ',') return undefined
    at++
  }
}
