import type { Clock } from '../clock.ts'
import type { EventOf } from '../events/event.ts'
import { cpuMsOf, pssKb, rssKb } from '../process.ts'

/** One tree of processes to look at. */
export interface Tree {
  readonly server: string
  readonly pid: number
  /** The root and everything known below it. */
  readonly pids: readonly number[]
  readonly sessions: number
}

/** A tree that changes by less than this share is not told again. */
const NOTABLE = 0.02
/** A tree that does not change is told so often all the same. */
const REPEAT_MS = 60_000
/** A look takes about 70 µs a process: so many in one turn of the event loop. */
const PIDS_PER_TURN = 30

interface Last {
  readonly event: EventOf<'sample'>
  readonly atMs: number
}

/** Takes the memory and processor time of trees, a few processes in each turn, and tells what changed. */
export class Sampler {
  readonly #clock: Clock
  readonly #tell: (event: EventOf<'sample'>) => void
  readonly #last = new Map<number, Last>()
  #round: Tree[] = []

  constructor(clock: Clock, tell: (event: EventOf<'sample'>) => void) {
    this.#clock = clock
    this.#tell = tell
  }

  /** Begins a round over these trees, unless the last one is still going on. */
  begin(trees: readonly Tree[]): void {
    if (this.#round.length > 0) return
    const alive = new Set(trees.map(({ pid }) => pid))
    for (const pid of this.#last.keys()) if (!alive.has(pid)) this.#last.delete(pid)
    this.#round = [...trees]
  }

  /** Looks at the next few; false when the round is over. */
  step(): boolean {
    for (let looked = 0; looked < PIDS_PER_TURN; ) {
      const tree = this.#round.pop()
      if (tree === undefined) return false
      looked += tree.pids.length
      this.#look(tree)
    }
    return this.#round.length > 0
  }

  #look({ server, pid, pids, sessions }: Tree): void {
    let rss = 0
    let pss = 0
    let cpuMs = 0
    let processes = 0
    for (const one of pids) {
      const resident = rssKb(one)
      if (resident === undefined) continue
      processes++
      rss += resident
      pss += pssKb(one) ?? resident
      cpuMs += cpuMsOf(one) ?? 0
    }
    if (processes === 0) return
    const event = {
      at: this.#clock.wall() * 1000,
      server,
      pid,
      processes,
      rssKb: rss,
      pssKb: pss,
      cpuMs,
      sessions,
    }
    const last = this.#last.get(pid)
    const now = this.#clock.now()
    if (last !== undefined && now - last.atMs < REPEAT_MS && !differs(last.event, event)) return
    this.#last.set(pid, { event, atMs: now })
    this.#tell(event)
  }
}

function differs(a: EventOf<'sample'>, b: EventOf<'sample'>): boolean {
  const moved = (x: number, y: number) => Math.abs(x - y) > NOTABLE * Math.max(x, y)
  return (
    a.processes !== b.processes ||
    a.sessions !== b.sessions ||
    moved(a.pssKb, b.pssKb) ||
    b.cpuMs - a.cpuMs > 50
  )
}
