import { type Envelope, inForceMb, observe } from './limit.ts'
import type { EnvelopeOptions } from './options.ts'
import { type Profile, withSample } from './profile.ts'
import type { Bounds, Policy } from './replay.ts'
import type { TraceServer } from './trace.ts'

/** The envelope of a server. */
export function envelopePolicy(options: EnvelopeOptions): Policy {
  let envelope: Envelope | undefined
  return {
    inForce: () => {
      if (envelope === undefined || inForceMb(envelope) === undefined) return undefined
      const { hardMb, asideMb, guaranteeMb } = envelope.limit
      return { hardMb, asideMb: options.lends ? asideMb : hardMb, guaranteeMb }
    },
    see: (atMs, mb) => {
      envelope = observe(envelope, { atMs, mb }, options)
    },
  }
}

/** What somebody would write into a config: the most that was seen before `untilMs`, and a margin. It stays so, whatever comes. */
export function staticPolicy({ samples }: TraceServer, untilMs: number, margin: number): Policy {
  const limit = mostBefore(samples, untilMs) * (1 + margin)
  return { inForce: () => fixedAt(limit), see: () => {} }
}

/** Bounds of a limit that is set aside whole. */
function fixedAt(mb: number): Bounds {
  return { hardMb: mb, asideMb: mb, guaranteeMb: mb }
}

/** The most that was seen before a time, MB. */
export function mostBefore(samples: TraceServer['samples'], untilMs: number): number {
  let most = samples[0]!.mb
  for (const { atMs, mb } of samples) if (atMs < untilMs) most = Math.max(most, mb)
  return most
}

/** The rule by itself: the quantile of decayed peaks and a margin, and a bump after a death that stays until peaks have reached it. */
export function quantilePolicy(options: EnvelopeOptions): Policy {
  let profile: Profile | undefined
  let bumpMb = 0
  const limit = () =>
    profile === undefined
      ? undefined
      : Math.max(bumpMb, (profile.quantileMb || profile.topMb) * (1 + options.softMargin))
  return {
    inForce: () => {
      const mb = limit()
      return mb === undefined ? undefined : fixedAt(mb)
    },
    see: (atMs, mb) => {
      const before = limit()
      if (before !== undefined && mb > before) bumpMb = Math.max(mb * options.bumpFactor, mb + options.bumpMb)
      profile = withSample(profile, { atMs, mb }, options)
    },
  }
}
