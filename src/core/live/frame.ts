import type { OverviewServer } from '../daemon/wire-overview.ts'
import { statusSums } from '../effects/status-sums.ts'
import { memoryText } from '../report/amounts.ts'
import type { Paint } from '../report/paint.ts'
import { printable } from '../report/printable.ts'
import { headText } from '../report/status-report.ts'
import { type Column, table } from '../report/table.ts'
import type { Look } from './poller.ts'

/** Where a frame is drawn. */
export interface Canvas {
  readonly width: number
  readonly height: number
  readonly paint: Paint
}

const SPARKS = '▁▂▃▄▅▆▇█'
const BAR_COLUMNS = 20
/** Lines below the head that are no server: three blanks, headings, how many more there are, memory, calls, foot; and one that stays free. */
const OTHER_LINES = 9

/** The lines of one frame of the live view: none wider, all together no higher than the canvas where a server fits in it at all. */
export function frameLines({ overview, trouble, callRates }: Look, canvas: Canvas): readonly string[] {
  const { width, height, paint } = canvas
  const foot = paint.faint('q to leave')
  if (overview === undefined) return [`${paint.warn(trouble)}`, '', foot]
  const sums = statusSums(overview)
  const head = rowsOf(headText(overview, sums, canvas)).slice(0, Math.max(1, height - OTHER_LINES - 1))
  const room = Math.max(1, height - OTHER_LINES - head.length)
  const servers = [...overview.servers].sort(
    (a, b) => b.sessions - a.sessions || b.processes - a.processes || (a.id < b.id ? -1 : 1),
  )
  const hidden = servers.length - room
  const { usedKb, directKb } = sums.memory
  const rate = callRates.at(-1) ?? 0
  const sparks = sparkline(callRates, Math.max(1, width - 24))
  return [
    ...head,
    '',
    ...rowsOf(serverTable(servers.slice(0, room), canvas)),
    ...(hidden > 0 ? [paint.faint(`and ${hidden} more`)] : []),
    '',
    `memory ${memoryText(usedKb)}${directKb === null ? '' : `, direct ${memoryText(directKb.low)} to ${memoryText(directKb.high)}`}`,
    `calls ${`${rate.toFixed(rate < 10 ? 1 : 0)}/s`.padEnd(9)} ${sparks}`,
    '',
    foot,
  ]
}

/** Rates as blocks, the highest full, the latest last; as many as there is room for. */
export function sparkline(rates: readonly number[], room: number): string {
  const shown = rates.slice(-room)
  const most = Math.max(...shown, 0)
  return shown.map((rate) => SPARKS[most === 0 ? 0 : Math.ceil((rate / most) * 7)]).join('')
}

function serverTable(servers: readonly OverviewServer[], { width, paint }: Canvas): string {
  if (servers.length === 0) return paint.faint('no server was set up yet')
  const most = Math.max(...servers.map(({ memory }) => memory.pssKb))
  const right = 'right' as const
  const bar = Math.min(BAR_COLUMNS, width - 60)
  const columns: readonly (Column & { readonly from: number; of(server: OverviewServer): string })[] = [
    { title: 'SERVER', from: 0, shrinks: true, of: ({ id }) => printable(id) },
    { title: 'STATE', from: 56, of: ({ state, paused }) => (paused ? 'paused' : state) },
    { title: 'SESS', from: 0, align: right, of: ({ sessions }) => String(sessions) },
    { title: 'PROC', from: 36, align: right, of: ({ processes }) => String(processes) },
    { title: 'BUSY', from: 46, align: right, of: ({ inFlight }) => String(inFlight) },
    {
      title: 'MEMORY',
      from: 0,
      align: right,
      of: ({ memory }) => (memory.measured === 0 ? '-' : memoryText(memory.pssKb)),
    },
    {
      title: '',
      from: 68,
      of: ({ memory }) => paint.good('█'.repeat(Math.round((memory.pssKb / (most || 1)) * Math.max(0, bar)))),
    },
  ]
  const shown = columns.filter(({ from }) => width >= from)
  return table(
    shown,
    servers.map((server) => shown.map((column) => column.of(server))),
    width,
  )
}

function rowsOf(text: string): readonly string[] {
  return text.replace(/\n$/, '').split('\n')
}
