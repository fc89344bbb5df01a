import type { ReportColumn, Shown } from '../usage/reports.ts'
import { printable } from './printable.ts'
import { type Column, cellWidth, table } from './table.ts'

/** One row of an answer, values as DuckDB's JavaScript types. */
export type Row = readonly unknown[]

const HEADINGS: Readonly<Record<string, string>> = {
  input_tokens: 'INPUT',
  responses: 'ANSWERS',
  cache_write_tokens: 'WRITTEN',
  cache_read_tokens: 'CACHED',
  output_tokens: 'OUTPUT',
  cost_usd: 'COST',
  unpriced_responses: 'UNPRICED',
  transcript_uses: 'LOGGED',
  failed_share: 'FAILED',
  result_tokens: '≈TOKENS',
  tokens_per_call: '≈PER CALL',
  schema_tokens: 'SCHEMA',
  p50_ms: 'P50 MS',
  p95_ms: 'P95 MS',
  mcp_calls: 'MCP CALLS',
  first_seen: 'FIRST',
  last_seen: 'LAST',
}

/** What goes first when a terminal is too narrow for all of it. */
const DROPPED_FIRST = [
  'unpriced_responses',
  'transcript_uses',
  'schema_tokens',
  'cache_write_tokens',
  'mcp_calls',
  'p50_ms',
  'failed_share',
  'project',
  'cache_read_tokens',
  'bytes',
  'input_tokens',
  'tokens_per_call',
  'client',
  'responses',
  'last_seen',
  'p95_ms',
  'output_tokens',
] as const
/** Said only where some row has something to say. */
const OPTIONAL: readonly string[] = ['unpriced_responses', 'failed_share', 'transcript_uses', 'mcp_calls']

/**
 * Rows as a table for people: short numbers, local times, a bar where a trend is the point. What a narrow terminal has no room for is left
 * out, the bar first, and `leftOut` names it.
 */
export function reportTable(
  columns: readonly ReportColumn[],
  rows: readonly Row[],
  { width, barOf }: { readonly width: number; readonly barOf?: string | undefined },
): { readonly text: string; readonly leftOut: readonly string[] } {
  const wanted = columns
    .map((column, i) => ({ ...column, i }))
    .filter(({ name }) => name !== 'first_seen')
    .filter(({ name, i }) => !OPTIONAL.includes(name) || rows.some((row) => Number(row[i] ?? 0) > 0))
  const leftOut: string[] = []
  let bar = barOf
  for (;;) {
    const shown = wanted.filter(({ name }) => !leftOut.includes(name))
    const text = tableOf(
      shown,
      rows,
      width,
      bar === undefined ? -1 : columns.findIndex(({ name }) => name === bar),
    )
    if (text.split('\n').every((line) => cellWidth(line) <= width)) return { text, leftOut }
    const next = DROPPED_FIRST.find((name) => shown.some((column) => column.name === name))
    if (bar === undefined && (next === undefined || shown.length < 3)) return { text, leftOut }
    if (bar === undefined) leftOut.push(next!)
    bar = undefined
  }
}

function tableOf(
  shown: readonly (ReportColumn & { readonly i: number })[],
  rows: readonly Row[],
  width: number,
  bar: number,
): string {
  const titles: Column[] = shown.map(({ name, shown: how }) => ({
    title: HEADINGS[name] ?? name.replaceAll('_', ' ').toUpperCase(),
    align: how === 'text' || how === 'time' ? 'left' : 'right',
    shrinks: how === 'text',
  }))
  const most = bar === -1 ? 0 : Math.max(0, ...rows.map((row) => Number(row[bar] ?? 0)))
  if (most > 0) titles.push({ title: '' })
  const cells = rows.map((row) => [
    ...shown.map(({ i, shown: how }) => cell(row[i], how)),
    ...(most > 0 ? [barText(Number(row[bar] ?? 0) / most)] : []),
  ])
  return table(titles, cells, width)
}

const BAR_WIDTH = 12
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

function barText(share: number): string {
  const eighths = Math.round(share * BAR_WIDTH * 8)
  return '█'.repeat(eighths >> 3) + EIGHTHS[eighths & 7]!
}

function cell(value: unknown, how: Shown): string {
  if (value === null || value === undefined) return '–'
  if (value instanceof Date) return localTime(value)
  if (how === 'text' || how === 'time') return printable(String(value))
  const number = Number(value)
  switch (how) {
    case 'usd':
      return `$${number < 0.1 ? number.toFixed(4) : number.toFixed(2)}`
    case 'share':
      return `${(number * 100).toFixed(1)} %`
    case 'ms':
      return number < 10 ? number.toFixed(2) : number.toFixed(0)
    case 'tokens':
    case 'bytes':
      return short(number)
    case 'count':
      return number.toLocaleString('en-US')
  }
}

const UNITS: readonly (readonly [unit: string, size: number])[] = [
  ['K', 1e3],
  ['M', 1e6],
  ['G', 1e9],
]

function short(number: number): string {
  if (Math.abs(number) < 10_000) return number.toLocaleString('en-US')
  // What would round to 1000.0 of one unit is 1.0 of the next.
  const [unit, divisor] = UNITS.find(([, size]) => Math.abs(number) < 999.95 * size) ?? ['T', 1e12]
  const amount = number / divisor
  return `${Math.abs(amount) < 10_000 ? amount.toFixed(1) : Math.round(amount).toLocaleString('en-US')}${unit}`
}

function localTime(time: Date): string {
  const two = (n: number) => String(n).padStart(2, '0')
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${two(time.getHours())}:${two(time.getMinutes())}`
}

/** Rows as CSV (RFC 4180), with a line of names. */
export function csvText(names: readonly string[], rows: readonly Row[]): string {
  return [names, ...rows].map((row) => `${row.map(csvCell).join(',')}\r\n`).join('')
}

function csvCell(value: unknown): string {
  const text =
    value === null || value === undefined
      ? ''
      : value instanceof Date
        ? value.toISOString()
        : String(plain(value))
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** A value of DuckDB as JSON has it: times in ISO 8601, whole numbers as numbers where they are exact, else as text. */
export function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]))
  return value
}
