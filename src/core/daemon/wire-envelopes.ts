/** A mechanism that is not to be had, and what would change that. Pairs with bounds/ladder.ts. */
export interface MechanismRefused {
  readonly mechanism: string
  readonly because: string
  readonly next: string
}

/** One process of a server under its limit. */
export interface BoundedProcess {
  readonly pid: number
  /** Null before the first look. */
  readonly memoryMb: number | null
  /** What holds it; null where nothing does. */
  readonly mechanism: string | null
  /** Why nothing does, or not what should. */
  readonly refused: string | null
}

/** One server with a limit, or with processes. */
export interface EnforcedServer {
  readonly server: string
  /** Of each process, now; null without a limit. */
  readonly softMb: number | null
  readonly hardMb: number | null
  readonly because: string
  readonly processes: readonly BoundedProcess[]
}

/** How limits are enforced, as the daemon says it. */
export interface Enforcement {
  readonly enabled: boolean
  /** Best of the machine. */
  readonly mechanism: string
  readonly refused: readonly MechanismRefused[]
  readonly ceilingMb: number
  readonly servers: readonly EnforcedServer[]
}

/** Best first. Pairs with bounds/rung.ts, which the daemon takes them from. */
const ORDER = ['cgroup-v2', 'systemd-scope', 'cgroup-v1', 'prlimit', 'polling']

/** Mechanisms that would be better than the one there is. */
export function betterThan({
  mechanism,
  refused,
}: Pick<Enforcement, 'mechanism' | 'refused'>): readonly MechanismRefused[] {
  return refused.filter((one) => ORDER.indexOf(one.mechanism) < ORDER.indexOf(mechanism))
}

/** Nothing of the system holds a process to its limit: somebody has to look. */
export function isWeak({ mechanism }: Pick<Enforcement, 'mechanism'>): boolean {
  return ORDER.indexOf(mechanism) >= ORDER.indexOf('prlimit')
}
