import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { median } from '../bench/statistics.ts'
import type { Clock } from '../clock.ts'
import type { Settings } from '../config/live-settings.ts'
import type { Paths } from '../config/paths.ts'
import { writeFileAtomic } from '../config/write-file.ts'
import type { Log } from '../log.ts'
import { type Keeper, keeperOf, type ServerCosts, type Wish } from '../policy/idle/keeper.ts'
import { mayStartAhead, spareAfterMs } from '../policy/janitor.ts'
import type { Limits } from '../pool/limits.ts'
import type { Pools } from '../pool/pools.ts'
import { jsonIfRegular } from '../regular-file.ts'
import type { Recording } from './recording.ts'
import { treesOf } from './trees.ts'

/** What the daemon learns from, and where it keeps it. */
export interface KeepWarmServices {
  readonly paths: Pick<Paths, 'keepWarm'>
  readonly clock: Clock
  readonly log: Log
  readonly limits: Limits
  readonly settings: Settings
  readonly pools: Pools
  /** What was measured of servers; what was not is left out. */
  readonly measured: () => ReadonlyMap<string, Partial<ServerCosts>>
}

const SLOT_MS = 60_000
/** What a server is supposed to cost until it was seen. */
const SUPPOSED: ServerCosts = { coldMs: 1_500, memoryMb: 80 }
const SAVE_SLOTS = 15
/** A start may take longer than it mostly does. */
const EARLY_MS = 15_000
/** Longer than most pauses of a working day. Beyond an hour nothing was gained in replays. */
const STAYS_SLOTS = 60

/**
 * Learns when each server is used, minute by minute, also while nothing acts by it; with `prewarm.enabled` says which are worth being warm. It spends
 * what the plain rules would: each process for `limits.idle_ms` after its last session, each spare for as long as one is there without a wish. Kept in one file, so that a new daemon knows what the one before had learnt.
 */
export class KeepWarm {
  readonly #services: KeepWarmServices
  readonly #keeper: Keeper
  readonly #costs = new Map<string, ServerCosts>()
  #slot: number
  #beganMs: number
  #unsaved = 0
  /** Whether the daemon was worth staying, and the slot in which that was reckoned. */
  #stays = { slot: -1, isWorth: false }

  constructor(services: KeepWarmServices) {
    this.#services = services
    this.#keeper = keeperOf(jsonIfRegular(services.paths.keepWarm))
    this.#slot = this.#now
    this.#beganMs = services.clock.now()
  }

  /** Called in each tick: passes the minute that is over. */
  look(): void {
    const { clock, pools, limits, measured } = this.#services
    const slot = this.#now
    if (slot === this.#slot) return
    const [used, held, owned] = [new Set<string>(), new Set<string>(), new Set<string>()]
    for (const { profile, sharing, movedMs, lastUsedMs, members } of pools.all()) {
      // Where each session has a process, calls say nothing of when a session will want another.
      if ((sharing === 'owned' ? movedMs : lastUsedMs) >= this.#beganMs) used.add(profile.server)
      if (sharing === 'owned') owned.add(profile.server)
      else if (members.size > 0) held.add(profile.server)
    }
    for (const [server, costs] of measured()) this.#costs.set(server, { ...this.costsOf(server), ...costs })
    const windowOf = (server: string) =>
      Math.ceil((owned.has(server) ? spareAfterMs(limits) : limits.idleMs) / SLOT_MS)
    this.#keeper.pass(this.#slot, used, (server) => this.costsOf(server), windowOf, held)
    this.#slot = slot
    this.#beganMs = clock.now()
    this.#unsaved += 1
    if (this.#unsaved >= SAVE_SLOTS) this.save()
  }

  /** What is thought of a server now; undefined where nothing is known, or the user does not want it. */
  wishFor(server: string): Wish | undefined {
    if (!this.#services.settings.get('prewarm.enabled')) return undefined
    const costs = this.costsOf(server)
    const wish = this.#keeper.wishFor(server, this.#slot, costs)
    const soon = slotSoon(this.#services.clock.wall(), costs)
    if (wish === undefined || wish.warm || soon <= this.#slot) return wish
    const next = this.#keeper.wishFor(server, soon, costs)
    return next?.warm ? next : wish
  }

  /** How long the daemon stays without work: a new one starts nothing ahead, as it has seen no session of any server. More than the setting only while that is worth its memory. */
  get staysMs(): number {
    const { limits, settings } = this.#services
    if (!settings.get('prewarm.enabled')) return limits.daemonIdleMs
    if (this.#stays.slot !== this.#slot) this.#stays = { slot: this.#slot, isWorth: this.#isWorthStaying() }
    return this.#stays.isWorth ? Math.max(limits.daemonIdleMs, STAYS_SLOTS * SLOT_MS) : limits.daemonIdleMs
  }

  #isWorthStaying(): boolean {
    const startable = this.#services.pools.all().filter(mayStartAhead)
    const servers = new Set(startable.map(({ profile }) => profile.server))
    const ownMb = process.memoryUsage.rss() / 2 ** 20
    return this.#keeper.isWorthStaying(servers, this.#slot, (one) => this.costsOf(one), ownMb, STAYS_SLOTS)
  }

  /** Keeps what was learnt. A disk that takes nothing costs that. */
  save(): void {
    const { paths, log } = this.#services
    if (this.#unsaved === 0) return
    this.#unsaved = 0
    try {
      mkdirSync(dirname(paths.keepWarm), { recursive: true, mode: 0o700 })
      writeFileAtomic(paths.keepWarm, JSON.stringify(this.#keeper.data()))
    } catch (error) {
      log.event('keep-warm-unsaved', { because: error instanceof Error ? error.message : String(error) })
    }
  }

  /** See Keeper.price. */
  get price(): number {
    return this.#keeper.price
  }

  get #now(): number {
    return Math.floor(this.#services.clock.wall() / SLOT_MS)
  }

  /** What a server costs, as measured or supposed. */
  costsOf(server: string): ServerCosts {
    return this.#costs.get(server) ?? SUPPOSED
  }
}

/** The slot by which a start that is begun now is over: what is due by the clock comes in the first second of its minute. */
export function slotSoon(wallMs: number, { coldMs }: ServerCosts): number {
  return Math.floor((wallMs + coldMs + EARLY_MS) / SLOT_MS)
}

/** What the daemon has seen of its servers since it started. */
export function measuredBy(recording: Recording, pools: Pools): ReadonlyMap<string, Partial<ServerCosts>> {
  const trees = treesOf(pools)
  const samples = recording.latestSamples(trees)
  const memory = new Map<string, number[]>()
  for (const { server, pid } of trees) {
    const sample = samples.get(pid)
    const kb = sample === undefined ? 0 : sample.pssKb > 0 ? sample.pssKb : sample.rssKb
    if (kb > 0) memory.set(server, [...(memory.get(server) ?? []), kb / 1024])
  }
  const servers = new Set(pools.all().map((pool) => pool.profile.server))
  return new Map(
    [...servers].map((server) => {
      const { readyMs } = recording.tallies.of(server)
      const held = memory.get(server)
      const costs: Partial<ServerCosts> = {
        ...(readyMs.length > 0 && { coldMs: Math.max(1, median(readyMs)) }),
        ...(held !== undefined && { memoryMb: median(held) }),
      }
      return [server, costs] as const
    }),
  )
}
