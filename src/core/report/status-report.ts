import type { ServerDef } from '../config/registry.ts'
import type { Overview, OverviewServer } from '../daemon/wire-overview.ts'
import type { Estimate } from '../effects/estimate.ts'
import type { MemorySums, Range, StatusSums } from '../effects/status-sums.ts'
import { ageText, memoryText, timeText } from './amounts.ts'
import { counted } from './counted.ts'
import { type Fact, factsText, wrapped } from './facts.ts'
import type { Paint } from './paint.ts'
import { printable } from './printable.ts'
import { type Column, table } from './table.ts'

/** Where it is printed. */
export interface Screen {
  readonly width: number
  readonly paint: Paint
}

/** Below this many columns a table keeps only what matters most. */
const NARROW = 64

/** What `status` prints of a running daemon. */
export function statusText(overview: Overview, sums: StatusSums, screen: Screen): string {
  return [
    headText(overview, sums, screen),
    serversText(overview.servers, screen),
    factsOf(overview, sums, screen),
  ]
    .filter((part) => part !== '')
    .join('\n')
}

/** What it prints where none runs: what is set up. */
export function downText(servers: readonly ServerDef[], { width, paint }: Screen): string {
  const head = `${paint.warn('no daemon is running')}: it starts with the next agent session`
  if (servers.length === 0) return lines(`${head}\nno server was set up yet; next: mycelium init`, width)
  const rows = servers.map(({ id, sources }) => [
    printable(id),
    printable([...new Set(sources.map(({ client }) => client))].join(', ')),
  ])
  return `${lines(head, width)}\n${table(
    [
      { title: 'SERVER', shrinks: true },
      { title: 'CLIENTS', shrinks: true },
    ],
    rows,
    width,
  )}`
}

/** Daemons that have handed over and finish their sessions. */
export function drainingText(pids: readonly number[], { width }: Screen): string {
  return pids
    .map((pid) => lines(`draining: pid ${pid} has handed over and goes on until its sessions end`, width))
    .join('')
}

/** One line of the daemon, one of what is open. */
export function headText({ daemon, clients }: Overview, sums: StatusSums, { width, paint }: Screen): string {
  const by = Object.entries(clients)
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .map(([client, count]) => `${printable(client)} ${count}`)
  const up = `mycelium ${daemon.version}, pid ${daemon.pid}, up ${ageText(daemon.uptimeMs)}`
  const open = `${counted(sums.sessions, 'session')}${by.length > 0 ? ` (${by.join(', ')})` : ''}`
  const held = `${counted(sums.processes, 'server process', 'server processes')}, ${counted(sums.inFlight, 'call')} in flight`
  const draining = daemon.draining ? `\n${paint.warn('draining')}: it takes no new sessions` : ''
  return lines(`${paint.strong(up)}\n${open}, ${held}${draining}`, width)
}

/** A row for each server. */
export function serversText(servers: readonly OverviewServer[], { width, paint }: Screen): string {
  if (servers.length === 0) return 'no server was set up yet; next: mycelium init\n'
  const right = 'right' as const
  const columns: readonly (Column & { readonly wide?: true; of(server: OverviewServer): string })[] = [
    { title: 'SERVER', shrinks: true, of: ({ id }) => printable(id) },
    { title: 'MODE', wide: true, of: ({ mode }) => mode },
    { title: 'STATE', of: (server) => stateText(server, paint) },
    { title: 'SESS', align: right, of: ({ sessions }) => String(sessions) },
    { title: 'PROC', align: right, of: ({ processes }) => String(processes) },
    { title: 'IN FLIGHT', align: right, wide: true, of: ({ inFlight }) => String(inFlight) },
    { title: 'CALLS', align: right, wide: true, of: ({ totals }) => String(totals.calls) },
    {
      title: 'MEMORY',
      align: right,
      of: ({ memory }) => (memory.measured > 0 ? memoryText(memory.pssKb) : '-'),
    },
  ]
  const shown = columns.filter(({ wide }) => !wide || width >= NARROW)
  const rows = servers.map((server) => shown.map((column) => column.of(server)))
  return table(shown, rows, width)
}

function stateText({ state, paused }: OverviewServer, paint: Paint): string {
  const word = paused ? 'paused' : state
  if (word === 'warm') return paint.good(word)
  if (word === 'crash-loop' || word === 'closed') return paint.bad(word)
  return word === 'paused' ? paint.warn(word) : word
}

function factsOf(overview: Overview, sums: StatusSums, { width, paint }: Screen): string {
  const { starts, greetings, savedMs, calls, failedCalls, memory } = sums
  const rate = greetings.rate === null ? '' : ` (${Math.round(100 * greetings.rate)} %)`
  const facts: Fact[] = [
    ['memory', usedText(memory)],
    ['direct', directText(memory)],
    ['starts', `${starts.started} for ${counted(starts.sessions, 'session')}: ${starts.avoided} avoided`],
    ['greetings', `${greetings.warm} of ${greetings.all} warm${rate}`],
    ['waiting', waitingText(savedMs)],
    ['calls', `${calls}, ${failedCalls} failed`],
  ]
  const since = `All but memory since the daemon started, ${ageText(overview.daemon.uptimeMs)} ago.`
  return `${factsText(facts, width, paint)}${lines(paint.faint(since), width)}`
}

function usedText({ usedKb, serversKb, daemonKb, launchersKb }: MemorySums): string {
  return `${memoryText(usedKb)} now: servers ${memoryText(serversKb)}, daemon ${memoryText(daemonKb)}, launchers ${memoryText(launchersKb)}`
}

function directText({ directKb, savedKb, unmeasuredSessions }: MemorySums): string {
  const rest =
    unmeasuredSessions > 0 ? `; without ${counted(unmeasuredSessions, 'session')} not measured` : ''
  if (directKb === null || savedKb === null) return `not measured yet${rest}`
  const what = 'if each open session had its own processes, of the size of those that run'
  return `${rangeText(directKb)} ${what}; saved ${rangeText(savedKb)}${rest}`
}

function rangeText({ low, high }: Range): string {
  const [from, to] = [memoryText(low), memoryText(high)]
  return from === to ? from : `${from} to ${to}`
}

function waitingText(saved: Estimate): string {
  if (saved.value === null) return `saved: unknown, ${saved.note}`
  return `saved ${timeText(saved.value)} by ${counted(saved.n, 'warm greeting')} (${spreadText(saved, timeText)})`
}

/** The interval of an estimate, or why it has none. */
export function spreadText({ low, high, note }: Estimate, text: (value: number) => string): string {
  return low === null || high === null ? `no interval, ${note}` : `95 %: ${text(low)} to ${text(high)}`
}

function lines(text: string, width: number): string {
  return text
    .split('\n')
    .flatMap((line) => wrapped(line, width))
    .map((line) => `${line}\n`)
    .join('')
}
