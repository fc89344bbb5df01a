import { slotSoon } from '../../src/core/daemon/keep-warm.ts'
import { Keeper, type Wish } from '../../src/core/policy/idle/keeper.ts'
import { DAY_MS, DAYS, HOUR_MS, LEARNING_DAYS, MINUTE_MS, type Visit } from './schedule.ts'

/** What a server of the fleet costs, as the row `week` measures it on an idle machine, rounded. */
interface Cost {
  readonly coldMs: number
  readonly memoryMb: number
  /** Each session has a process of its own, by the catalog. */
  readonly owned: boolean
}

const shared = (coldMs: number, memoryMb: number): Cost => ({ coldMs, memoryMb, owned: false })
const COSTS: Readonly<Record<string, Cost>> = {
  github: shared(900, 55),
  filesystem: shared(300, 25),
  postgres: shared(2_100, 75),
  memory: shared(280, 25),
  playwright: { coldMs: 3_100, memoryMb: 135, owned: true },
  thinking: { coldMs: 280, memoryMb: 25, owned: true },
  qdrant: shared(5_100, 165),
  everything: shared(300, 28),
}
const DAEMON_MB = 55

/** How a week is gone through: as agents do alone, by the plain rules, or as it is learnt. */
export type Rule = 'direct' | 'static' | 'learning'

/** What a replayed week came to on the days that are judged. */
export interface Week {
  readonly connections: number
  readonly cold: number
  readonly waitedMs: number
  /** Of servers, and of the daemon while it is there, MB hours. */
  readonly serversMbH: number
  readonly daemonMbH: number
}

/** The defaults of `limits.idle_ms` and of the janitor's spares, and of `limits.daemon_idle_ms`. */
const IDLE_MS = 10 * MINUTE_MS
const SPARE_MS = 3 * MINUTE_MS
const DAEMON_IDLE_MS = 15 * MINUTE_MS
const STAYS_MS = HOUR_MS
/** A server that is not worth it stays this long all the same. */
const UNWANTED_MS = MINUTE_MS
const TICK_MS = 10_000

/** One server on its way. */
class Server {
  members = 0
  /** A process that no session has: idle where sessions share it, else a spare. */
  hasFree = false
  /** The daemon that is there has seen a session of it: it can start it. */
  known = false
  lastMs = Number.NEGATIVE_INFINITY
  movedMs = Number.NEGATIVE_INFINITY
  readonly name: string
  readonly cost: Cost

  constructor(name: string, cost: Cost) {
    this.name = name
    this.cost = cost
  }

  get processes(): number {
    if (!this.cost.owned) return this.members > 0 || this.hasFree ? 1 : 0
    return this.members + (this.hasFree ? 1 : 0)
  }

  /** A session comes; whether it finds a process. */
  open(nowMs: number): boolean {
    const isWarm = this.hasFree || (!this.cost.owned && this.members > 0)
    this.hasFree = false
    this.members += 1
    this.known = true
    this.lastMs = this.movedMs = nowMs
    return isWarm
  }

  close(nowMs: number): void {
    this.members -= 1
    this.lastMs = this.movedMs = nowMs
    if (!this.cost.owned && this.members === 0) this.hasFree = true
  }
}

/**
 * Goes through a week without processes: when the same policy as the daemon's, with the costs above, holds what. A second where the row `week` takes minutes; what
 * guesses do (foresight) and starts that fail are left out.
 */
export function replayWeek(visits: readonly Visit[], rule: Rule, idleMs = IDLE_MS): Week {
  const servers = new Map(Object.entries(COSTS).map(([name, cost]) => [name, new Server(name, cost)]))
  const all = [...servers.values()]
  const keeper = rule === 'learning' ? new Keeper() : undefined
  const week = { connections: 0, cold: 0, waitedMs: 0, serversMbH: 0, daemonMbH: 0 }
  const judgedFromMs = LEARNING_DAYS * DAY_MS
  let [lastMs, slot, passedMs, isThere, workedMs] = [0, 0, 0, false, 0]
  const pass = (nowMs: number) => {
    const hours = (nowMs - lastMs) / HOUR_MS
    if (nowMs > judgedFromMs) {
      for (const one of all)
        week.serversMbH += hours * (rule === 'direct' ? one.members : one.processes) * one.cost.memoryMb
      if (isThere) week.daemonMbH += hours * DAEMON_MB
    }
    lastMs = nowMs
  }
  const open = (names: readonly string[], nowMs: number) => {
    const waits = names.map((name) => {
      const one = servers.get(name)!
      const isWarm = one.open(nowMs) && rule !== 'direct'
      if (nowMs >= judgedFromMs) {
        week.connections += 1
        week.cold += isWarm ? 0 : 1
      }
      return isWarm ? 0 : one.cost.coldMs
    })
    if (nowMs >= judgedFromMs) week.waitedMs += Math.max(0, ...waits)
  }
  const deeds = deedsOf(visits, servers, open)
  let next = 0
  for (let nowMs = 0; nowMs <= DAYS * DAY_MS; nowMs += TICK_MS) {
    for (; next < deeds.length && deeds[next]!.atMs <= nowMs; next++) {
      pass(deeds[next]!.atMs)
      deeds[next]!.run()
    }
    pass(nowMs)
    if (rule === 'direct') continue
    if (all.some(({ processes }) => processes > 0)) {
      isThere = true
      workedMs = nowMs
    }
    if (!isThere) continue
    const minute = Math.floor(nowMs / MINUTE_MS)
    if (minute !== slot) {
      if (keeper !== undefined) learn(keeper, slot, passedMs, all, idleMs)
      slot = minute
      passedMs = nowMs
    }
    for (const one of all) hold(one, keeper, minute, nowMs, idleMs)
    const idleForMs = nowMs - workedMs
    if (idleForMs <= DAEMON_IDLE_MS || (idleForMs <= STAYS_MS && isWorthStaying(keeper, minute, all)))
      continue
    isThere = false
    for (const one of all) one.known = false
  }
  return week
}

