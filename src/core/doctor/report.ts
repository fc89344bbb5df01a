import { counted } from '../report/counted.ts'
import { wrapped } from '../report/facts.ts'
import type { Paint } from '../report/paint.ts'
import { printable } from '../report/printable.ts'
import { cellWidth } from '../report/table.ts'
import type { Repaired } from './examine.ts'
import { type Finding, SEVERITIES, type Severity } from './finding.ts'

const HEADINGS: Readonly<Record<Severity, string>> = {
  error: 'ERRORS',
  warning: 'WARNINGS',
  advice: 'ADVICE',
  ok: 'FINE',
}

/** Columns that a message has even where the subjects leave less. */
const LEAST_MESSAGE = 24

/** What doctor did and found, worst first, and at the end the count and the next command. */
export function doctorReport(view: {
  readonly findings: readonly Finding[]
  readonly repaired: readonly Repaired[]
  readonly home: string
  readonly width: number
  readonly paint: Paint
}): string {
  const { findings, repaired, paint } = view
  const short = (text: string) => printable(text).replaceAll(`${view.home}/`, '~/')
  const colours = { error: paint.bad, warning: paint.warn, advice: paint.strong, ok: paint.good }
  const groups = SEVERITIES.flatMap((severity) => {
    const own = findings.filter((finding) => finding.severity === severity)
    if (own.length === 0) return []
    const subjects = own.map(({ subject }) => short(subject))
    const indent = Math.min(24, Math.max(...subjects.map(cellWidth))) + 4
    const lines = own.map(({ message, fix }, i) => {
      const subject = subjects[i]!
      const gap = ' '.repeat(Math.max(2, indent - 2 - cellWidth(subject)))
      const next =
        fix === undefined || severity === 'ok'
          ? ''
          : `${' '.repeat(indent)}${paint.faint('next:')} ${printable(fix)}\n`
      const said = wrapped(short(message), Math.max(LEAST_MESSAGE, view.width - indent))
      return `  ${subject}${gap}${said.join(`\n${' '.repeat(indent)}`)}\n${next}`
    })
    return [`${colours[severity](HEADINGS[severity])}\n${lines.join('')}`]
  })
  const done = repaired.map(
    ({ subject, did }) => `${paint.good('fixed:')} ${short(subject)}: ${short(did)}\n`,
  )
  return `${[done.join(''), ...groups].filter((part) => part !== '').join('\n')}\n${lastLine(findings)}`
}

function lastLine(findings: readonly Finding[]): string {
  const count = (severity: Severity) => findings.filter((finding) => finding.severity === severity).length
  const [errors, warnings, advice] = [count('error'), count('warning'), count('advice')]
  if (errors + warnings + advice === 0) return 'nothing is wrong\n'
  const words = [
    counted(errors, 'error'),
    counted(warnings, 'warning'),
    counted(advice, 'piece of advice', 'pieces of advice'),
  ].join(', ')
  const isFixable = findings.some(({ repair }) => repair !== undefined)
  const next = isFixable
    ? 'mycelium doctor --fix'
    : findings.find(({ fix, severity }) => fix !== undefined && severity !== 'ok')?.fix
  return `${words}\n${next === undefined ? '' : `  next: ${next}\n`}`
}

/** The stable form for `--json`. */
export function doctorJson(
  version: string,
  findings: readonly Finding[],
  repaired: readonly Repaired[],
): object {
  return {
    version,
    ok: findings.every(({ severity }) => severity !== 'error'),
    fixed: repaired,
    findings: findings.map(({ id, severity, subject, message, fix, repair }) => ({
      id,
      severity,
      subject,
      message,
      fix: fix ?? null,
      fixable: repair !== undefined,
    })),
  }
}
