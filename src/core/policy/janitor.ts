import { freemem, totalmem } from 'node:os'
import type { Clock } from '../clock.ts'
import type { Settings } from '../config/live-settings.ts'
import type { Log } from '../log.ts'
import type { Limits } from '../pool/limits.ts'
import type { Pool } from '../pool/pool.ts'
import type { Pools } from '../pool/pools.ts'
import type { Wish } from './idle/keeper.ts'
import type { Saturation } from './saturation.ts'

/** What the janitor looks at and acts on. */
export interface JanitorServices {
  readonly clock: Clock
  readonly log: Log
  readonly limits: Limits
  readonly settings: Settings
  readonly pools: Pools
  readonly saturation: Saturation
  /** Which servers are worth being warm; no opinion of one is undefined. */
  readonly wishFor: (server: string) => Wish | undefined
  /** Why a process that nobody waits for is more than the limits of memory allow; undefined where it is not, or none are enforced. */
  readonly whyNoRoom: (server: string) => string | undefined
}

/** One round: ends what is idle, stale or surplus, asks silent servers whether they live, starts spares and grows pools under load. */
export function sweepPools(services: JanitorServices): void {
  const { pools, limits, saturation } = services
  saturation.look()
  for (const pool of pools.all()) {
    try {
      pool.tidy()
      endIdle(pool, services)
      endOld(pool, services)
      growUnderLoad(pool, services)
      probeSilent(pool, services)
    } catch (error) {
      // One pool's trouble must not end the daemon, and every other pool's sessions with it.
      const what = error instanceof Error ? (error.stack ?? '') : String(error)
      services.log.event('bug', { server: pool.profile.server, what })
    }
  }
  pools.endStaleAhead(limits.spareMs)
  keepSpares(services)
  warmAhead(services)
}

function endIdle(pool: Pool, services: JanitorServices): void {
  const { clock, limits, wishFor } = services
  const now = clock.now()
  const wish = wishFor(pool.profile.server)
  if (pool.sharing === 'owned') {
    const because = isMemoryShort(limits, SPARE_STAYS) ? 'memory is short' : whyNoSpare(pool, services)
    if (because !== undefined)
      for (const upstream of pool.lists.in('spare')) pool.retirement.afterCalls(upstream, because)
    return
  }
  if (now > pool.spareUntilMs && wish?.warm !== true) {
    // A process of a shared pool is a spare too until the first session is ready for it.
    for (const upstream of pool.lists.in('spare')) {
      if (now - upstream.startedAtMs > limits.shrinkAfterMs)
        pool.retirement.afterCalls(upstream, 'no session took the spare')
    }
  }
  const idle = pool.lists.in('idle')
  const unused = (forMs: number) =>
    idle.filter((upstream) => now - upstream.lastUsedMs > forMs && upstream.pins === 0)
  if (pool.members.size === 0) {
    const idleMs = wish === undefined ? limits.idleMs : wish.warm ? Infinity : UNWANTED_MS
    if (now - pool.lastUsedMs > idleMs)
      for (const upstream of unused(idleMs)) pool.retirement.afterCalls(upstream, idleBecause(wish))
    return
  }
  const needed = new Set([...pool.members.values()].map((member) => member.rootsKey))
  for (const upstream of unused(limits.shrinkAfterMs)) {
    // Counted anew each time, and by roots: the last process for some is not surplus because others have two.
    const alike = pool.lists.in('idle', 'busy').filter(({ roots }) => roots === upstream.roots)
    if (alike.length > 1 || !needed.has(upstream.roots ?? ''))
      pool.retirement.afterCalls(upstream, 'more processes than the load needs')
  }
}

/**
 * Why a process that no session has is not worth its memory, where each session has its own; undefined where it is. What was learnt decides; where nothing
 * was, there is one for a while after a session came or left.
 */
function whyNoSpare(pool: Pool, { clock, limits, wishFor }: JanitorServices): string | undefined {
  if (clock.now() <= pool.spareUntilMs) return undefined
  const wish = wishFor(pool.profile.server)
  if (wish !== undefined) return wish.warm ? undefined : `no session took the spare, ${wish.because}`
  return clock.now() - pool.movedMs <= spareAfterMs(limits) ? undefined : 'no session took the spare'
}

/** How long a spare is there after a session came or left, where nothing was learnt, ms. */
export function spareAfterMs({ spareMs }: Pick<Limits, 'spareMs'>): number {
  return Math.min(spareMs, SPARE_AFTER_MS)
}

/** In replays of weeks of sessions a longer one cost more memory than a process that sessions share, for the same waiting spared. */
const SPARE_AFTER_MS = 3 * 60_000
/** Of the memory that must be free for a spare to start, what must be for it to stay: it would come and go with its own weight else. */
const SPARE_STAYS = 0.5

/** A server that is not worth its memory is kept this long all the same: sessions come in bursts. */
const UNWANTED_MS = 60_000

function idleBecause(wish: Wish | undefined): string {
  return wish === undefined ? 'idle' : `idle, ${wish.because}`
}

function endOld(pool: Pool, { clock, limits }: JanitorServices): void {
  if (limits.lifetimeMs === 0 || pool.sharing === 'owned') return
  for (const upstream of pool.lists.in('spare', 'idle', 'busy')) {
    if (clock.now() - upstream.startedAtMs > limits.lifetimeMs)
      pool.renew(upstream, 'older than its lifetime')
  }
}

