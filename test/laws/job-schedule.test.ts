import { Cron } from 'croner'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MyceliumError } from '../../src/core/errors.ts'
import { cronFields } from '../../src/core/jobs/crontab-block.ts'
import { type CalendarInterval, calendarIntervals } from '../../src/core/jobs/launchd-file.ts'
import { lastTime, longestDelay, nextTime, parseAt, type Schedule } from '../../src/core/jobs/schedule.ts'
import { calendarEvent } from '../../src/core/jobs/systemd-file.ts'
import { verifies } from '../requirements.ts'

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const MINUTE_MS = 60_000

// Calendars of other programs are compared where no day skips an hour.
const zone = process.env.TZ
beforeAll(() => {
  process.env.TZ = 'UTC'
})
afterAll(() => {
  if (zone === undefined) delete process.env.TZ
  else process.env.TZ = zone
})

const clockTime = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
  .map(([h, m]) => `${String(h).padStart(2, '0')}:${String(m).padStart(2, '0')}`)
const written = fc.oneof(
  fc.constantFrom('daily', 'hourly', 'weekly', 'every day', 'Every Hour'),
  clockTime,
  fc.constantFrom(1, 2, 3, 4, 6, 8, 12, 24).map((n) => `every ${n}h`),
  fc.constantFrom(1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60).map((n) => `every ${n} minutes`),
  fc
    .tuple(fc.uniqueArray(fc.constantFrom(...DAYS), { minLength: 1 }), clockTime)
    .map(([days, time]) => `${days.join(', ')} at ${time}`),
)
const moment = fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2032, 0, 1) })

describe('a time of a job', () => {
  it('has one way to write it, which is read as the same', () => {
    fc.assert(
      fc.property(written, (text) => {
        const at = parseAt(text)
        expect(parseAt(at.text)).toEqual(at)
      }),
    )
  })

  it.each([
    ['03:30', '03:30'],
    ['3:30', '03:30'],
    ['daily', '03:30'],
    ['daily 04:00', '04:00'],
    ['weekly', 'sun 03:30'],
    ['every 1h', 'hourly'],
    ['every 24 hours', '00:00'],
    ['Monday at 03:30', 'mon 03:30'],
    ['thu,mon 03:30', 'mon,thu 03:30'],
    ['sun,mon,tue,wed,thu,fri,sat 03:30', '03:30'],
  ])('%s is %s', (text, expected) => expect(parseAt(text).text).toBe(expected))

  it.each([
    ['', 'is no time of a job'],
    ['tomorrow', 'is no time of a job'],
    ['24:00', 'names no time of a day'],
    ['12:60', 'names no time of a day'],
    ['every 7h', 'does not divide a day evenly (1h, 2h, 3h, 4h, 6h, 8h, 12h, 24h)'],
    ['every 0m', 'does not divide an hour evenly'],
    ['every 90m', 'does not divide an hour evenly'],
    ['moonday 03:30', 'which is no day of the week'],
    ['* * * * *', 'is no time of a job'],
    ['03:30\n* * * * * rm', 'is no time of a job'],
  ])('%j is refused, and says why', (text, why) => {
    verifies('JOBS-1')
    const error = (() => {
      try {
        return parseAt(text)
      } catch (thrown) {
        return thrown
      }
    })()
    expect(error).toBeInstanceOf(MyceliumError)
    expect((error as MyceliumError).code).toBe('job_time_invalid')
    expect((error as MyceliumError).message).toContain(why)
  })

  it('comes at the same moment by cron, launchd and systemd', () => {
    verifies('JOBS-1')
    fc.assert(
      fc.property(written, moment, (text, ms) => {
        const { schedule } = parseAt(text)
        const next = nextTime(schedule, ms)
        expect({
          text,
          at: new Cron(cronFields(schedule), { timezone: 'UTC' }).nextRun(new Date(ms))?.getTime(),
        }).toEqual({ text, at: next })
        expect({
          text,
          at: nextOf(ms, (at) => calendarIntervals(schedule).some((row) => fits(row, at))),
        }).toEqual({ text, at: next })
        expect({ text, at: nextOf(ms, eventMatcher(calendarEvent(schedule))) }).toEqual({ text, at: next })
      }),
      { numRuns: 150 },
    )
  })

  it('was last at the one before the next, and no later than asked', () => {
    fc.assert(
      fc.property(written, moment, (text, ms) => {
        const { schedule } = parseAt(text)
        const last = lastTime(schedule, ms)
        expect(last).toBeLessThanOrEqual(ms)
        expect(nextTime(schedule, ms)).toBeGreaterThan(ms)
        expect(nextTime(schedule, last)).toBe(nextTime(schedule, ms))
      }),
    )
  })

  it('is never delayed into the one after it', () => {
    fc.assert(
      fc.property(written, moment, (text, ms) => {
        const { schedule } = parseAt(text)
        const first = nextTime(schedule, ms)
        expect(longestDelay(schedule)).toBeLessThan(nextTime(schedule, first) - first)
        expect(longestDelay(schedule)).toBeLessThanOrEqual(5 * MINUTE_MS)
      }),
    )
  })
})

/** By launchd.plist(5): a key that is not there stands for every value. */
function fits({ Weekday, Hour, Minute }: CalendarInterval, at: Date): boolean {
  return (
    (Weekday === undefined || at.getUTCDay() === Weekday) &&
    (Hour === undefined || at.getUTCHours() === Hour) &&
    at.getUTCMinutes() === Minute
  )
}

/** By systemd.time(7), as far as ours go. */
function eventMatcher(text: string): (at: Date) => boolean {
  const [, days, hours, minutes] = /^(?:([A-Z][\w,]*) )?\*-\*-\* ([\d,*]+):([\d,]+):00$/.exec(text)!
  const has = (list: string, value: number) => list === '*' || list.split(',').map(Number).includes(value)
  const names = days?.toLowerCase().split(',')
  return (at) =>
    (names === undefined || names.includes(DAYS[at.getUTCDay()]!)) &&
    has(hours!, at.getUTCHours()) &&
    has(minutes!, at.getUTCMinutes())
}

/** The first whole minute after a moment that matches. */
function nextOf(afterMs: number, matches: (at: Date) => boolean): number {
  for (let ms = Math.floor(afterMs / MINUTE_MS + 1) * MINUTE_MS; ; ms += MINUTE_MS)
    if (matches(new Date(ms))) return ms
}

/** Whatever is in the lists, they ascend and are in range. */
it('holds lists that ascend', () => {
  fc.assert(
    fc.property(written, (text) => {
      const { days, hours, minutes }: Schedule = parseAt(text).schedule
      for (const [list, most] of [
        [days, 6],
        [hours, 23],
        [minutes, 59],
      ] as const) {
        expect([...list].sort((a, b) => a - b)).toEqual(list)
        for (const value of list) expect(value).toBeLessThanOrEqual(most)
      }
    }),
  )
})
