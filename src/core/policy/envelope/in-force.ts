import { MOST } from './options.ts'
import { shareCeiling } from './share.ts'

/** Limits of one process of a server as they were kept, MB. */
export interface Kept {
  readonly softMb: number
  readonly hardMb: number
  readonly guaranteeMb: number
  /** What is set aside for it where memory is lent; left out: all of its hard limit. */
  readonly asideMb?: number
  /** It may have more than its hard limit, up to MOST times, while the ceiling has room. */
  readonly lends?: boolean
}

/** Processes of one server that run now. */
export interface Running {
  readonly server: string
  readonly processes: number
  /** Memory of the largest, MB. */
  readonly memoryMb: number
  /** Undefined: nothing was kept of it, it has no limit. */
  readonly kept: Kept | undefined
}

/** What each process of a server may have now, MB. */
export interface InForce {
  readonly softMb: number
  readonly hardMb: number
  readonly because: string
}

/** What was kept as far as there is room for it: a file that was written by hand, or on a larger machine, may say more than all may have. Pure. */
export function within(kept: Kept, ceilingMb: number): Kept {
  const hardMb = Math.min(kept.hardMb, ceilingMb)
  const softMb = Math.min(kept.softMb, hardMb)
  const { lends = false, asideMb = hardMb } = kept
  return {
    ...{ softMb, hardMb, guaranteeMb: Math.min(kept.guaranteeMb, softMb) },
    ...{ lends, asideMb: Math.min(asideMb, hardMb) },
  }
}

/** Room above what a process has, while others can spare it; pairs with ROOM in replay.ts. */
const ROOM = 1.1

/**
 * Limits of the servers that run, by server. More processes may run than when limits were kept, so they share the ceiling anew: each has its guarantee,
 * and what it has and a tenth, before others get more; what nobody needs of the ceiling is lent. Together they are never over the ceiling. Pure.
 */
export function inForce(running: readonly Running[], ceilingMb: number): ReadonlyMap<string, InForce> {
  const limited = running.flatMap(({ kept, ...one }) =>
    kept === undefined || one.processes === 0 ? [] : [{ ...one, kept }],
  )
  const claims = (room: number) =>
    limited.map(({ server, processes, memoryMb, kept }) => ({
      server,
      hardMb: mostOf(kept) * processes,
      guaranteeMb: Math.max(kept.guaranteeMb, Math.min(mostOf(kept), memoryMb * room)) * processes,
      weight: kept.hardMb * processes,
    }))
  const roomy = claims(ROOM)
  // Where it is tight nobody's tenth is worth another's process.
  const isTight = roomy.reduce((sum, { guaranteeMb }) => sum + guaranteeMb, 0) > ceilingMb
  const { mb } = shareCeiling(isTight ? claims(1) : roomy, ceilingMb)
  return new Map(
    limited.map(({ server, processes, kept }) => {
      const shareMb = mb.get(server)! / processes
      const isCut = shareMb < kept.hardMb - 1e-6
      const isLent = shareMb > kept.hardMb + 1e-6
      const hardMb = isCut || isLent ? shareMb : kept.hardMb
      const because = isCut
        ? `${Math.round(hardMb)} of ${Math.round(kept.hardMb)} MB: ${processes} processes, and the ceiling is shared`
        : isLent
          ? `as kept, and ${Math.round(shareMb - kept.hardMb)} MB of the ceiling that nobody needs`
          : 'as kept'
      return [server, { softMb: Math.min(kept.softMb, hardMb), hardMb, because }]
    }),
  )
}

/** The most that a process of it may have, MB. */
export function mostOf({ hardMb, lends }: Kept): number {
  return lends ? hardMb * MOST : hardMb
}

/**
 * What a limit is after processes died by it: what it was times 1.2, or 100 MB more, up to twice what was kept (`keptMb`; Infinity where that does not
 * count) and as far as the ceiling goes. Undefined where there is no more. Pure.
 */
export function raised(
  server: string,
  keptMb: number,
  running: readonly Running[],
  ceilingMb: number,
  { bumpFactor, bumpMb }: { readonly bumpFactor: number; readonly bumpMb: number },
): number | undefined {
  const own = running.find((one) => one.server === server)
  if (own?.kept === undefined) return undefined
  const others = running.filter((one) => one.server !== server)
  const leftMb = (ceilingMb - asideSumOf(others)) / Math.max(1, own.processes)
  const wantedMb = Math.max(own.kept.hardMb * bumpFactor, own.kept.hardMb + bumpMb)
  const hardMb = Math.floor(Math.min(wantedMb, leftMb, keptMb * MOST))
  return hardMb > own.kept.hardMb ? hardMb : undefined
}

/** Why one more process of a server, that nobody waits for, may not be started; undefined where it may. Pure. */
export function whyNoRoom(
  server: string,
  kept: Kept | undefined,
  memoryMb: number,
  running: readonly Running[],
  ceilingMb: number,
): string | undefined {
  const own = running.find((one) => one.server === server)
  if (own?.kept !== undefined && own.memoryMb > own.kept.softMb)
    return `${mb(own.memoryMb)} is over its soft limit of ${mb(own.kept.softMb)}`
  const heldMb = asideSumOf(running)
  const newMb = kept === undefined ? memoryMb : asideOf(kept)
  if (heldMb + newMb <= ceilingMb) return undefined
  return `${mb(newMb)} more than the ${mb(heldMb)} that others may have is over the ceiling of ${mb(ceilingMb)}`
}

/** What is set aside for the servers that run, MB; of one that has more, that. */
function asideSumOf(running: readonly Running[]): number {
  return running.reduce((sum, { kept, memoryMb, processes }) => {
    if (kept === undefined) return sum + memoryMb * processes
    return sum + (kept.lends ? Math.max(asideOf(kept), memoryMb) : kept.hardMb) * processes
  }, 0)
}

function asideOf({ hardMb, asideMb, lends }: Kept): number {
  return lends ? (asideMb ?? hardMb) : hardMb
}

function mb(amount: number): string {
  return `${Math.round(amount)} MB`
}
