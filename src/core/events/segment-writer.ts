import { closeSync, fstatSync, rmSync } from 'node:fs'
import type { Clock } from '../clock.ts'
import type { Identity } from '../process.ts'
import { Batch, Scratch } from './batch.ts'
import type { EventOf, Kind } from './event.ts'
import { dropOldest } from './retention.ts'
import { createSegment, sealOfSegment } from './segment-file.ts'
import { synced, written } from './segment-write.ts'

/** When bytes that the system has are also on the disk: after each write, at most once in fsyncMs, or when the system likes. */
export type FsyncPolicy = 'always' | 'batch' | 'never'

/** What a writer may use. */
export interface WriterOptions {
  readonly dir: string
  /** Lower-case letters, first part of its segments' names. */
  readonly writer: string
  readonly owner: Identity
  readonly clock: Clock
  fsync: FsyncPolicy
  /** Longest time that an event waits in memory. */
  fsyncMs: number
  segmentBytes: number
  segmentAgeMs: number
  /** All segments together; above it the oldest finished ones are given up, when this writer begins a new one. */
  maxBytes?: number
  /** Told once for each time that writing begins to fail, when it works again with the number of events lost, and of segments given up. */
  trouble?(what: string): void
}

/** Frames that wait for the disk; beyond it events are lost, and counted, rather than memory. */
const MAX_QUEUED_BYTES = 16 * 1024 * 1024
/** Queued bytes that are worth a write before the time is up. */
const WRITE_BYTES = 256 * 1024
/** After a failed write none is tried for so long. */
const RETRY_MS = 5_000
/** About 40 million events that nobody has taken in. */
const MAX_BYTES = 2 * 1024 * 1024 * 1024

interface OpenSegment {
  readonly fd: number
  readonly path: string
  readonly openedAtMs: number
  bytes: number
  /** Since bytes of it were last made sure of. */
  unsynced: boolean
  failures: number
  /** Some frame of it is whole. */
  used: boolean
}

interface Queued {
  readonly frame: Buffer
  readonly rows: number
}

/**
 * Appends events to segments of its own. append() costs memory only; a write goes out when enough is queued or an event has waited
 * fsyncMs, one at a time, off the event loop. A killed process loses what was not written yet, and nothing else.
 */
export class SegmentWriter {
  readonly options: WriterOptions
  /** Events that were given up: no room in memory while the disk did not take any, or nobody there to write them any more. */
  lost = 0
  readonly #batches = new Map<Kind, Batch>()
  readonly #scratch = new Scratch()
  #queue: Queued[] = []
  #queuedBytes = 0
  #segment: OpenSegment | undefined
  #cancelTimer: (() => void) | undefined
  #writing: Promise<void> | undefined
  #syncedAtMs = Number.NEGATIVE_INFINITY
  #failedAtMs: number | undefined
  #lostAtFlush = 0
  #closing: Promise<boolean> | undefined

  constructor(options: WriterOptions) {
    this.options = options
  }

