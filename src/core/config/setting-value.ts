import { BOOLEAN_WORDS } from './boolean-words.ts'
import { MAX_TEXT_CHARS, type NumberRow, type SettingRow, type SettingValue } from './setting-row.ts'

/** A value, or that there is none: what the text or JSON is not, with what would have been. */
export type Reading = { readonly value: SettingValue } | { readonly problem: string }

const DURATIONS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}
const SIZES: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1024,
  mb: 1024 ** 2,
  gb: 1024 ** 3,
  tb: 1024 ** 4,
}
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i
const WITH_UNIT = /^(\d+\.?\d*|\.\d+)\s*([a-z]+)$/i
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to refuse
const CONTROL = /[\u0000-\u001f\u007f]/
/** How much of a wrong value is repeated. */
const QUOTED_CHARS = 60

/** What a row accepts, as a person reads it. */
export function allowedText(row: SettingRow): string {
  switch (row.type) {
    case 'boolean':
      return 'true or false'
    case 'choice':
      return row.choices.join(' or ')
    case 'text':
      return `a text of one line, at most ${MAX_TEXT_CHARS} characters`
    case 'list':
      return 'texts with commas between them, or a JSON list of texts'
    case 'integer':
      return `a whole number from ${row.min} to ${row.max}`
    case 'number':
      return `a number from ${row.min} to ${row.max}`
    case 'duration':
      return `a duration from ${printValue(row, row.min)} to ${printValue(row, row.max)}: 500ms, 5s, 10m, 2h, 7d, or a number of milliseconds`
    case 'bytes':
      return `a size from ${printValue(row, row.min)} to ${printValue(row, row.max)}: 512KB, 64MB, 1GB, or a number of bytes`
  }
}

/** A value as it is typed on a command line or in the environment. Inverse of printValue. */
export function readText(row: SettingRow, text: string): Reading {
  if (row.type === 'text') return checked(row, text)
  const word = text.trim()
  if (row.type === 'boolean') return checked(row, BOOLEAN_WORDS[word.toLowerCase()] ?? text)
  if (row.type === 'list') return checked(row, itemsOf(word))
  if (row.type === 'choice') return checked(row, word)
  return checked(row, numberIn(row, word) ?? text)
}

/** A value as a JSON file has it: durations and sizes may be written with their unit. */
export function readJson(row: SettingRow, value: unknown): Reading {
  const hasUnit = (row.type === 'duration' || row.type === 'bytes') && typeof value === 'string'
  return checked(row, hasUnit ? (numberIn(row, value) ?? value) : value)
}

/** A value as readText reads it back, in the largest unit that says it exactly. */
export function printValue(row: SettingRow, value: SettingValue): string {
  if (typeof value === 'object') return isPlainList(value) ? value.join(',') : JSON.stringify(value)
  if (typeof value !== 'number') return String(value)
  if (row.type === 'duration') return value === 0 ? '0' : inUnits(value, DURATIONS)
  if (row.type === 'bytes') return inUnits(value, SIZES).toUpperCase()
  return String(value)
}

function checked(row: SettingRow, value: unknown): Reading {
  if (!fits(row, value)) return { problem: `${quoted(value)} is not ${allowedText(row)}` }
  return { value: value as SettingValue }
}

function fits(row: SettingRow, value: unknown): boolean {
  switch (row.type) {
    case 'boolean':
      return typeof value === 'boolean'
    case 'choice':
      return typeof value === 'string' && row.choices.includes(value)
    case 'text':
      return isText(value)
    case 'list':
      return Array.isArray(value) && value.every((item) => isText(item) && item !== '')
    default:
      return isInRange(row, value)
  }
}

function isInRange(row: NumberRow, value: unknown): boolean {
  if (typeof value !== 'number' || !(value >= row.min && value <= row.max)) return false
  return row.type === 'number' || Number.isSafeInteger(value)
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value.length <= MAX_TEXT_CHARS && !CONTROL.test(value)
}

function numberIn(row: NumberRow, text: string): number | undefined {
  if (NUMBER.test(text)) return withoutMinusZero(Number(text))
  const units = row.type === 'duration' ? DURATIONS : row.type === 'bytes' ? SIZES : {}
  const [, digits = '', unit = ''] = WITH_UNIT.exec(text) ?? []
  const factor = factorOf(units, unit.toLowerCase())
  if (factor === undefined) return undefined
  // 0.1 s is 100 ms, whatever binary fractions make of it.
  const exact = Number(digits) * factor
  return Math.abs(exact - Math.round(exact)) < 1e-6 ? Math.round(exact) : exact
}

/** `64M`, `64MB` and `64MiB` are the same. */
function factorOf(units: Readonly<Record<string, number>>, unit: string): number | undefined {
  const name = units === SIZES ? `${unit.replace(/i?b?$/, '')}b` : unit === 'min' ? 'm' : unit
  return Object.hasOwn(units, name) ? units[name] : undefined
}

function inUnits(value: number, units: Readonly<Record<string, number>>): string {
  const [unit, factor] = Object.entries(units).findLast(
    ([, size]) => value % size === 0 && value >= size,
  ) ?? ['', 1]
  return `${value / factor}${unit}`
}

function withoutMinusZero(value: number): number {
  return value === 0 ? 0 : value
}

function itemsOf(text: string): unknown {
  if (text.startsWith('[')) {
    try {
      return JSON.parse(text)
    } catch {
      return text
    }
  }
  return text === '' ? [] : text.split(',').map((item) => item.trim())
}

function isPlainList(items: readonly string[]): boolean {
  const isPlain = (item: string) => item !== '' && item.trim() === item && !item.includes(',')
  return items.length > 0 && items.every(isPlain) && !items[0]!.startsWith('[')
}

function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length <= QUOTED_CHARS ? text : `${text.slice(0, QUOTED_CHARS)}…`
}
