import type { Ladder } from '../bounds/ladder.ts'
import type { Bounds, Hold, Rung } from '../bounds/rung.ts'
import { hasErrno } from '../errors.ts'
import type { Log } from '../log.ts'
import type { UpstreamProcess } from '../pool/spawn.ts'

/** What holding processes needs of the daemon. */
export interface BoundsServices {
  readonly log: Log
  readonly ladder: Ladder
  /** Begins the name of what is made for a process. */
  readonly prefix: string
  /** A control group is about to be made for a process: whoever cleans up must know. */
  readonly made: (upstream: UpstreamProcess, dir: string) => void
}

/** One process tree, what it should be held to and what holds it. */
interface Row {
  readonly upstream: UpstreamProcess
  readonly server: string
  readonly file: string
  readonly name: string
  bounds: Bounds
  rung: Rung
  hold: Hold | undefined
  refused: string | undefined
  /** What is done to it, one after the other. */
  work: Promise<void>
  kills: number
  ended: boolean
}

/**
 * Puts process trees under the best mechanism there is. One that fails is given up for all from then on, which the log says once, and the next is taken:
 * a server runs in any case.
 */
export class ProcessBounds {
  readonly #services: BoundsServices
  readonly #rows = new Map<UpstreamProcess, Row>()
  #at = 0
  #count = 0

  constructor(services: BoundsServices) {
    this.#services = services
  }

  get rung(): Rung {
    return this.#services.ladder.rungs[this.#at]!
  }

  /** Holds a process to bounds from now on. */
  hold(upstream: UpstreamProcess, server: string, file: string, bounds: Bounds): void {
    const known = this.#rows.get(upstream)
    if (known !== undefined) {
      known.bounds = bounds
      this.#then(known, () => known.hold?.bound(known.bounds))
      return
    }
    const row: Row = {
      upstream,
      server,
      file,
      name: `${this.#services.prefix}-${++this.#count}`,
      bounds,
      rung: this.rung,
      hold: undefined,
      refused: undefined,
      work: Promise.resolve(),
      kills: 0,
      ended: false,
    }
    this.#rows.set(upstream, row)
    this.#then(row, () => this.#take(row))
  }

  /** What a process is held to and by what; undefined for one that never was. */
  of(upstream: UpstreamProcess): Pick<Row, 'bounds' | 'rung' | 'refused' | 'hold'> | undefined {
    return this.#rows.get(upstream)
  }

  /** Takes in what trees started before they were held; their members are known by then. */
  gather(): void {
    for (const row of this.#rows.values())
      if (row.hold?.dir !== undefined || row.rung.mechanism === 'systemd-scope')
        this.#then(row, () => row.hold?.gather([...row.upstream.seen.keys()]))
  }

  /** How many of its processes the system has ended for want of memory since this was last asked. */
  newKills(upstream: UpstreamProcess): number {
    const row = this.#rows.get(upstream)
    if (row?.hold === undefined) return 0
    const kills = row.hold.kills()
    const fresh = kills - row.kills
    row.kills = kills
    return fresh
  }

  /** Resolves when all that was asked for is done, or was refused. */
  async settled(): Promise<void> {
    await Promise.all([...this.#rows.values()].map(({ work }) => work))
  }

  /** Removes what was made for a tree that has ended; resolves to false where something is left of it. */
  async release(upstream: UpstreamProcess): Promise<boolean> {
    const row = this.#rows.get(upstream)
    if (row === undefined) return true
    row.ended = true
    await row.work
    const isFree = (await row.hold?.release()) ?? true
    if (!isFree) this.#services.log.event('bound-left', { server: row.server, because: row.hold?.dir })
    this.#rows.delete(upstream)
    return isFree
  }

  /** Nothing is held any more. */
  close(): void {
    for (const rung of this.#services.ladder.rungs) rung.close()
  }

  async #take(row: Row): Promise<void> {
    for (;;) {
      if (row.ended) return
      const at = this.#at
      row.rung = this.rung
      const { name, file, bounds } = row
      const dir = row.rung.dirOf?.(name)
      if (dir !== undefined) this.#services.made(row.upstream, dir)
      try {
        row.hold = await row.rung.hold({ name, pid: row.upstream.pid, file, bounds })
        if (row.bounds !== bounds) await row.hold.bound(row.bounds)
        // What it started in the meantime.
        await row.hold.gather([...row.upstream.seen.keys()])
        return
      } catch (error) {
        // It ended before it was held.
        if (hasErrno(error, 'ESRCH') || row.ended) return
        if (at === this.#at) this.#stepDown(row.rung, error)
      }
    }
  }

  #stepDown(rung: Rung, error: unknown): void {
    if (this.#at + 1 >= this.#services.ladder.rungs.length) throw error
    this.#at += 1
    const because = messageOf(error)
    this.#services.log.event('bounds-refused', {
      mechanism: rung.mechanism,
      because,
      next: this.rung.mechanism,
    })
  }

  #then(row: Row, work: () => Promise<void> | undefined): void {
    row.work = row.work.then(async () => {
      if (row.ended) return
      try {
        await work()
        row.refused = undefined
      } catch (error) {
        if (hasErrno(error, 'ESRCH', 'ENOENT', 'ENODEV')) return
        const because = messageOf(error)
        if (row.refused === undefined)
          this.#services.log.event('bound-refused', { server: row.server, pid: row.upstream.pid, because })
        row.refused = because
      }
    })
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
