import type { Clock } from '../clock.ts'
import type { EventOf } from '../events/event.ts'
import { cpuMsOf, memoryShareOf, rssKb } from '../process.ts'

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

/** What a tree was seen to use. */
export interface Sample extends EventOf<'sample'> {
  /** Written by its processes and shared with nobody, KiB; undefined where the system does not tell. */
  readonly ownKb: number | undefined
}

interface Last {
  /** What was told of it. */
  readonly told: EventOf<'sample'>
  readonly toldAtMs: number
  readonly latest: Sample
  readonly lookedAtMs: number
}

/** Takes the memory and processor time of trees, a few processes in each turn, tells what changed, and knows the latest of each. */
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
    this.#forgetAllBut(trees)
    this.#round = [...trees]
  }

  /** The latest look at each tree by its root's pid, made now where it is older than maxAgeMs, for as many as one turn has time for. */
  latest(trees: readonly Tree[], maxAgeMs: number): ReadonlyMap<number, Sample> {
    this.#forgetAllBut(trees)
    let looked = 0
    for (const tree of trees) {
      const last = this.#last.get(tree.pid)
      if (last !== undefined && this.#clock.now() - last.lookedAtMs <= maxAgeMs) continue
      if (looked >= PIDS_PER_TURN) break
      looked += tree.pids.length
      this.#look(tree)
    }
    return new Map([...this.#last].map(([pid, { latest }]) => [pid, latest]))
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

  #forgetAllBut(trees: readonly Tree[]): void {
    const alive = new Set(trees.map(({ pid }) => pid))
    for (const pid of this.#last.keys()) if (!alive.has(pid)) this.#last.delete(pid)
  }

  #look({ server, pid, pids, sessions }: Tree): void {
    let rss = 0
    let pss = 0
    let own: number | undefined = 0
    let shareKnown = true
    let cpuMs = 0
    let processes = 0
    for (const one of pids) {
      const resident = rssKb(one)
      if (resident === undefined) continue
      processes++
      rss += resident
      const share = memoryShareOf(one)
      shareKnown &&= share !== undefined
      pss += share?.pssKb ?? resident
      own = own === undefined || share?.ownKb === undefined ? undefined : own + share.ownKb
      cpuMs += cpuMsOf(one) ?? 0
    }
    if (processes === 0) return
    const event = {
      at: this.#clock.wall() * 1000,
      server,
      pid,
      processes,
      rssKb: rss,
      pssKb: shareKnown ? pss : -1,
      cpuMs,
      sessions,
    }
    const last = this.#last.get(pid)
    const now = this.#clock.now()
    // What is shown where the system does not tell a share is what is resident.
    const seen = { latest: { ...event, pssKb: pss, ownKb: own }, lookedAtMs: now }
    if (last !== undefined && now - last.toldAtMs < REPEAT_MS && !differs(last.told, event)) {
      this.#last.set(pid, { ...last, ...seen })
      return
    }
    this.#last.set(pid, { told: event, toldAtMs: now, ...seen })
    this.#tell(event)
  }
}

function differs(a: EventOf<'sample'>, b: EventOf<'sample'>): boolean {
  const moved = (x: number, y: number) => Math.abs(x - y) > NOTABLE * Math.max(x, y)
  return (
    a.processes !== b.processes ||
    a.sessions !== b.sessions ||
    moved(a.pssKb, b.pssKb) ||
    moved(a.rssKb, b.rssKb) ||
    b.cpuMs - a.cpuMs > 50
  )
}
