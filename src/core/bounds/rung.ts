/** How memory is bounded, best first. */
export const MECHANISMS = ['cgroup-v2', 'systemd-scope', 'cgroup-v1', 'prlimit', 'polling'] as const

/** One of them. */
export type Mechanism = (typeof MECHANISMS)[number]

/** What one process tree may have, MB; null for no bound. */
export interface Bounds {
  readonly softMb: number | null
  readonly hardMb: number | null
}

/** No bound at all. */
export const UNBOUNDED: Bounds = { softMb: null, hardMb: null }

/** A process tree under a mechanism. */
export interface Hold {
  /** Where another mechanism does it for this process: prlimit is of use for some programs only. */
  readonly by?: Mechanism
  /** Its own control group. */
  readonly dir?: string
  /** Sets other bounds. Rejects with the system's error. */
  bound(bounds: Bounds): Promise<void>
  /** Takes in processes of the tree that were started before its root was held. */
  gather(pids: readonly number[]): Promise<void>
  /** How many of its processes the system has ended for want of memory so far. */
  kills(): number
  /** Lets go of a tree that has ended; false while something of it is left. */
  release(): Promise<boolean>
}

/** What is to be held. */
export interface Held {
  /** A name for what is made for it, unique on this machine. */
  readonly name: string
  readonly pid: number
  /** The program's path. */
  readonly file: string
  readonly bounds: Bounds
}

/** A mechanism as this machine has it. */
export interface Rung {
  readonly mechanism: Mechanism
  /** The kernel ends, or stops the growth of, what is over the hard bound. */
  readonly holdsHard: boolean
  /** The kernel slows down what is over the soft bound. */
  readonly holdsSoft: boolean
  /** The control group that is about to be made for a name, so that it is on record before it is there. */
  readonly dirOf?: (name: string) => string
  /** Puts a process that just started under it, and so all that it starts from then on. Rejects with the system's error. */
  hold(held: Held): Promise<Hold>
  /** Ends its own arrangements, when nothing is held any more. */
  close(): void
}

/** Asks a program of the system; rejects with what it said where it fails. */
export type RunTool = (file: string, args: readonly string[]) => Promise<void>
