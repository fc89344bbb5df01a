import { bagOf } from '../../bm25.ts'
import { SEVERE } from '../clusters.ts'
import { withLines } from '../doc.ts'
import { compactJson, type JsonNode, readJson } from '../json/read.ts'
import type { LeftOut } from '../strategy.ts'
import { leaving } from './strategy.ts'

const MIN_ITEMS = 10
const HEAD = 3
const TAIL = 1
/** Where more than this share stands out, nothing does. */
const MAX_STANDING_OUT = 0.6
/** A value that so few have, of a key with few values, stands out. */
const RARE_SHARE = 0.05
const FEW_VALUES = 12

/** Long arrays of like objects: the first ones, the last, and those that differ; the others are counted. */
export const ROWS = leaving('rows', (doc, _target, { query }) => {
  const value = readJson(doc.text)
  if (value === undefined || doc.pinned.length > 0) return doc
  const leftOut: LeftOut[] = []
  const wanted = [...bagOf(query).counts.keys()]
  const lineAt = lineCounter(doc.text, (line) => doc.lines[line]!.from)
  const visit = (node: JsonNode): JsonNode => {
    if (node.type === 'object')
      return { ...node, entries: node.entries.map(([key, of]) => [key, visit(of)] as const) }
    if (node.type !== 'array') return node
    const stays = standing(node.items, wanted)
    if (stays === undefined) return { ...node, items: node.items.map(visit) }
    const items: JsonNode[] = []
    for (let i = 0; i < node.items.length; i++) {
      const from = i
      while (i < node.items.length && !stays.has(i)) i++
      if (i - from === 1) items.push(visit(node.items[from]!))
      if (i - from > 1) {
        const range = {
          from: lineAt(spanOf(node.items[from]!)[0]),
          to: lineAt(spanOf(node.items[i - 1]!)[1]),
        }
        const what = `${i - from} rows like the others`
        leftOut.push({ ...range, what })
        items.push({ type: 'mark', text: `[… ${range.from}-${range.to}: ${what}]` })
      }
      if (i < node.items.length) items.push(visit(node.items[i]!))
    }
    return { ...node, items }
  }
  const shorter = visit(value)
  if (leftOut.length === 0) return doc
  const lines = [{ text: compactJson(shorter), from: 1, to: doc.lines.at(-1)!.to }]
  return { ...withLines(doc, lines, { leftOut }), value: shorter }
})

function spanOf(node: JsonNode): readonly [number, number] {
  return (node.type === 'object' && node.span) || [0, 0]
}

/** Indices of the items that stay; undefined where all do. */
function standing(items: readonly JsonNode[], wanted: readonly string[]): ReadonlySet<number> | undefined {
  if (items.length < MIN_ITEMS) return undefined
  const rows: (readonly (readonly [string, string])[])[] = []
  for (const item of items) {
    if (item.type !== 'object') return undefined
    rows.push(item.entries.map(([key, of]) => [key, compactJson(of)]))
  }
  const counts = new Map<string, Map<string, number>>()
  for (const row of rows)
    for (const [key, text] of row) {
      const of = counts.get(key) ?? new Map<string, number>()
      of.set(text, (of.get(text) ?? 0) + 1)
      counts.set(key, of)
    }
  const stays = new Set<number>(extremes(rows))
  for (const [i, row] of rows.entries()) {
    const whole = row.map(([, text]) => text).join(' ')
    const lower = whole.toLowerCase()
    if (i < HEAD || i >= rows.length - TAIL) stays.add(i)
    if (SEVERE.test(whole) || wanted.some((word) => lower.includes(word))) stays.add(i)
    if (row.some(([key, text]) => isRare(counts.get(key)!, text, rows.length))) stays.add(i)
    for (const [key, of] of counts)
      if (!row.some(([own]) => own === key) && sum(of) > rows.length * (1 - RARE_SHARE)) stays.add(i)
  }
  return stays.size > rows.length * MAX_STANDING_OUT ? undefined : stays
}

function isRare(values: ReadonlyMap<string, number>, text: string, rows: number): boolean {
  const seldom = (count: number) => count <= Math.max(1, rows * RARE_SHARE)
  // Null is another kind of value, also where all others differ.
  if (text === 'null') return seldom(values.get(text)!)
  return (
    (values.size <= FEW_VALUES || sum(values) < rows / 2) &&
    values.size < rows / 2 &&
    seldom(values.get(text)!)
  )
}

function sum(values: ReadonlyMap<string, number>): number {
  return [...values.values()].reduce((total, count) => total + count, 0)
}

/** The least and the most of each key that has numbers. */
function extremes(rows: readonly (readonly (readonly [string, string])[])[]): number[] {
  const ends = new Map<string, { least: number; most: number; at: [number, number] }>()
  for (const [i, row] of rows.entries())
    for (const [key, text] of row) {
      if (!/^-?[\d.]+(e[-+]?\d+)?$/i.test(text)) continue
      const number = Number(text)
      const end = ends.get(key) ?? { least: number, most: number, at: [i, i] }
      if (number < end.least) [end.least, end.at] = [number, [i, end.at[1]]]
      if (number > end.most) [end.most, end.at] = [number, [end.at[0], i]]
      ends.set(key, end)
    }
  return [...ends.values()].flatMap(({ at }) => at)
}

/** Gives the line of each place in a text; places must not go back. */
function lineCounter(text: string, numberOf: (line: number) => number): (at: number) => number {
  let [line, from] = [0, 0]
  return (at) => {
    for (let end = text.indexOf('\n', from); end >= 0 && end < at; end = text.indexOf('\n', from)) {
      line++
      from = end + 1
    }
    return numberOf(line)
  }
}
