import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import { type Running, raised } from '../policy/envelope/in-force.ts'
import { ENVELOPE_OPTIONS } from '../policy/envelope/options.ts'

/** A process that ended for want of memory, and what there is to share. */
export interface Death {
  readonly server: string
  /** The hard limit that was kept of the server, MB. */
  readonly keptMb: number
  /** It had written something, so it had all that it needs to start. */
  readonly hasSpoken: boolean
  readonly running: readonly Running[]
  readonly ceilingMb: number
}

/** A first death may be a leak, which a new start mends; another within this means that the limit is too low. */
const AGAIN_MS = 10 * 60_000

/** Hard limits that deaths asked for, until limits are taken up anew. */
export class MemoryDeaths {
  readonly #services: { readonly clock: Clock; readonly log: Log }
  readonly #lastAtMs = new Map<string, number>()
  readonly #raisedMb = new Map<string, number>()

  constructor(services: { readonly clock: Clock; readonly log: Log }) {
    this.#services = services
  }

  /** MB; undefined where deaths asked for nothing. */
  raisedMb(server: string): number | undefined {
    return this.#raisedMb.get(server)
  }

  clear(): void {
    this.#raisedMb.clear()
  }

  /** What ends before it has said anything is no leak but a limit below what it takes to start, by which its users would be without it for ever. */
  died({ server, keptMb, hasSpoken, running, ceilingMb }: Death): void {
    const { clock, log } = this.#services
    const nowMs = clock.now()
    const lastMs = this.#lastAtMs.get(server) ?? Number.NEGATIVE_INFINITY
    this.#lastAtMs.set(server, nowMs)
    if (hasSpoken && nowMs - lastMs > AGAIN_MS) return
    const mostMb = hasSpoken ? keptMb : Number.POSITIVE_INFINITY
    const hardMb = raised(server, mostMb, running, ceilingMb, ENVELOPE_OPTIONS)
    if (hardMb === undefined) {
      const because = `it would be over the ceiling${hasSpoken ? ', or twice what was kept' : ''}`
      log.event('memory-not-raised', { server, because })
      return
    }
    this.#raisedMb.set(server, hardMb)
    const why = hasSpoken
      ? 'it died for want of memory again'
      : 'it died for want of memory before it said anything'
    log.event('memory-raised', { server, because: `${hardMb} MB: ${why}` })
  }
}
