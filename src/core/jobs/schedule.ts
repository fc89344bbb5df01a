import { MyceliumError } from '../errors.ts'

/** When a job runs, in local time: at each of the minutes of each of the hours, on the days. Each list ascends. */
export interface Schedule {
  /** Days of the week, Sunday is 0; none means every day. */
  readonly days: readonly number[]
  readonly hours: readonly number[]
  readonly minutes: readonly number[]
}

/** The days as crontab and systemd call them, Sunday first. */
export const DAY_NAMES = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const

const DAY_WORDS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const
const EVERY_HOUR = Array.from({ length: 24 }, (_, hour) => hour)
const NIGHT = '03:30'
const WORDS: Readonly<Record<string, string>> = {
  daily: NIGHT,
  'every day': NIGHT,
  weekly: `sun ${NIGHT}`,
  'every week': `sun ${NIGHT}`,
  'every hour': 'hourly',
}

/** A schedule and the one way to write it: what is written is read as the same. */
export interface At {
  readonly text: string
  readonly schedule: Schedule
}

/** Reads a time as people write it. Throws usage with what is allowed. */
export function parseAt(written: string): At {
  const plain = written
    .trim()
    .toLowerCase()
    .replace(/\s+/g, ' ')
    .replace(/\s*,\s*/g, ',')
  const text = WORDS[plain] ?? plain
  if (text === 'hourly') return { text, schedule: { days: [], hours: EVERY_HOUR, minutes: [0] } }
  const [, count, unit] = /^every (\d{1,4}) ?(m|min|minutes?|h|hours?)$/.exec(text) ?? []
  if (count !== undefined && unit !== undefined) return every(Number(count), unit.startsWith('m'), written)
  const [, dayText, hour, minute] = /^(?:(?:daily|([a-z,]+)) )?(?:at )?(\d{1,2}):(\d{2})$/.exec(text) ?? []
  if (hour === undefined || minute === undefined) throw wrong(written, 'is no time of a job')
  if (Number(hour) > 23 || Number(minute) > 59) throw wrong(written, 'names no time of a day')
  const isEachDay = dayText === undefined || dayText === 'at'
  const days = isEachDay ? [] : daysIn(dayText, written)
  const clock = `${hour.padStart(2, '0')}:${minute}`
  return {
    text: days.length === 0 ? clock : `${days.map((day) => DAY_NAMES[day]).join(',')} ${clock}`,
    schedule: { days, hours: [Number(hour)], minutes: [Number(minute)] },
  }
}

function every(count: number, isMinutes: boolean, written: string): At {
  const whole = isMinutes ? 60 : 24
  // Nothing that runs by the clock can keep a step that does not divide the hour or the day.
  if (count === 0 || whole % count !== 0) {
    const fitting = Array.from({ length: whole }, (_, i) => i + 1).filter((step) => whole % step === 0)
    const unit = isMinutes ? 'm' : 'h'
    throw wrong(
      written,
      `does not divide ${isMinutes ? 'an hour' : 'a day'} evenly (${fitting.map((step) => `${step}${unit}`).join(', ')})`,
    )
  }
  const steps = Array.from({ length: whole / count }, (_, i) => i * count)
  if (isMinutes && count < 60)
    return { text: `every ${count}m`, schedule: { days: [], hours: EVERY_HOUR, minutes: steps } }
  if (isMinutes || count === 1) return parseAt('hourly')
  if (count === 24) return parseAt('00:00')
  return { text: `every ${count}h`, schedule: { days: [], hours: steps, minutes: [0] } }
}

function daysIn(text: string, written: string): readonly number[] {
  const days = text.split(',').map((word) => {
    const day = DAY_WORDS.findIndex((name) => word.length >= 3 && name.startsWith(word))
    if (day < 0) throw wrong(written, `names ${JSON.stringify(word)}, which is no day of the week`)
    return day
  })
  const named = [...new Set(days)].sort((a, b) => a - b)
  return named.length === DAY_NAMES.length ? [] : named
}

function wrong(written: string, what: string): MyceliumError {
  return new MyceliumError('job_time_invalid', `${JSON.stringify(written)} ${what}`)
}

/** The first time of a schedule after a moment, milliseconds since the epoch. Local time; an hour that a day skips counts as the next. */
export function nextTime(schedule: Schedule, afterMs: number): number {
  return timesAround(schedule, afterMs).find((ms) => ms > afterMs)!
}

/** The last time of a schedule that is not after a moment. */
export function lastTime(schedule: Schedule, untilMs: number): number {
  return timesAround(schedule, untilMs).findLast((ms) => ms <= untilMs)!
}

/** At least one week to each side, in order. */
function timesAround({ days, hours, minutes }: Schedule, ms: number): readonly number[] {
  const at = new Date(ms)
  const times: number[] = []
  for (let offset = -8; offset <= 8; offset += 1) {
    const date = [at.getFullYear(), at.getMonth(), at.getDate() + offset] as const
    if (days.length > 0 && !days.includes(new Date(...date).getDay())) continue
    for (const hour of hours)
      for (const minute of minutes) times.push(new Date(...date, hour, minute).getTime())
  }
  return times.sort((a, b) => a - b)
}

const MINUTE_MS = 60_000
const MAX_DELAY_MS = 5 * MINUTE_MS
const DELAY_SHARE = 0.05

/** How much later than its time a job may start, so that not everything of a machine starts at once: ms, at most a twentieth of its step. */
export function longestDelay({ hours, minutes }: Schedule): number {
  const stepMinutes = minutes.length > 1 ? 60 / minutes.length : (24 * 60) / hours.length
  return Math.min(MAX_DELAY_MS, stepMinutes * MINUTE_MS * DELAY_SHARE)
}
