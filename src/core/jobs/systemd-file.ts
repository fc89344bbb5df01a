import type { Program } from './job-set.ts'
import { DAY_NAMES, longestDelay, type Schedule } from './schedule.ts'
import { filled, unusable } from './template.ts'

/** A schedule as OnCalendar= has it, systemd.time(7): "Mon,Thu *-*-* 03:30:00". */
export function calendarEvent({ days, hours, minutes }: Schedule): string {
  const names = days.map((day) => `${DAY_NAMES[day]![0]!.toUpperCase()}${DAY_NAMES[day]!.slice(1)}`)
  const two = (values: readonly number[]) => values.map((value) => String(value).padStart(2, '0')).join(',')
  const clock = `${hours.length === 24 ? '*' : two(hours)}:${two(minutes)}:00`
  return `${names.length === 0 ? '' : `${names.join(',')} `}*-*-* ${clock}`
}

/** The text of a job's .service. Throws job_path_unusable. */
export function systemdService(
  description: string,
  args: readonly string[],
  { node, script, env }: Program,
): string {
  return filled('job-systemd.service', {
    description: specifierFree(description),
    environment: Object.entries(env)
      .map(([name, value]) => `Environment=${quoted(`${name}=${value}`)}`)
      .join('\n'),
    command: commandOf([node, script, ...args]),
  })
}

/** The text of its .timer. */
export function systemdTimer(description: string, schedule: Schedule): string {
  return filled('job-systemd.timer', {
    description: specifierFree(description),
    calendar: calendarEvent(schedule),
    delaySeconds: String(Math.round(longestDelay(schedule) / 1_000)),
  })
}

/** systemd takes any argument, but a program only by a path without quotes and control characters: the shell starts others. */
function commandOf(argv: readonly string[]): string {
  const words = argv.map((arg) => quoted(arg).replaceAll('$', '$$$$'))
  return /^[\w/. +@:,-]+$/.test(argv[0]!)
    ? words.join(' ')
    : `/bin/sh -c 'exec "$$0" "$$@"' ${words.join(' ')}`
}

/** As systemd.syntax(7) takes it back, with no specifier in it. */
function quoted(text: string): string {
  if (text.includes('\0')) throw unusable(text, 'a unit file')
  const escaped = text.replace(/[\\"]/g, '\\$&').replace(/\p{Cc}/gu, hex)
  return `"${specifierFree(escaped)}"`
}

function hex(char: string): string {
  return `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`
}

function specifierFree(text: string): string {
  return text.replaceAll('%', '%%')
}
