import type { EnvelopeFile, KeptEnvelope } from './file.ts'
import type { HistoryRow } from './history.ts'
import { afterDeath, type Because, confidenceOf, type Envelope, observe } from './limit.ts'
import type { EnvelopeOptions } from './options.ts'
import { shareCeiling } from './share.ts'

/** What is tuned by, besides the history. */
export interface TuneParts {
  readonly nowMs: number
  readonly ceilingMb: number
  /** What was kept last, where anything was. */
  readonly former: EnvelopeFile | undefined
  readonly options: EnvelopeOptions
}

const BECAUSE: Readonly<Record<Because, string>> = {
  first: 'twice of what was first seen',
  grew: 'raised: memory grew',
  shrank: 'lowered: less was used',
  death: 'raised: a process ended for want of memory, as it seems',
}

/** Limits of every server in the history, rows by time. Servers that were kept and have no samples in it any more are left out. Pure. */
export function tuned(
  rows: readonly HistoryRow[],
  { nowMs, ceilingMb, former, options }: TuneParts,
): EnvelopeFile {
  const resets = former?.resets ?? {}
  const known = new Map<string, { envelope: Envelope; processes: number }>()
  for (const { server, atMs, mb, processes, limitMb } of rows) {
    if (Object.hasOwn(resets, server) && atMs < Date.parse(resets[server]!)) continue
    const before = known.get(server)
    if (mb !== undefined)
      known.set(server, {
        envelope: observe(before?.envelope, { atMs, mb }, options),
        processes: Math.max(before?.processes ?? 0, processes),
      })
    else if (before !== undefined)
      known.set(server, { ...before, envelope: afterDeath(before.envelope, atMs, options, limitMb) })
  }
  const held = [...known]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([server, { envelope, processes }]) => {
      const before =
        former !== undefined && Object.hasOwn(former.servers, server) ? former.servers[server] : undefined
      return {
        server,
        wanted: wantedOf(envelope, processes, before, options),
        middleMb: envelope.profile.middleMb,
      }
    })
  const { mb, guaranteesFit } = shareCeiling(
    held.map(({ server, wanted: { hardMb, asideMb, guaranteeMb, processes }, middleMb }) => ({
      server,
      // What is lent is shared by those that run, when they do.
      hardMb: (options.lends ? asideMb : hardMb) * processes,
      guaranteeMb: guaranteeMb * processes,
      weight: Math.max(1, middleMb) * processes,
    })),
    ceilingMb,
  )
  return {
    version: 1,
    tunedAt: new Date(nowMs).toISOString(),
    ceilingMb: Math.round(ceilingMb),
    guaranteesFit,
    servers: Object.fromEntries(
      held.map(({ server, wanted }) => [
        server,
        cut(wanted, mb.get(server)! / wanted.processes, options.lends ? wanted.asideMb : wanted.hardMb),
      ]),
    ),
    resets,
  }
}

/** In whole MB. A limit as it was kept stays while the new one is hardly lower: what was handed out is not taken back for little. */
function wantedOf(
  { profile, limit }: Envelope,
  processes: number,
  before: KeptEnvelope | undefined,
  { change }: EnvelopeOptions,
): Wanted {
  const hardMb = Math.ceil(limit.hardMb)
  const wanted: Wanted = {
    softMb: Math.ceil(limit.softMb),
    hardMb,
    guaranteeMb: Math.ceil(limit.guaranteeMb),
    asideMb: Math.ceil(limit.asideMb),
    confidence: Math.round(confidenceOf(profile) * 1000) / 1000,
    because: BECAUSE[limit.because],
    since: new Date(limit.sinceMs).toISOString(),
    processes,
  }
  const isLittle = before !== undefined && hardMb < before.hardMb && hardMb >= before.hardMb * (1 - change)
  if (!isLittle) return wanted
  const { hardMb: kept, because, since } = before
  return { ...wanted, hardMb: kept, because, since }
}

type Wanted = KeptEnvelope & { readonly asideMb: number }

/** Down to its share where that is less than what was claimed. */
function cut(wanted: Wanted, shareMb: number, claimedMb: number): KeptEnvelope {
  const { softMb, hardMb, asideMb, guaranteeMb } = wanted
  if (shareMb >= claimedMb - 1e-6) return wanted
  const most = Math.max(1, Math.floor(shareMb))
  return {
    ...wanted,
    hardMb: most,
    asideMb: Math.min(asideMb, most),
    softMb: Math.min(softMb, most),
    guaranteeMb: Math.min(guaranteeMb, most),
    because: `cut by the ceiling: ${hardMb} MB were wanted`,
  }
}
