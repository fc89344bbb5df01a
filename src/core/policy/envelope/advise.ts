import type { InForce } from './in-force.ts'

/** One server process as it is now. */
export interface Seen {
  readonly pid: number
  readonly server: string
  readonly memoryMb: number
  /** No call in flight, no session that has it to itself, nothing left in it that a session may ask for. */
  readonly atRest: boolean
  /** Sessions that count on a process like it. */
  readonly sessions: number
  /** How long it has been above its soft limit, ms; 0 below. */
  readonly overSoftMs: number
  /** Since another process of the server was replaced for its memory, ms. */
  readonly sinceRenewalMs: number
  /** Age of the oldest call in flight, ms. */
  readonly waitsMs: number
  /** What the system holds it to, MB; null for no bound, undefined before any was asked for. */
  readonly boundTo: { readonly softMb: number | null; readonly hardMb: number | null } | undefined
  /** The system keeps it from going over the hard bound, or slows it above the soft one. */
  readonly holdsHard: boolean
  readonly holdsSoft: boolean
}

/** What should be done about the memory of one process, and why. */
export type Intent = { readonly pid: number; readonly server: string; readonly because: string } & (
  | { readonly what: 'limit'; readonly softMb: number | null; readonly hardMb: number | null }
  /** `let-go`: nobody needs it. `renew`: another takes its place. `end`: whatever it is at. */
  | { readonly what: 'let-go' | 'renew' | 'end' }
)

/** One high sample may be garbage that goes by itself. */
const SUSTAINED_MS = 10_000
/** A server that needs more than its soft limit is not renewed over and over. */
const RENEW_AGAIN_MS = 10 * 60_000
/** The kernel nearly stops what grows above a soft bound: a call that waits so long is not to wait for ever. */
const THROTTLED_MS = 5_000
/** Where the kernel holds the hard bound this is for what it does not hold, such as processes that moved elsewhere. */
const BACKSTOP = 1.1
/** Bounds are not written again for less. */
const NOTABLE = 0.02

/** What follows from limits and memory. Limits first: an end is by the limit in force. Pure. */
export function advise(processes: readonly Seen[], limits: ReadonlyMap<string, InForce>): readonly Intent[] {
  return processes.flatMap((seen): readonly Intent[] => {
    const limit = limits.get(seen.server)
    return limit === undefined ? unlimited(seen) : [...bounded(seen, limit), ...acted(seen, limit)]
  })
}

/** A server that lost its limit is held to none. */
function unlimited({ pid, server, boundTo }: Seen): readonly Intent[] {
  if (boundTo === undefined || (boundTo.softMb === null && boundTo.hardMb === null)) return []
  return [{ what: 'limit', pid, server, softMb: null, hardMb: null, because: 'no limit is kept of it' }]
}

function bounded(seen: Seen, limit: InForce): readonly Intent[] {
  const { pid, server, boundTo, memoryMb, waitsMs, holdsSoft } = seen
  const isStuck = holdsSoft && waitsMs > THROTTLED_MS && memoryMb > 0.95 * limit.softMb
  // Once lifted it stays so until memory is well below: a call is not to be slowed down twice.
  const staysLifted = boundTo?.softMb === null && memoryMb > 0.8 * limit.softMb && boundTo.hardMb !== null
  const softMb = isStuck || staysLifted ? null : limit.softMb
  if (boundTo !== undefined && alike(boundTo.softMb, softMb) && alike(boundTo.hardMb, limit.hardMb)) return []
  const because = isStuck
    ? 'a call waits while the system slows it down: the soft bound is lifted'
    : limit.because
  return [{ what: 'limit', pid, server, softMb, hardMb: limit.hardMb, because }]
}

function acted(seen: Seen, { softMb, hardMb }: InForce): readonly Intent[] {
  const { pid, server, memoryMb, atRest, sessions, overSoftMs, sinceRenewalMs, holdsHard } = seen
  const intent = (what: 'let-go' | 'renew' | 'end', kind: string, mb: number): readonly Intent[] => [
    { what, pid, server, because: `${Math.round(memoryMb)} MB is over its ${kind} of ${Math.round(mb)} MB` },
  ]
  if (memoryMb > hardMb * (holdsHard ? BACKSTOP : 1)) return intent('end', 'hard limit', hardMb)
  if (overSoftMs < SUSTAINED_MS || !atRest) return []
  if (sessions === 0) return intent('let-go', 'soft limit', softMb)
  return sinceRenewalMs < RENEW_AGAIN_MS ? [] : intent('renew', 'soft limit', softMb)
}

function alike(a: number | null, b: number | null): boolean {
  return a === b || (a !== null && b !== null && Math.abs(a - b) <= NOTABLE * Math.max(a, b))
}