  /** Records an event. Never throws and never waits. */
  append<K extends Kind>(kind: K, event: EventOf<K>): void {
    if (this.#closing !== undefined) {
      this.lost++
      return
    }
    let batch = this.#batches.get(kind)
    if (batch === undefined) {
      batch = new Batch(kind, this.#scratch)
      this.#batches.set(kind, batch)
    }
    if (batch.add(event as EventOf<Kind>)) {
      this.#cut(batch)
      if (this.#queuedBytes >= WRITE_BYTES) void this.#pump(false)
    }
    if (this.#cancelTimer === undefined) this.#wakeLater()
  }

  /** Undefined while appending may go on at once; else settles when there is room: for writers that can wait. */
  room(): Promise<void> | undefined {
    return this.#queuedBytes > MAX_QUEUED_BYTES / 4 ? this.#pump(false) : undefined
  }

  /**
   * Settles when everything appended so far is written, and on the disk unless the policy is `never`, or could not be. True when nothing
   * of it was lost since the flush before and nothing waits.
   */
  flush(): Promise<boolean> {
    return this.#closing ?? this.#flush()
  }

  /** Writes what is left and finishes the segment. What is appended afterwards is lost. Gives what flush() gives. */
  close(): Promise<boolean> {
    this.#closing ??= this.#end()
    return this.#closing
  }

  async #flush(): Promise<boolean> {
    this.#cutAll()
    await this.#pump(true)
    const kept = this.#failedAtMs === undefined && this.lost === this.#lostAtFlush
    this.#lostAtFlush = this.lost
    return kept
  }

  async #end(): Promise<boolean> {
    this.#cancelTimer?.()
    const kept = await this.#flush()
    this.lost += this.#queue.reduce((sum, { rows }) => sum + rows, 0)
    this.#queue = []
    this.#queuedBytes = 0
    await this.#finishSegment()
    return kept
  }

  #wakeLater(): void {
    this.#cancelTimer ??= this.options.clock.after(this.options.fsyncMs, () => {
      this.#cancelTimer = undefined
      this.#cutAll()
      void this.#pump(false)
    })
  }

  #cutAll(): void {
    for (const batch of this.#batches.values()) if (batch.rows > 0) this.#cut(batch)
  }

  #cut(batch: Batch): void {
    const { rows } = batch
    const frame = batch.take()
    if (this.#queuedBytes + frame.length > MAX_QUEUED_BYTES) {
      this.lost += rows
      return
    }
    this.#queue.push({ frame, rows })
    this.#queuedBytes += frame.length
  }

  /** Writes what is queued, one write at a time; settles when the present one is done, an urgent one when all is done that can be. */
  #pump(urgent: boolean): Promise<void> {
    const before = this.#writing
    if (before !== undefined && !urgent) return before
    const mine = (before ?? Promise.resolve())
      .then(() => this.#writeQueued(urgent))
      .finally(() => {
        if (this.#writing === mine) this.#rest()
      })
    this.#writing = mine
    return mine
  }

  /** After the last write that was asked for. */
  #rest(): void {
    this.#writing = undefined
    if (this.#queuedBytes >= WRITE_BYTES && this.#failedAtMs === undefined) void this.#pump(false)
    else if (this.#closing === undefined && (this.#queuedBytes > 0 || this.#segment?.unsynced))
      this.#wakeLater()
  }

  async #writeQueued(urgent: boolean): Promise<void> {
    const { clock, fsync, fsyncMs } = this.options
    if (!urgent && this.#failedAtMs !== undefined && clock.now() - this.#failedAtMs < RETRY_MS) return
    try {
      if (this.#queue.length > 0) await this.#writeOut(await this.#segmentFor(this.#queuedBytes))
      const segment = this.#segment
      const due = urgent || fsync === 'always' || clock.now() - this.#syncedAtMs >= fsyncMs
      if (segment?.unsynced && fsync !== 'never' && due) {
        await synced(segment.fd)
        segment.unsynced = false
        this.#syncedAtMs = clock.now()
      }
      if (this.#failedAtMs === undefined) return
      this.#failedAtMs = undefined
      this.options.trouble?.(`events are written again, ${this.lost} were lost`)
    } catch (error) {
      this.#giveUpSegment()
      if (this.#failedAtMs === undefined)
        this.options.trouble?.(`events are not written: ${(error as Error).message}`)
      this.#failedAtMs = clock.now()
    }
  }

  /** What is whole in the file leaves the queue. A torn frame stays in it and is written again: readers find it behind its torn part. */
  async #writeOut(segment: OpenSegment): Promise<void> {
    const { bytes, error } = await written(
      segment.fd,
      this.#queue.map(({ frame }) => frame),
    )
    segment.bytes += bytes
    segment.unsynced = this.options.fsync !== 'never'
    let [whole, left] = [0, bytes]
    for (const { frame } of this.#queue) {
      if (frame.length > left) break
      left -= frame.length
      whole++
    }
    this.#queue = this.#queue.slice(whole)
    this.#queuedBytes -= bytes - left
    segment.used ||= whole > 0
    if (error !== undefined) throw error
    segment.failures = 0
  }

  async #segmentFor(bytes: number): Promise<OpenSegment> {
    const { clock, dir, writer, owner, segmentBytes, segmentAgeMs, maxBytes = MAX_BYTES } = this.options
    const open = this.#segment
    if (open !== undefined) {
      const full = open.bytes + bytes > segmentBytes && open.bytes > bytes
      // Removed by somebody: what is written to it now, nobody would find.
      const gone = fstatSync(open.fd).nlink === 0
      if (full || gone || clock.now() - open.openedAtMs > segmentAgeMs) await this.#finishSegment()
    }
    if (this.#segment === undefined) {
      const created = createSegment(dir, writer, owner)
      this.#segment = { ...created, openedAtMs: clock.now(), unsynced: true, failures: 0, used: false }
      const dropped = dropOldest(dir, maxBytes, clock)
      if (dropped.segments > 0) this.#tellDropped(dropped.segments, dropped.events)
    }
    return this.#segment
  }

  #tellDropped(segments: number, events: number): void {
    const because = `${segments} segments with up to ${events} events that nobody had taken in`
    this.options.trouble?.(`given up for room: ${because}`)
    const at = Math.round(this.options.clock.wall() * 1000)
    const decision = { policy: 'events', server: '', action: 'drop', accepted: true, because }
    this.append('decision', { at, ...decision, clientSession: '', savedTokens: 0 })
  }

  async #finishSegment(): Promise<void> {
    const segment = this.#segment
    this.#segment = undefined
    if (segment === undefined) return
    try {
      const { error } = await written(segment.fd, [sealOfSegment()])
      if (error !== undefined) throw error
      if (this.options.fsync !== 'never') await synced(segment.fd)
    } catch (error) {
      // It only stays open in the reader's eyes until this process has ended.
      if (!(error instanceof Error && 'code' in error)) throw error
    } finally {
      closeSync(segment.fd)
    }
  }

  /** A full disk takes the rest of a segment later; what fails twice in a row is left alone for a new one. */
  #giveUpSegment(): void {
    const segment = this.#segment
    if (segment === undefined || ++segment.failures < 2) return
    closeSync(segment.fd)
    if (!segment.used) rmSync(segment.path, { force: true })
    this.#segment = undefined
  }
}
