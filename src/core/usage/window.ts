import { MyceliumError } from '../errors.ts'

/** A stretch of time that a report looks at, milliseconds since the epoch; open where undefined. */
export interface Window {
  readonly sinceMs?: number
  readonly untilMs?: number
  /** Both ends are midnights, so sums by day can be used. */
  readonly wholeDays: boolean
}

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000 }
const DAYS: Readonly<Record<string, number>> = { d: 1, w: 7 }

/** Reads --since and --until. Throws usage. */
export function windowOf(since: string | undefined, until: string | undefined, wallMs: number): Window {
  const from = since === undefined ? undefined : momentOf(since, wallMs, '--since')
  const to = until === undefined ? undefined : momentOf(until, wallMs, '--until')
  if (from !== undefined && to !== undefined && from >= to)
    throw new MyceliumError('usage', `--since ${since} is not before --until ${until}`, {
      hint: 'turn them around',
    })
  return {
    ...(from === undefined ? {} : { sinceMs: from }),
    ...(to === undefined ? {} : { untilMs: to }),
    wholeDays: [from, to].every((moment) => moment === undefined || isMidnight(moment)),
  }
}

/**
 * The moment that the value of an option names, milliseconds since the epoch: `7d` is the midnight seven days ago, so that days are whole;
 * `90m` and `24h` are to the minute; else a date, or a date and time. Throws usage.
 */
export function momentOf(text: string, wallMs: number, option: string): number {
  const [, count, unit] = /^(\d{1,5})([mhdw])$/.exec(text) ?? []
  if (unit !== undefined && unit in UNITS) return wallMs - Number(count) * UNITS[unit]!
  if (unit !== undefined) {
    const day = midnight(wallMs)
    day.setDate(day.getDate() - Number(count) * DAYS[unit]!)
    return day.getTime()
  }
  if (text === 'today') return midnight(wallMs).getTime()
  if (text === 'yesterday') return midnight(midnight(wallMs).getTime() - 1).getTime()
  const moment = dateTime(text)
  if (moment !== undefined) return moment
  throw new MyceliumError('usage', `${option} ${text} is no time`, {
    hint: `${option} 7d, 24h, 90m, today, 2026-11-01 or 2026-11-01T12:00`,
  })
}

const DATE_TIME =
  /^(\d{4}-\d{2}-\d{2})(?:[T ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(\.\d{1,9})?)?(Z|[+-](?:0\d|1[0-4]):[0-5]\d)?)?$/

/** A date, or a date and time, of a day that there is; local where it names no zone. */
function dateTime(text: string): number | undefined {
  const [, date, hour = '00', minute = '00', second = '00', fraction = '', zone = ''] =
    DATE_TIME.exec(text) ?? []
  if (date === undefined) return undefined
  // Date.parse takes the 30th of February for the 2nd of March.
  const day = new Date(`${date}T00:00:00Z`)
  if (!Number.isFinite(day.getTime()) || day.toISOString().slice(0, 10) !== date) return undefined
  return Date.parse(`${date}T${hour}:${minute}:${second}${fraction.slice(0, 4)}${zone}`)
}

function midnight(ms: number): Date {
  const day = new Date(ms)
  day.setHours(0, 0, 0, 0)
  return day
}

function isMidnight(ms: number): boolean {
  return midnight(ms).getTime() === ms
}

/** The window as a condition on a column of UTC times; TRUE without bounds. */
export function timeCondition(window: Window, column: string): string {
  return condition(window, (ms) => `make_timestamp(${Math.round(ms * 1000)})`, column)
}

/** The window as a condition on a column of local days. */
export function dayCondition(window: Window, column: string): string {
  return condition(window, (ms) => `DATE '${localDay(ms)}'`, column)
}

function condition({ sinceMs, untilMs }: Window, literal: (ms: number) => string, column: string): string {
  const parts = [
    ...(sinceMs === undefined ? [] : [`${column} >= ${literal(sinceMs)}`]),
    ...(untilMs === undefined ? [] : [`${column} < ${literal(untilMs)}`]),
  ]
  return parts.length === 0 ? 'TRUE' : parts.join(' AND ')
}

function localDay(ms: number): string {
  const day = new Date(ms)
  const two = (n: number) => String(n).padStart(2, '0')
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`
}
