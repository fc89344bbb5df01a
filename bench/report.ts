import { table } from '../src/core/report/table.ts'
import type { Report } from './main.ts'
import { type Detail, type Headline, verdict } from './result.ts'

const HEADLINE_TITLES = ['measure', 'contender', 'value', '95 % interval', 'must', 'aim', 'met']
const DETAIL_TITLES = ['samples of', 'contender', 'n', 'p50', 'p95', 'p99', 'unit']

/** The report for a terminal: ratios and bounds first, samples after. */
export function textOf(report: Report): string {
  const width = 160
  const columns = (titles: readonly string[]) =>
    titles.map((title, i) => ({ title, align: i < 2 ? ('left' as const) : ('right' as const) }))
  const headlines = table(columns(HEADLINE_TITLES), headlinesOf(report).map(headlineCells), width)
  const details = table(columns(DETAIL_TITLES), detailsOf(report).map(detailCells), width)
  return [heading(report), headlines, details, notesOf(report)].filter((part) => part !== '').join('\n')
}

/** The same as the tables of docs/benchmarks.md. */
export function markdownOf(report: Report): string {
  const rows = (titles: readonly string[], cells: readonly (readonly string[])[]) =>
    [titles, titles.map((_, i) => (i < 2 ? '---' : '---:')), ...cells]
      .map((row) => `| ${row.join(' | ')} |\n`)
      .join('')
  return [
    heading(report),
    rows(HEADLINE_TITLES, headlinesOf(report).map(headlineCells)),
    rows(DETAIL_TITLES, detailsOf(report).map(detailCells)),
    notesOf(report),
  ]
    .filter((part) => part !== '')
    .join('\n')
}

function heading(report: Report): string {
  return `${report.command}\n${report.at.slice(0, 10)}, commit ${report.commit}, node ${report.node}, ${report.machine}\n`
}

function headlinesOf(report: Report): Headline[] {
  return Object.values(report.rows).flatMap((row) => row.headlines)
}

function detailsOf(report: Report): Detail[] {
  return Object.values(report.rows).flatMap((row) => row.details)
}

function notesOf(report: Report): string {
  const { asked, refused } = report.busy
  const busy = `- ${refused} of ${asked} samples were taken although other programs used the machine\n`
  const notes = Object.entries(report.rows).flatMap(([name, row]) =>
    (row.notes ?? []).map((note) => `- ${name}: ${note}\n`),
  )
  return [...(refused > 0 ? [busy] : []), ...notes].join('')
}

function headlineCells(line: Headline): string[] {
  const { interval, must, aim, atLeast } = line
  const sign = atLeast ? '≥' : '≤'
  const bound = (value: number | undefined) => (value === undefined ? '' : `${sign} ${value}`)
  return [
    line.what,
    line.contender,
    `${figure(line.value)}${line.unit === '' ? '' : ` ${line.unit}`}`,
    interval ? `${figure(interval.low)} … ${figure(interval.high)}` : '',
    bound(must),
    bound(aim),
    verdict(line),
  ]
}

function detailCells({ what, contender, summary, unit }: Detail): string[] {
  const optional = (value: number | undefined) => (value === undefined ? '' : figure(value))
  return [
    what,
    contender,
    String(summary.n),
    figure(summary.p50),
    optional(summary.p95),
    optional(summary.p99),
    unit,
  ]
}

/** Three significant digits, whole numbers as they are. */
function figure(value: number): string {
  if (Number.isInteger(value)) return String(value)
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)))
}
