import { freemem, totalmem } from 'node:os'
import type { Clock } from '../clock.ts'
import { hasFree } from '../pool/choose.ts'
import type { Limits } from '../pool/limits.ts'
import type { Pool } from '../pool/pool.ts'
import type { Pools } from '../pool/pools.ts'
import { isMemoryShort } from './janitor.ts'

/** What acting on advice needs of the daemon. */
export interface AdvisedServices {
  readonly clock: Clock
  readonly limits: Limits
  readonly pools: Pools
  /** Why a server's limit does not fit beside the others any more; undefined where it does. */
  readonly whyNoRoom: (server: string) => string | undefined
}

/** What keeps a pool from having a process started ahead; empty where nothing does. */
export function hindranceOf(pool: Pool, pools: Pools): string {
  if (pool.closed || !pools.of(pool.profile.server).includes(pool)) return 'its pool is closed'
  if (pool.paused) return 'the server is paused'
  if (pool.crashes.count > 0) return 'it crashed'
  if (!pool.profile.spareable) return 'a second process would be in the way of the first'
  return ''
}

/** Whether a session that comes now would have to wait for a start. */
export function isCold(pool: Pool): boolean {
  return !hasFree(pool.lists, pool.sharing) && pool.starting === 0
}

/**
 * The janitor's part of advice: starts and greets a process of the pool, held for so long, and calls nothing. Gives why not, or nothing: limits are
 * looked at when it acts, as they may have been other ones when the advice was given.
 */
export function warmAdvised(
  pool: Pool,
  holdMs: number,
  { clock, limits, pools, whyNoRoom }: AdvisedServices,
  failed: () => void,
): string {
  const hindrance = hindranceOf(pool, pools)
  if (hindrance !== '') return hindrance
  if (pools.processes >= limits.processes) return `${pools.processes} server processes run already`
  if (isMemoryShort(limits)) return 'memory is short'
  const noRoom = whyNoRoom(pool.profile.server)
  if (noRoom !== undefined) return noRoom
  // Pairs with endIdle() in janitor.ts, which ends what nobody took by then.
  pool.spareUntilMs = Math.max(pool.spareUntilMs, clock.now() + holdMs)
  pool.warm().catch(failed)
  return ''
}

/** MB that guesses may hold: half of what is free beyond the share that must stay free. */
export function roomMb({ freeMemoryShare }: Pick<Limits, 'freeMemoryShare'>): number {
  return (freemem() - totalmem() * freeMemoryShare) / 2 / (1024 * 1024)
}