interface Deed {
  readonly atMs: number
  run(): void
}

function deedsOf(
  visits: readonly Visit[],
  servers: ReadonlyMap<string, Server>,
  open: (names: readonly string[], nowMs: number) => void,
): readonly Deed[] {
  const deeds = visits.flatMap(({ startMs, endMs, servers: atOnce, calls }): Deed[] => {
    const has = new Set(atOnce)
    return [
      { atMs: startMs, run: () => open(atOnce, startMs) },
      ...calls.map(({ atMs, server }) => ({
        atMs,
        run: () => {
          if (!has.has(server)) open([server], atMs)
          has.add(server)
          servers.get(server)!.lastMs = atMs
        },
      })),
      { atMs: endMs, run: () => has.forEach((name) => void servers.get(name)!.close(endMs)) },
    ]
  })
  return deeds.sort((a, b) => a.atMs - b.atMs)
}

/** As KeepWarm.look() in daemon/keep-warm.ts. */
function learn(keeper: Keeper, slot: number, beganMs: number, all: readonly Server[], idleMs: number): void {
  const usedAt = ({ cost, movedMs, lastMs }: Server) => (cost.owned ? movedMs : lastMs)
  const namesOf = (which: (one: Server) => boolean) => new Set(all.filter(which).map(({ name }) => name))
  const used = namesOf((one) => usedAt(one) >= beganMs)
  const held = namesOf(({ cost, members }) => !cost.owned && members > 0)
  const windowOf = (name: string) => Math.ceil((COSTS[name]!.owned ? SPARE_MS : idleMs) / MINUTE_MS)
  keeper.pass(slot, used, (name) => COSTS[name]!, windowOf, held)
}

/** As the janitor holds, ends and starts what no session has. */
function hold(one: Server, keeper: Keeper | undefined, minute: number, nowMs: number, idleMs: number): void {
  const { cost, name } = one
  const wish = keeper && wishOf(keeper, name, minute, nowMs)
  if (cost.owned) {
    const isWanted = wish?.warm ?? nowMs - one.movedMs <= SPARE_MS
    one.hasFree = isWanted && one.known
  } else if (one.members > 0) return
  else if (one.hasFree) {
    const longestMs = wish === undefined ? idleMs : wish.warm ? Number.POSITIVE_INFINITY : UNWANTED_MS
    if (nowMs - one.lastMs > longestMs) one.hasFree = false
  } else if (wish?.warm && one.known) one.hasFree = true
}

/** As KeepWarm.wishFor(). */
function wishOf(keeper: Keeper, name: string, minute: number, nowMs: number): Wish | undefined {
  const cost = COSTS[name]!
  const wish = keeper.wishFor(name, minute, cost)
  const soon = slotSoon(nowMs, cost)
  if (wish === undefined || wish.warm || soon <= minute) return wish
  const next = keeper.wishFor(name, soon, cost)
  return next?.warm ? next : wish
}

function isWorthStaying(keeper: Keeper | undefined, minute: number, all: readonly Server[]): boolean {
  const known = all.filter((one) => one.known).map(({ name }) => name)
  return keeper?.isWorthStaying(known, minute, (name) => COSTS[name]!, DAEMON_MB, 60) ?? false
}

/** The idle time with which the plain rules take as much memory x time, daemon included, as `mbH` of these weeks together: to a second. */
export function idleMsFor(weeks: readonly (readonly Visit[])[], mbH: number): number {
  let [low, high] = [0, 2 * HOUR_MS]
  while (high - low > 1_000) {
    const idleMs = (low + high) / 2
    const taken = weeks.reduce((sum, visits) => sum + memoryOf(replayWeek(visits, 'static', idleMs)), 0)
    if (taken < mbH) low = idleMs
    else high = idleMs
  }
  return Math.round(low)
}

/** All memory x time of a week, MB hours. */
export function memoryOf({ serversMbH, daemonMbH }: Week): number {
  return serversMbH + daemonMbH
}
