import type { Program } from './job-set.ts'
import type { Schedule } from './schedule.ts'
import { filled, unusable } from './template.ts'

/** Keys of StartCalendarInterval, launchd.plist(5); one that is not there stands for every value. */
export interface CalendarInterval {
  readonly Weekday?: number
  readonly Hour?: number
  readonly Minute: number
}

/** A schedule as launchd has it: one row for each combination, Sunday is 0. */
export function calendarIntervals({ days, hours, minutes }: Schedule): readonly CalendarInterval[] {
  const isHourly = hours.length === 24
  return (days.length === 0 ? [undefined] : days).flatMap((Weekday) =>
    (isHourly ? [undefined] : hours).flatMap((Hour) =>
      minutes.map((Minute) => ({
        ...(Weekday !== undefined && { Weekday }),
        ...(Hour !== undefined && { Hour }),
        Minute,
      })),
    ),
  )
}

/** The property list of one job. Throws job_path_unusable. */
export function launchdFile(
  label: string,
  args: readonly string[],
  { node, script, env }: Program,
  schedule: Schedule,
): string {
  return filled('job-launchd.plist', {
    label: xml(label),
    arguments: [node, script, ...args].map((arg) => `\t\t<string>${xml(arg)}</string>`).join('\n'),
    environment: Object.entries(env)
      .map(([name, value]) => `\t\t<key>${xml(name)}</key>\n\t\t<string>${xml(value)}</string>`)
      .join('\n'),
    times: calendarIntervals(schedule)
      .map((row) => `\t\t<dict>\n${Object.entries(row).map(integer).join('\n')}\n\t\t</dict>`)
      .join('\n'),
  })
}

function integer([key, value]: [string, number]): string {
  return `\t\t\t<key>${key}</key>\n\t\t\t<integer>${value}</integer>`
}

/** Of the control characters XML 1.0 has three, and turns a bare CR into LF. */
function xml(text: string): string {
  if (/[^\t\n\r\x20-\uFFFD\u{10000}-\u{10FFFF}]/u.test(text)) throw unusable(text, 'a property list')
  return text.replace(/[&<>\r]/g, (char) => `&#${char.charCodeAt(0)};`)
}