/** Where every process has more calls than it can answer, another one is worth its memory. */
function growUnderLoad(pool: Pool, services: JanitorServices): void {
  const { saturation, settings, limits, log } = services
  if (pool.sharing !== 'multiplexed' || !settings.get('pools.grow.enabled')) return
  const crowded = pool.lists.in('idle', 'busy').map((upstream) => saturation.saturated(upstream))
  if (crowded.length === 0 || crowded.includes(false) || isMemoryShort(limits)) return
  const { server } = pool.profile
  const because = services.whyNoRoom(server)
  if (because !== undefined) {
    if (!pool.spareRefused) log.event('growth-refused', { server, because })
    pool.spareRefused = true
    return
  }
  pool.spareRefused = false
  if (!pool.grow()) return
  log.event('pool-grows', {
    server,
    because: `${crowded.length} of ${crowded.length} processes have more calls than they can answer`,
  })
}

/** Why no process is started that nobody waits for yet. */
function whyNotAhead(server: string, { limits, whyNoRoom }: JanitorServices): string | undefined {
  return isMemoryShort(limits) ? 'memory is short' : whyNoRoom(server)
}

/** Whether a process of it may be started that nobody waits for: it is known how it is greeted, and a second one harms none. */
export function mayStartAhead({ greetings, profile }: Pick<Pool, 'greetings' | 'profile'>): boolean {
  return greetings !== undefined && profile.spareable
}

/** Whether so little memory is free that nothing is started ahead. */
export function isMemoryShort({ freeMemoryShare }: Pick<Limits, 'freeMemoryShare'>, part = 1): boolean {
  return freemem() < totalmem() * freeMemoryShare * part
}

/** A server is asked only when idle, and judged only when it has answered such a question before. */
function probeSilent(pool: Pool, { clock, limits, log }: JanitorServices): void {
  for (const upstream of pool.lists.in('idle')) {
    if (upstream.answersPing === false || clock.now() - upstream.lastHeardMs < limits.probeAfterMs) continue
    const askedAtMs = clock.now()
    const cancel = clock.after(PROBE_ANSWER_MS, () => {
      if (upstream.lastHeardMs >= askedAtMs) return
      // A server with calls in flight may be too busy to answer; one that never answered may not know `ping`.
      if (upstream.answersPing === true && upstream.awaited === 0) {
        log.event('upstream-silent', {
          server: pool.profile.server,
          pid: upstream.process.pid,
          because: 'it used to answer ping and does not',
        })
        pool.retirement.now(upstream, 'it does not answer')
      } else upstream.answersPing = false
    })
    upstream.ask('ping').then(
      () => {
        upstream.answersPing = true
        cancel()
      },
      () => cancel(),
    )
  }
}

const PROBE_ANSWER_MS = 10_000

/** At most one spare per server: for the pool that was used last, while one is likely to be used and memory allows. */
function keepSpares(services: JanitorServices): void {
  const { clock, pools, settings, log } = services
  if (!settings.get('pools.warm_spares.enabled')) return
  const newest = new Map<string, Pool>()
  for (const pool of pools.all()) {
    if (pool.sharing !== 'owned' || !mayStartAhead(pool)) continue
    if (whyNoSpare(pool, services) !== undefined) continue
    const other = newest.get(pool.profile.server)
    if (other === undefined || pool.lastUsedMs > other.lastUsedMs) newest.set(pool.profile.server, pool)
  }
  for (const pool of newest.values()) {
    if (pool.lists.count('spare') > 0 || pool.starting > 0 || pool.closed || pool.crashes.count > 0) continue
    if (clock.now() - pool.lastUsedMs < SETTLE_BEFORE_SPARE_MS) continue
    for (const rival of pools.of(pool.profile.server)) {
      for (const upstream of rival.lists.in('spare'))
        rival.retirement.afterCalls(upstream, 'another pool of the server was used since')
    }
    const because = whyNotAhead(pool.profile.server, services)
    if (because !== undefined) {
      if (!pool.spareRefused) log.event('spare-refused', { server: pool.profile.server, because })
      pool.spareRefused = true
      continue
    }
    pool.spareRefused = false
    pool.warm().catch(() => {})
  }
}

/** Starts a process of each shared server that has none and is worth being warm: of the pool that was used last, where memory allows. */
function warmAhead(services: JanitorServices): void {
  const { pools, log, wishFor } = services
  const newest = new Map<string, Pool>()
  for (const pool of pools.all()) {
    if (pool.sharing === 'owned' || !mayStartAhead(pool)) continue
    const other = newest.get(pool.profile.server)
    if (other === undefined || pool.lastUsedMs > other.lastUsedMs) newest.set(pool.profile.server, pool)
  }
  for (const [server, pool] of newest) {
    if (pool.alive > 0 || pool.starting > 0 || pool.closed || pool.paused || pool.crashes.count > 0) continue
    const wish = wishFor(server)
    if (wish?.warm !== true) continue
    const because = whyNotAhead(server, services)
    if (because !== undefined) {
      if (!pool.spareRefused) log.event('warming-refused', { server, because })
      pool.spareRefused = true
      continue
    }
    pool.spareRefused = false
    log.event('warmed-ahead', { server, because: wish.because })
    pool.warm().catch(() => {})
  }
}

/** Ends the spares that no session has; one that is asked for by `server warm` later is there until its time is over. */
export function endSpares(pools: Pools, why: string): void {
  for (const pool of pools.all())
    if (pool.sharing === 'owned')
      for (const spare of pool.lists.in('spare')) pool.retirement.afterCalls(spare, why)
}

/** A session that just started is still busy starting other servers: the spare can wait. */
const SETTLE_BEFORE_SPARE_MS = 1_000
