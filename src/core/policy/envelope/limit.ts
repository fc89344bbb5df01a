import { type EnvelopeOptions, MOST } from './options.ts'
import { type MemorySample, type Profile, recentOf, windowMsOf, withSample } from './profile.ts'

/** Bounds of one process of a server, MB. */
export interface Limit {
  /** Where it is asked to give back. */
  readonly softMb: number
  /** Where it ends; where memory is lent, only when there is none to lend. */
  readonly hardMb: number
  /** What is set aside of the ceiling for it: most windows need no more, and what a few need above it is lent. */
  readonly asideMb: number
  /** Never bounded below. */
  readonly guaranteeMb: number
  /** Since when the hard limit is what it is, ms. */
  readonly sinceMs: number
  readonly because: Because
}

/** Why a hard limit is what it is. */
export type Because = 'first' | 'grew' | 'shrank' | 'death'

/** What a death asked for: its excess over what was used then fades. */
interface Bump {
  readonly baseMb: number
  readonly mb: number
  readonly atMs: number
}

/** What is known of a server, and what follows from it. */
export interface Envelope {
  readonly profile: Profile
  readonly limit: Limit
  /** Samples above what it might have, and deaths told. */
  readonly deaths: number
  readonly bump?: Bump
}

/** The hard limit in force, MB; undefined in the first window of a server never seen before: it is starting, and grows without a record. */
export function inForceMb({ profile, limit }: Envelope): number | undefined {
  return profile.windows === 0 ? undefined : limit.hardMb
}

/** The envelope after one more sample. The limit that the sample was held against is that of `before`. */
export function observe(
  before: Envelope | undefined,
  sample: MemorySample,
  options: EnvelopeOptions,
): Envelope {
  const profile = withSample(before?.profile, sample, options)
  const most = (options.lends ? MOST : 1) * ((before && inForceMb(before)) ?? Number.POSITIVE_INFINITY)
  const died = before !== undefined && sample.mb > most
  return renewed(before, profile, sample.mb, died, options)
}

/**
 * The envelope after the server died for want of memory, at a time not before its last sample. What it wanted is not known: more than it had, which was
 * `leastMb` where a limit in force tells.
 */
export function afterDeath(before: Envelope, atMs: number, options: EnvelopeOptions, leastMb = 0): Envelope {
  const profile = { ...before.profile, lastMs: Math.max(before.profile.lastMs, atMs) }
  return renewed(before, profile, Math.max(recentOf(profile), leastMb), true, options)
}

function renewed(
  before: Envelope | undefined,
  profile: Profile,
  mb: number,
  died: boolean,
  options: EnvelopeOptions,
): Envelope {
  const bump = died
    ? { baseMb: mb, mb: Math.max(mb * options.bumpFactor, mb + options.bumpMb), atMs: profile.lastMs }
    : before?.bump
  const bumpedMb = bump === undefined ? 0 : fadedBump(bump, profile, options)
  const wantedMb = Math.max(hardFor(profile, options), bumpedMb)
  return {
    profile,
    deaths: (before?.deaths ?? 0) + (died ? 1 : 0),
    ...(bump && { bump }),
    limit: revised(before?.limit, wantedMb, mb, died, profile, options),
  }
}

/**
 * What the hard limit should be, MB: the highest that is remembered and a margin. The margin is what samples once went beyond it, and room for
 * peaks yet unseen by how much the known ones vary. Where the last hour, with a margin of its own, asks for notably less, that counts.
 */
export function hardFor(profile: Profile, options: EnvelopeOptions): number {
  const { leastMargin, tail, worthwhile } = options
  const varies = Math.max(0, 1 - profile.middleMb / profile.topMb)
  const margin = 1 + leastMargin + tail * varies
  const top = profile.topMb * (margin + profile.overTop)
  const recent = recentOf(profile) * (margin + profile.overRecent)
  return (recent < (1 - worthwhile) * top ? recent : top) * youth(profile)
}

/** How sure it is: 0 of a server just seen, near 1 after hours. */
export function confidenceOf({ windows }: Profile): number {
  return windows / (windows + 1)
}

/** What is little known gets more: twice at first, an eighth more after eight windows. */
function youth({ windows }: Profile): number {
  return 1 + 1 / (1 + windows)
}

function fadedBump(bump: Bump, { lastMs }: Profile, { bumpHalfLifeMs }: EnvelopeOptions): number {
  return bump.baseMb + (bump.mb - bump.baseMb) * 2 ** ((bump.atMs - lastMs) / bumpHalfLifeMs)
}

/** Up at once, as soon as memory comes near; down only by a notable change, and not soon after the last. */
function revised(
  before: Limit | undefined,
  wantedMb: number,
  mb: number,
  died: boolean,
  profile: Profile,
  options: EnvelopeOptions,
): Limit {
  const { lastMs } = profile
  const at = (hardMb: number, sinceMs: number, because: Because): Limit => {
    const softMb = Math.min(
      hardMb / (1 + options.leastMargin),
      profile.quantileMb * (1 + options.softMargin) || Number.POSITIVE_INFINITY,
    )
    const guaranteeMb = Math.min(softMb, Math.max(options.guaranteeMb, profile.middleMb))
    const usualMb = profile.quantileMb * youth(profile) || Number.POSITIVE_INFINITY
    const asideMb = Math.max(guaranteeMb, Math.min(hardMb, usualMb))
    return { softMb, hardMb, asideMb, guaranteeMb, sinceMs, because }
  }
  if (before === undefined) return at(wantedMb, lastMs, 'first')
  const { hardMb, sinceMs } = before
  const near = mb * (1 + options.leastMargin) > hardMb
  if (wantedMb > hardMb && (died || near || wantedMb > hardMb * (1 + options.change)))
    return at(wantedMb, lastMs, died ? 'death' : 'grew')
  const stoodMs = lastMs - sinceMs
  const change = stoodMs >= options.halfLifeMs ? options.settledChange : options.change
  if (wantedMb < hardMb * (1 - change) && stoodMs >= options.holdWindows * windowMsOf(profile, options))
    return at(wantedMb, lastMs, 'shrank')
  return at(hardMb, sinceMs, before.because)
}
