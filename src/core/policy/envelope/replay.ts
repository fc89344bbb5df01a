import { MOST } from './options.ts'
import type { TraceServer } from './trace.ts'

/** What limits did to a trace. */
export interface Outcome {
  /** Share of what was set aside that was not used: mean over all time of all servers. */
  readonly slack: number
  /** The same with all memory in one pot: large servers count for more. */
  readonly slackByMemory: number
  /** Samples above the hard limit in force for which there was no memory to lend. */
  readonly outOfMemory: number
  /** The most that was set aside for running servers at once, lent memory included, MB. */
  readonly peakMb: number
}

/** What one server may have, MB. */
export interface Bounds {
  readonly hardMb: number
  /** Set aside for it. */
  readonly asideMb: number
  /** Never lent to others. */
  readonly guaranteeMb: number
}

/** What sets one server's bounds. */
export interface Policy {
  /** Undefined before there are any. */
  inForce(): Bounds | undefined
  /** Told each sample after it was held against the bounds in force. */
  see(atMs: number, mb: number): void
}

/** A replay of all servers, and the part of each. */
export interface Replayed extends Outcome {
  /** Samples above a hard limit for which memory was lent. */
  readonly lent: number
  /** In the order of the trace; each one's peak is its own. */
  readonly servers: readonly Outcome[]
}

/** A sample, or that the server is not running any more. */
interface Moment {
  readonly atMs: number
  readonly at: number
  /** Of the server's samples; undefined: it stops. */
  readonly sample: number | undefined
}

/** One server on its way. */
interface Run {
  readonly policy: Policy
  readonly fromMs: number
  /** Set aside or lent now, and what others cannot have of it, MB. */
  heldMb: number
  firmMb: number
  /** What it has now, MB. */
  hasMb: number
  peakMb: number
  outOfMemory: number
  ms: number
  slackMs: number
  used: number
  held: number
}

/** What a process has grows by this before bounds are looked at again; pairs with ROOM in in-force.ts. */
const ROOM = 1.1

/**
 * Holds each server of a trace against a policy of its own, which knows the samples before, and counts from the server's own `fromMs` on. A sample lasts until
 * the next, unless that is so far off that the server was not running. With a `ceilingMb`, a server may have up to MOST times its hard limit, as long as
 * that and what all others have and a tenth, or are guaranteed, are within it, and up to its hard limit as long as all have no more than it; without, its hard limit.
 */
export function replay(
  servers: readonly TraceServer[],
  policyOf: (server: TraceServer) => Policy,
  fromMs: (server: TraceServer) => number,
  ceilingMb?: number,
): Replayed {
  const runs = servers.map((server): Run => {
    const sums = { peakMb: 0, outOfMemory: 0, ms: 0, slackMs: 0, used: 0, held: 0 }
    return { policy: policyOf(server), fromMs: fromMs(server), heldMb: 0, firmMb: 0, hasMb: 0, ...sums }
  })
  const moments = momentsOf(servers)
  let [lent, heldMb, firmMb, hasMb, peakMb] = [0, 0, 0, 0, 0]
  const hold = (run: Run, mb: number, firm: number, has: number) => {
    heldMb += mb - run.heldMb
    firmMb += firm - run.firmMb
    hasMb += has - run.hasMb
    Object.assign(run, { heldMb: mb, firmMb: firm, hasMb: has })
  }
  /** Whether a server may have so much beside all others. */
  const isThere = (run: Run, mb: number, hardMb: number): boolean => {
    if (ceilingMb === undefined) return mb <= hardMb
    if (mb <= hardMb) return hasMb - run.hasMb + mb <= ceilingMb
    return mb <= MOST * hardMb && firmMb - run.firmMb + mb <= ceilingMb
  }
  moments.forEach(({ atMs, at, sample }, i) => {
    const run = runs[at]!
    if (sample === undefined) hold(run, 0, 0, 0)
    else {
      const { samples, gapMs } = servers[at]!
      const { mb } = samples[sample]!
      const counts = atMs >= run.fromMs
      const before = run.policy.inForce()
      const ends = counts && before !== undefined && !isThere(run, mb, before.hardMb)
      if (ends) run.outOfMemory++
      else if (counts && before !== undefined && mb > before.hardMb) lent++
      run.policy.see(atMs, mb)
      const bounds = run.policy.inForce()
      if (counts && bounds !== undefined) {
        // What has ended has nothing.
        const has = ends ? 0 : mb
        const lentMb = ceilingMb === undefined ? 0 : has
        hold(run, Math.max(bounds.asideMb, lentMb), Math.max(bounds.guaranteeMb, ROOM * has), has)
        run.peakMb = Math.max(run.peakMb, run.heldMb)
        const lasts = (samples[sample + 1]?.atMs ?? atMs) - atMs
        if (lasts <= gapMs) count(run, lasts, mb)
      }
    }
    if (moments[i + 1]?.atMs !== atMs) peakMb = Math.max(peakMb, heldMb)
  })
  const sum = (key: 'outOfMemory' | 'ms' | 'slackMs' | 'used' | 'held') =>
    runs.reduce((total, run) => total + run[key], 0)
  const all = { outOfMemory: sum('outOfMemory'), ms: sum('ms'), slackMs: sum('slackMs') }
  return {
    ...outcomeOf({ ...all, used: sum('used'), held: sum('held'), peakMb }),
    lent,
    servers: runs.map(outcomeOf),
  }
}

function count(run: Run, lastsMs: number, mb: number): void {
  const used = Math.min(mb, run.heldMb)
  run.ms += lastsMs
  run.slackMs += lastsMs * (1 - used / run.heldMb)
  run.used += lastsMs * used
  run.held += lastsMs * run.heldMb
}

type Sums = Pick<Run, 'outOfMemory' | 'ms' | 'slackMs' | 'used' | 'held' | 'peakMb'>

function outcomeOf({ outOfMemory, ms, slackMs, used, held, peakMb }: Sums): Outcome {
  return {
    slack: ms === 0 ? 0 : slackMs / ms,
    slackByMemory: held === 0 ? 0 : 1 - used / held,
    outOfMemory,
    peakMb,
  }
}

/** All samples by time, and where servers stop: just after the last sample before a gap. */
function momentsOf(servers: readonly TraceServer[]): readonly Moment[] {
  const moments = servers.flatMap(({ samples, gapMs }, at) =>
    samples.flatMap(({ atMs }, sample): Moment[] => {
      const next = samples[sample + 1]?.atMs
      const stops = next === undefined || next - atMs > gapMs
      return [{ atMs, at, sample }, ...(stops ? [{ atMs: atMs + 1, at, sample: undefined }] : [])]
    }),
  )
  return moments.sort((a, b) => a.atMs - b.atMs)
}
