import type { Clock } from '../clock.ts'
import type { UpstreamProcess } from '../pool/spawn.ts'
import { memoryShareOf, rssKb } from '../process.ts'

/** What a look at a tree's memory found. */
export interface Weight {
  /** No less than its proportional share; exactly that where it is near a limit. */
  readonly mb: number
  /** How long it has been above its soft limit, ms; 0 below. */
  readonly overSoftMs: number
}

/** The share of a large process takes the kernel some ms to tell. */
const SHARE_EVERY_MS = 1_000

interface Last extends Weight {
  readonly shareMb: number
  readonly sharedAtMs: number
  readonly overSinceMs: number | undefined
}

/**
 * Looks at the memory of trees several times a second. Resident memory is cheap to read and never less than the share, so the share is read only where
 * the former is above the soft limit: every second, and each time above the hard one, where it decides about an end.
 */
export class MemoryWatch {
  readonly #clock: Clock
  readonly #last = new Map<UpstreamProcess, Last>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The last look; undefined before there was one. */
  of(upstream: UpstreamProcess): Weight | undefined {
    return this.#last.get(upstream)
  }

  /** Looks at one tree. Limits in MB. */
  look(upstream: UpstreamProcess, limit: { readonly softMb: number; readonly hardMb: number }): Weight {
    const nowMs = this.#clock.now()
    const before = this.#last.get(upstream)
    const pids = [...upstream.seen.keys()]
    const residentMb = sumMb(pids, rssKb)
    let shareMb = before?.shareMb ?? 0
    let sharedAtMs = before?.sharedAtMs ?? Number.NEGATIVE_INFINITY
    const isDue = nowMs - sharedAtMs >= SHARE_EVERY_MS || residentMb > limit.hardMb
    if (residentMb > limit.softMb && isDue) {
      shareMb = sumMb(pids, (pid) => memoryShareOf(pid)?.pssKb)
      sharedAtMs = nowMs
    }
    const mb = residentMb > limit.softMb ? Math.min(shareMb, residentMb) : residentMb
    const overSinceMs = mb > limit.softMb ? (before?.overSinceMs ?? nowMs) : undefined
    const overSoftMs = overSinceMs === undefined ? 0 : nowMs - overSinceMs
    const last = { mb, overSoftMs, shareMb, sharedAtMs, overSinceMs }
    this.#last.set(upstream, last)
    return last
  }

  forget(upstream: UpstreamProcess): void {
    this.#last.delete(upstream)
  }

  clear(): void {
    this.#last.clear()
  }
}

function sumMb(pids: readonly number[], kbOf: (pid: number) => number | undefined): number {
  return pids.reduce((sum, pid) => sum + (kbOf(pid) ?? 0), 0) / 1024
}
