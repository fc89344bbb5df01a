import type { EnvelopeOptions } from './options.ts'
import { envelopePolicy, mostBefore, quantilePolicy, staticPolicy } from './policies.ts'
import { type Outcome, replay } from './replay.ts'
import type { TraceServer } from './trace.ts'

/** Part of each server's time that static limits are taken from; what comes after is judged. */
export const FIRST_PART = 0.2
/** What the static limits of the comparison have above the most that was seen. */
export const STATIC_MARGIN = 0.2

/** How envelopes and fixed rules did on a trace, judged on the same part of it. */
export interface Evaluation {
  readonly envelope: Outcome
  /** Samples above a hard limit for which memory was lent; out of memory without. */
  readonly lent: number
  /** What all might have together, MB. */
  readonly ceilingMb: number
  /** The same from each server's first sample on, learning included. */
  readonly whole: Outcome
  /** Share by which the peak of limits is below that of `static`; negative where it is above. */
  readonly peakReduction: number
  readonly baselines: {
    /** The most of the first part and STATIC_MARGIN. */
    readonly static: Outcome
    /** With no margin. */
    readonly staticBare: Outcome
    /** With the least margin, one for all, that has no more out-of-memory than the envelopes: known only afterwards. */
    readonly staticSafe: Outcome & { readonly margin: number }
    /** The quantile and its margin alone. */
    readonly quantile: Outcome
    /** The envelopes with nothing lent: their hard limits are set aside, and every sample above one is out of memory. */
    readonly strict: Outcome
  }
  /** By server, those with most out-of-memory and then most slack first. */
  readonly servers: readonly ServerOutcome[]
}

/** One server's part. */
export interface ServerOutcome extends Outcome {
  readonly server: string
  readonly samples: number
}

/** Replays a trace; `ceilingMb` is what the static limits of the comparison come to, where it is not given. Servers with one sample are replayed, and weigh nothing. */
export function evaluate(
  servers: readonly TraceServer[],
  options: EnvelopeOptions,
  givenCeilingMb?: number,
): Evaluation {
  const judgedFrom = ({ samples }: TraceServer) => {
    const [first, last] = [samples[0]!.atMs, samples.at(-1)!.atMs]
    return first + FIRST_PART * (last - first)
  }
  const strict = () => envelopePolicy({ ...options, lends: false })
  const fixed = (margin: number) =>
    outcome(replay(servers, (server) => staticPolicy(server, judgedFrom(server), margin), judgedFrom))
  const plain = fixed(STATIC_MARGIN)
  const ceilingMb = givenCeilingMb ?? plain.peakMb
  const lending = (fromMs: (server: TraceServer) => number) =>
    replay(servers, () => envelopePolicy(options), fromMs, ceilingMb)
  const judged = lending(judgedFrom)
  const envelope = outcome(judged)
  const margin = safeMargin(servers, judgedFrom, envelope.outOfMemory)
  return {
    envelope,
    lent: judged.lent,
    ceilingMb,
    whole: outcome(lending(({ samples }) => samples[0]!.atMs)),
    peakReduction: plain.peakMb === 0 ? 0 : 1 - envelope.peakMb / plain.peakMb,
    baselines: {
      static: plain,
      staticBare: fixed(0),
      staticSafe: { ...fixed(margin), margin },
      quantile: outcome(replay(servers, () => quantilePolicy(options), judgedFrom)),
      strict: outcome(replay(servers, strict, judgedFrom)),
    },
    servers: servers
      .map(({ name, samples }, i) => ({ server: name, samples: samples.length, ...judged.servers[i]! }))
      .sort((a, b) => b.outOfMemory - a.outOfMemory || b.slack - a.slack || (a.server < b.server ? -1 : 1)),
  }
}

function outcome({ slack, slackByMemory, outOfMemory, peakMb }: Outcome): Outcome {
  return { slack, slackByMemory, outOfMemory, peakMb }
}

/** The least margin above the most of the first part that no more than `allowed` samples exceed. */
function safeMargin(
  servers: readonly TraceServer[],
  judgedFrom: (server: TraceServer) => number,
  allowed: number,
): number {
  const beyond = servers.flatMap((server) => {
    const from = judgedFrom(server)
    const most = mostBefore(server.samples, from)
    return server.samples.flatMap(({ atMs, mb }) => (atMs >= from && mb > most ? [mb / most - 1] : []))
  })
  // A rounding error must not make it one too many.
  const least = beyond.sort((a, b) => b - a)[allowed]
  return least === undefined ? 0 : least + 1e-9
}
