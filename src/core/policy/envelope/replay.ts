import type { TraceServer } from './trace.ts'

/** What limits did to a trace. */
export interface Outcome {
  /** Share of the hard limit that was not used: mean over all time of all servers. */
  readonly slack: number
  /** The same with all memory in one pot: large servers count for more. */
  readonly slackByMemory: number
  /** Samples above the hard limit in force. */
  readonly outOfMemory: number
  /** The most that the hard limits of running servers came to at once, MB. */
  readonly peakMb: number
}

/** What sets one server's hard limit. */
export interface Policy {
  /** MB; undefined before there is one. */
  inForce(): number | undefined
  /** Told each sample after it was held against the limit in force. */
  see(atMs: number, mb: number): void
}

/** A change of the sum of limits. */
type Step = readonly [atMs: number, byMb: number]

/**
 * Holds each server of a trace against a policy of its own, which knows the samples before, and counts from the server's own `fromMs` on. A
 * sample lasts until the next, unless that is so far off that the server was not running.
 */
export function replay(
  servers: readonly TraceServer[],
  policyOf: (server: TraceServer) => Policy,
  fromMs: (server: TraceServer) => number,
): Outcome {
  const sum = { outOfMemory: 0, ms: 0, slackMs: 0, used: 0, limit: 0 }
  const steps: Step[] = []
  for (const server of servers) {
    const policy = policyOf(server)
    const from = fromMs(server)
    let held = 0
    const hold = (atMs: number, mb: number) => {
      if (mb !== held) steps.push([atMs, mb - held])
      held = mb
    }
    server.samples.forEach(({ atMs, mb }, i) => {
      const counts = atMs >= from
      const before = policy.inForce()
      if (counts && before !== undefined && mb > before) sum.outOfMemory++
      policy.see(atMs, mb)
      const limit = policy.inForce()
      if (!counts || limit === undefined) return
      const next = server.samples[i + 1]?.atMs ?? atMs
      const runs = next - atMs <= server.gapMs
      hold(atMs, limit)
      if (!runs || next === atMs) {
        hold(atMs + 1, 0)
        return
      }
      const lasts = next - atMs
      const used = Math.min(mb, limit)
      sum.ms += lasts
      sum.slackMs += lasts * (1 - used / limit)
      sum.used += lasts * used
      sum.limit += lasts * limit
    })
  }
  return {
    slack: sum.ms === 0 ? 0 : sum.slackMs / sum.ms,
    slackByMemory: sum.limit === 0 ? 0 : 1 - sum.used / sum.limit,
    outOfMemory: sum.outOfMemory,
    peakMb: peakOf(steps),
  }
}

function peakOf(steps: Step[]): number {
  steps.sort((a, b) => a[0] - b[0])
  let [total, peak] = [0, 0]
  steps.forEach(([atMs, byMb], i) => {
    total += byMb
    if (steps[i + 1]?.[0] !== atMs) peak = Math.max(peak, total)
  })
  return peak
}
