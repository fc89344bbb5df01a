import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import { hasErrno } from '../errors.ts'
import { CALL_PARTS } from './call-parts.ts'
import { KIND_ORDER, type Kind } from './event.ts'
import type { SegmentFrame } from './frame.ts'
import { segmentNames, setSharedAside } from './segment-file.ts'
import { SegmentReader } from './segment-reader.ts'
import { statOf } from './segment-rest.ts'
import { SHARED_NAME } from './shared-name.ts'
import { Stage } from './stage.ts'

/** Where segments and database are. */
export interface IngestOptions {
  readonly dir: string
  /** The file of the connection; what is on its way lies beside it. */
  readonly database: string
  readonly clock: Clock
  readonly maxEvents?: number
}

/** Up to where each segment was read. */
export type Positions = ReadonlyMap<string, number>

/** What was read of one segment. */
export interface Taken {
  readonly name: string
  readonly from: number
  readonly to: number
  readonly events: number
  readonly damaged: number
  /** Its whole length, when nothing will be added and all of it was taken. */
  readonly finishedAt: number | undefined
}

/** Events of one transaction: bounds memory, disk (about 150 bytes each) and the time that others wait. */
const MAX_EVENTS = 500_000
/** Combinations of texts of one transaction, about 1 kB each. */
const MAX_COMBINATIONS = 100_000

/** The segments from some positions on, read into stages for one transaction. abandon() it, used or not. */
export class Intake {
  readonly taken: Taken[] = []
  readonly #options: IngestOptions
  readonly #from: Positions
  readonly #names: readonly string[]
  /** Segments of which something may have been read. */
  readonly #begun: string[] = []
  readonly #stages = new Map<Kind, Stage>()
  readonly #steps: Generator<void, void>
  #budget: number

  constructor(options: IngestOptions, from: Positions) {
    this.#options = options
    this.#from = from
    this.#budget = options.maxEvents ?? MAX_EVENTS
    setSharedAside(options.dir, options.clock.wall())
    // One that was made since then keeps for the next time: its name is about to be another file's.
    this.#names = segmentNames(options.dir).filter((name) => name !== SHARED_NAME)
    this.#steps = this.#frames()
  }

  get stages(): readonly Stage[] {
    return [...this.#stages.values()]
  }

  /** It ended at its limit of events: there is more. */
  get more(): boolean {
    return this.#budget <= 0
  }

  /** The positions behind it. */
  get positions(): Positions {
    return new Map([...this.#from, ...this.taken.map(({ name, to }) => [name, to] as const)])
  }

  /** Reads one frame; false when there is none left, or no room. */
  step(): boolean {
    return this.#steps.next().done !== true
  }

  /**
   * Whether nobody else took in anything of what it read, with the database in hand. What is known of a segment is forgotten only when its
   * file is gone: where nothing is known, the file must be there.
   */
  continues(known: Positions): boolean {
    return this.#begun.every((name) => {
      const from = this.#from.get(name) ?? 0
      if (known.has(name)) return known.get(name) === from
      return from === 0 && statOf(join(this.#options.dir, name)) !== undefined
    })
  }

  abandon(): void {
    this.#steps.return()
    for (const stage of this.stages) stage.abandon()
  }

  *#frames(): Generator<void, void> {
    for (const name of this.#names) {
      if (this.more) return
      this.#begun.push(name)
      const reader = this.#opened(name)
      if (reader === undefined) continue
      try {
        yield* this.#segment(name, reader)
      } finally {
        reader.close()
      }
    }
  }

  #opened(name: string): SegmentReader | undefined {
    const { dir, clock } = this.#options
    try {
      return new SegmentReader(join(dir, name), this.#from.get(name) ?? 0, clock)
    } catch (error) {
      // Taken in and removed, or given up, by another process; or another user's, whose events are not ours to lose: it stays.
      if (hasErrno(error, 'ENOENT', 'EACCES', 'EPERM')) return undefined
      throw error
    }
  }

  *#segment(name: string, reader: SegmentReader): Generator<void, void> {
    const from = reader.offset
    let [events, damaged] = [0, 0]
    while (!this.more) {
      const frame = reader.next()
      if (frame === undefined) break
      const rows = this.#take(frame)
      if (rows === undefined) damaged += frame.payload.length
      else events += rows
      yield
    }
    this.taken.push({
      name,
      from,
      to: reader.offset,
      events,
      damaged: damaged + reader.damaged,
      finishedAt: reader.finished && !this.more ? reader.size : undefined,
    })
  }

  /** How many events it gave; undefined when the frame does not hold what its head says. */
  #take(frame: SegmentFrame): number | undefined {
    const kind = KIND_ORDER[frame.type]
    // A kind of a later version: its events are not for this one.
    if (kind === undefined) return 0
    let stage = this.#stages.get(kind)
    if (stage === undefined) {
      stage = new Stage(kind, this.#options.database, kind === 'call' ? CALL_PARTS : undefined)
      this.#stages.set(kind, stage)
    }
    try {
      stage.take(frame)
    } catch (error) {
      if (error instanceof RangeError) return undefined
      throw error
    }
    this.#budget = stage.combinations > MAX_COMBINATIONS ? 0 : this.#budget - frame.rows
    return frame.rows
  }
}
