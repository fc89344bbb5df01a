import { shareCeiling } from './share.ts'

/** Limits of one process of a server as they were kept, MB. */
export interface Kept {
  readonly softMb: number
  readonly hardMb: number
  readonly guaranteeMb: number
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
  return { softMb, hardMb, guaranteeMb: Math.min(kept.guaranteeMb, softMb) }
}

/** Room above what a process has, while others can spare it. */
const ROOM = 1.1

/**
 * Limits of the servers that run, by server. More processes may run than when limits were kept, so they share the ceiling anew: each has its guarantee,
 * and what it has and a tenth, before others get more. Together they are never over the ceiling. Pure.
 */
export function inForce(running: readonly Running[], ceilingMb: number): ReadonlyMap<string, InForce> {
  const limited = running.flatMap(({ kept, ...one }) =>
    kept === undefined || one.processes === 0 ? [] : [{ ...one, kept }],
  )
  const { mb } = shareCeiling(
    limited.map(({ server, processes, memoryMb, kept }) => ({
      server,
      hardMb: kept.hardMb * processes,
      guaranteeMb: Math.max(kept.guaranteeMb, Math.min(kept.hardMb, memoryMb * ROOM)) * processes,
      weight: kept.hardMb * processes,
    })),
    ceilingMb,
  )
  return new Map(
    limited.map(({ server, processes, kept }) => {
      const shareMb = mb.get(server)! / processes
      const isCut = shareMb < kept.hardMb - 1e-6
      const hardMb = isCut ? shareMb : kept.hardMb
      const because = isCut
        ? `${Math.round(hardMb)} of ${Math.round(kept.hardMb)} MB: ${processes} processes, and the ceiling is shared`
        : 'as kept'
      return [server, { softMb: Math.min(kept.softMb, hardMb), hardMb, because }]
    }),
  )
}

/** A limit is not raised beyond so many times what was kept: what goes on growing is a leak, and tuning is for the rest. */
const MOST = 2

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
  const leftMb = (ceilingMb - sumOf(others)) / Math.max(1, own.processes)
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
  const heldMb = sumOf(running)
  const newMb = kept?.hardMb ?? memoryMb
  if (heldMb + newMb <= ceilingMb) return undefined
  return `${mb(newMb)} more than the ${mb(heldMb)} that others may have is over the ceiling of ${mb(ceilingMb)}`
}

/** What the servers that run may come to, MB: limits, and of one without what it has. */
function sumOf(running: readonly Running[]): number {
  return running.reduce(
    (sum, { kept, memoryMb, processes }) => sum + (kept?.hardMb ?? memoryMb) * processes,
    0,
  )
}

function mb(amount: number): string {
  return `${Math.round(amount)} MB`
}
