import type { Overview, OverviewServer } from '../daemon/wire-overview.ts'
import { type Estimate, medianEstimate, sumOf, unknown } from './estimate.ts'

/** Two ends between which a figure lies. */
export interface Range {
  readonly low: number
  readonly high: number
}

/** Memory that is used, and what the same open sessions would use with a process of its own each; KiB, proportional share. */
export interface MemorySums {
  readonly usedKb: number
  readonly serversKb: number
  readonly daemonKb: number
  readonly launchersKb: number
  /**
   * Low end: each further copy has what one writes and shares with nobody. High end: each copy has the whole proportional share of one
   * that runs now. Null where nothing of it could be measured.
   */
  readonly directKb: Range | null
  /** Direct less used; negative when sharing costs memory. */
  readonly savedKb: Range | null
  /** Sessions of servers of which no process could be measured: in neither figure. */
  readonly unmeasuredSessions: number
}

/** What the daemon's numbers add up to, since it started. */
export interface StatusSums {
  readonly sessions: number
  readonly processes: number
  readonly inFlight: number
  readonly calls: number
  readonly failedCalls: number
  readonly memory: MemorySums
  /** Each session that was greeted would have started a process: greetings less starts, negative when more were started. */
  readonly starts: { readonly sessions: number; readonly started: number; readonly avoided: number }
  readonly greetings: { readonly warm: number; readonly all: number; readonly rate: number | null }
  /** Time that warm greetings spared their sessions, ms. n: the warm greetings of servers of which a start was measured. */
  readonly savedMs: Estimate
}

/** Adds up what the daemon says. */
export function statusSums(overview: Overview): StatusSums {
  const { servers } = overview
  const sum = (of: (server: OverviewServer) => number) => servers.reduce((total, one) => total + of(one), 0)
  const warm = sum(({ totals }) => totals.warmGreetings)
  const all = warm + sum(({ totals }) => totals.coldGreetings)
  const started = sum(({ totals }) => totals.starts)
  return {
    sessions: sum(({ sessions }) => sessions),
    processes: sum(({ processes }) => processes),
    inFlight: sum(({ inFlight }) => inFlight),
    calls: sum(({ totals }) => totals.calls),
    failedCalls: sum(({ totals }) => totals.failedCalls),
    memory: memorySums(overview),
    starts: { sessions: all, started, avoided: all - started },
    greetings: { warm, all, rate: all === 0 ? null : warm / all },
    savedMs: savedMs(servers),
  }
}

function memorySums({ servers, daemonMemory, launchers }: Overview): MemorySums {
  const serversKb = servers.reduce((sum, server) => sum + usedKbOf(server), 0)
  const usedKb = serversKb + daemonMemory.pssKb + launchers.pssKb
  const open = servers.filter(({ sessions }) => sessions > 0)
  const measured = open.filter(({ memory }) => memory.measured > 0)
  const directs = measured.map(directKbOf)
  const directKb =
    measured.length === 0 && open.length > 0
      ? null
      : {
          low: directs.reduce((sum, { low }) => sum + low, 0),
          high: directs.reduce((sum, { high }) => sum + high, 0),
        }
  return {
    usedKb,
    serversKb,
    daemonKb: daemonMemory.pssKb,
    launchersKb: launchers.pssKb,
    directKb,
    savedKb: directKb === null ? null : { low: directKb.low - usedKb, high: directKb.high - usedKb },
    unmeasuredSessions: open
      .filter(({ memory }) => memory.measured === 0)
      .reduce((sum, { sessions }) => sum + sessions, 0),
  }
}

/** Of all its processes, reckoned from those that were looked at. */
function usedKbOf({ memory, processes }: OverviewServer): number {
  return memory.measured === 0 ? 0 : Math.round((memory.pssKb / memory.measured) * processes)
}

function directKbOf(server: OverviewServer): Range {
  const { memory, sessions, processes } = server
  const whole = Math.round((memory.pssKb / memory.measured) * sessions)
  if (memory.ownKb === null) return { low: whole, high: whole }
  const own = Math.round(usedKbOf(server) + (memory.ownKb / memory.measured) * (sessions - processes))
  return { low: Math.min(own, whole), high: Math.max(own, whole) }
}

function savedMs(servers: readonly OverviewServer[]): Estimate {
  const warm = servers.map(({ totals }) => totals).filter(({ warmGreetings }) => warmGreetings > 0)
  if (warm.length === 0) return unknown('no session was greeted warm')
  const measured = warm.filter(({ readyMs }) => readyMs.length > 0)
  const n = measured.reduce((sum, { warmGreetings }) => sum + warmGreetings, 0)
  if (n === 0) return unknown('no start was measured')
  const each = measured.map(({ readyMs, warmGreetings, warmGreetingMs }): Estimate => {
    const start = medianEstimate(readyMs)
    const saved = (ms: number | null) => (ms === null ? null : ms * warmGreetings - warmGreetingMs)
    return { ...start, value: saved(start.value), low: saved(start.low), high: saved(start.high) }
  })
  const total = sumOf(each, n)
  return total.low === null ? { ...total, note: total.note.replace('too few', 'too few starts') } : total
}
