import type { MemorySample } from './profile.ts'

/** One server of a trace. */
export interface TraceServer {
  readonly name: string
  /** By time; of several at the same time the largest. At least one. */
  readonly samples: readonly MemorySample[]
  /** Samples further apart, ms, are of a server that was not running in between. */
  readonly gapMs: number
}

/** What numbers of the time column count. */
export type TimeUnit = 's' | 'ms'

/** What a line says; a bare number of time is not yet known to be seconds or milliseconds. */
export interface TraceLine {
  readonly server: string
  readonly time: number
  /** Milliseconds already: it was a date. */
  readonly dated: boolean
  readonly mb: number
}

/** Larger bare numbers of time are milliseconds: as seconds they would be after the year 5100, as milliseconds they are since 1973. */
const LEAST_EPOCH_MS = 1e11
/** More is no memory of a process. */
const MOST_MB = 1e9
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i
const DATE = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:?\d{2})?$/
/** Gaps of so many usual intervals, and of this long at least, are stops. */
const GAP_INTERVALS = 5
const LEAST_GAP_MS = 300_000

/** A line `server,time,MB`; undefined for any other. A name may hold commas, and be quoted. */
export function lineOf(text: string): TraceLine | undefined {
  const [, name = '', when = '', amount = ''] = /^(.*),([^,]*),([^,]*)$/.exec(text.trim()) ?? []
  const server = unquoted(name)
  const [at, size] = [unquoted(when), unquoted(amount)]
  if (server === '' || !NUMBER.test(size)) return undefined
  const mb = Number(size)
  const dated = !NUMBER.test(at)
  const time = dated ? dateOf(at) : Number(at)
  const isSound = Number.isFinite(time) && mb > 0 && mb <= MOST_MB
  return isSound ? { server, time, dated, mb } : undefined
}

/** Whether a line that is none names columns. */
export function isHeader(text: string): boolean {
  const cells = text.trim().split(',').map(unquoted)
  return cells.length === 3 && cells.every((cell) => /^[^\d]/.test(cell))
}

/** The servers of a trace, by name. `unit` is what bare numbers of time are; told by their size where it is undefined. */
export function serversOf(
  lines: readonly TraceLine[],
  unit: TimeUnit | undefined,
): { readonly servers: readonly TraceServer[]; readonly unit: TimeUnit } {
  const largest = lines.reduce((most, { dated, time }) => (dated ? most : Math.max(most, time)), 0)
  const known = unit ?? (largest >= LEAST_EPOCH_MS ? 'ms' : 's')
  const factor = known === 's' ? 1_000 : 1
  const byName = new Map<string, MemorySample[]>()
  for (const { server, time, dated, mb } of lines) {
    const samples = byName.get(server) ?? []
    samples.push({ atMs: dated ? time : time * factor, mb })
    byName.set(server, samples)
  }
  const servers = [...byName].map(([name, all]) => {
    const samples = ordered(all)
    return { name, samples, gapMs: gapOf(samples) }
  })
  return { servers: servers.sort((a, b) => (a.name < b.name ? -1 : 1)), unit: known }
}

function ordered(samples: MemorySample[]): readonly MemorySample[] {
  samples.sort((a, b) => a.atMs - b.atMs || b.mb - a.mb)
  return samples.filter(({ atMs }, i) => atMs !== samples[i - 1]?.atMs)
}

function gapOf(samples: readonly MemorySample[]): number {
  const intervals = samples.slice(1).map(({ atMs }, i) => atMs - samples[i]!.atMs)
  const middle = intervals.sort((a, b) => a - b)[intervals.length >> 1] ?? 0
  return Math.max(LEAST_GAP_MS, GAP_INTERVALS * middle)
}

/** A date without a zone is taken for UTC: what counts is what lies between two, and clocks that are put back would spoil it. */
function dateOf(text: string): number {
  const [, day, time, zone = 'Z'] = DATE.exec(text) ?? []
  return day === undefined ? Number.NaN : Date.parse(`${day}T${time}${zone}`)
}

function unquoted(cell: string): string {
  const text = cell.trim()
  return text.length > 1 && text.startsWith('"') && text.endsWith('"')
    ? text.slice(1, -1).replaceAll('""', '"')
    : text
}
