import { closeSync, fdatasync, writev } from 'node:fs'
import type { Clock } from '../clock.ts'
import type { Identity } from '../process.ts'
import { Batch } from './batch.ts'
import type { EventOf, Kind } from './event.ts'
import { createSegment, sealOfSegment } from './segment-file.ts'

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
  /** Told once for each time that writing begins to fail, and when it works again with the number of events lost meanwhile. */
  trouble?(what: string): void
}

/** Frames that wait for the disk; beyond it events are lost, and counted, rather than memory. */
const MAX_QUEUED_BYTES = 16 * 1024 * 1024
/** Queued bytes that are worth a write before the time is up. */
const WRITE_BYTES = 256 * 1024
/** After a failed write none is tried for so long. */
const RETRY_MS = 5_000

interface OpenSegment {
  readonly fd: number
  readonly openedAtMs: number
  bytes: number
}

/**
 * Appends events to segments of its own. append() costs memory only; a write goes out when enough is queued or an event has waited
 * fsyncMs, one at a time, off the event loop. A killed process loses what was not written yet, and nothing else.
 */
export class SegmentWriter {
  readonly options: WriterOptions
  /** Events that were given up: no room in memory while the disk did not take any. */
  lost = 0
  readonly #batches = new Map<Kind, Batch>()
  #queue: Buffer[] = []
  #queuedBytes = 0
  #queuedRows = 0
  #segment: OpenSegment | undefined
  #cancelTimer: (() => void) | undefined
  #writing: Promise<void> | undefined
  #syncedAtMs = 0
  #failedAtMs: number | undefined
  #closed = false

  constructor(options: WriterOptions) {
    this.options = options
  }

  /** Records an event. Never throws and never waits. */
  append<K extends Kind>(kind: K, event: EventOf<K>): void {
    if (this.#closed) return
    let batch = this.#batches.get(kind)
    if (batch === undefined) {
      batch = new Batch(kind)
      this.#batches.set(kind, batch)
    }
    if (batch.add(event as EventOf<Kind>)) {
      this.#cut(batch)
      if (this.#queuedBytes >= WRITE_BYTES) this.#pump()
    }
    this.#cancelTimer ??= this.options.clock.after(this.options.fsyncMs, () => {
      this.#cancelTimer = undefined
      this.#cutAll()
      this.#pump()
    })
  }

  /** Undefined while appending may go on at once; else settles when there is room: for writers that can wait. */
  room(): Promise<void> | undefined {
    return this.#queuedBytes > MAX_QUEUED_BYTES / 4 ? this.#pump() : undefined
  }

  /** Settles when everything appended so far is written, and on the disk unless the policy is `never`; also when it could not be. */
  async flush(): Promise<void> {
    this.#cutAll()
    while (this.#queue.length > 0 || this.#writing !== undefined) {
      await this.#pump()
      if (this.#failedAtMs !== undefined) return
    }
    if (this.#segment !== undefined && this.options.fsync !== 'never') await synced(this.#segment.fd)
  }

  /** Writes what is left and finishes the segment. Nothing can be appended afterwards. */
  async close(): Promise<void> {
    this.#cancelTimer?.()
    await this.flush()
    this.#closed = true
    await this.#finishSegment()
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
    this.#queue.push(frame)
    this.#queuedBytes += frame.length
    this.#queuedRows += rows
  }

  /** Writes what is queued, one write at a time; settles when the present one is done. */
  #pump(): Promise<void> {
    this.#writing ??= this.#writeQueued().finally(() => {
      this.#writing = undefined
      if (this.#queuedBytes >= WRITE_BYTES && this.#failedAtMs === undefined) void this.#pump()
    })
    return this.#writing
  }

  async #writeQueued(): Promise<void> {
    const { clock, fsync, fsyncMs } = this.options
    if (this.#failedAtMs !== undefined && clock.now() - this.#failedAtMs < RETRY_MS) return
    if (this.#queue.length === 0) return
    const frames = this.#queue
    const bytes = this.#queuedBytes
    const rows = this.#queuedRows
    try {
      const segment = await this.#segmentFor(bytes)
      this.#queue = []
      await written(segment.fd, frames)
      segment.bytes += bytes
      this.#queuedBytes -= bytes
      this.#queuedRows -= rows
      const due = fsync === 'always' || (fsync === 'batch' && clock.now() - this.#syncedAtMs >= fsyncMs)
      if (due) {
        await synced(segment.fd)
        this.#syncedAtMs = clock.now()
      }
      if (this.#failedAtMs === undefined) return
      this.#failedAtMs = undefined
      this.options.trouble?.(`events are written again, ${this.lost} were lost`)
    } catch (error) {
      // A part of them may be in the file: readers find the next whole frame. The rest of this segment is left alone.
      if (this.#queue !== frames) {
        this.#queuedBytes -= bytes
        this.#queuedRows -= rows
        this.lost += rows
      }
      this.#abandonSegment()
      if (this.#failedAtMs === undefined)
        this.options.trouble?.(`events are not written: ${(error as Error).message}`)
      this.#failedAtMs = clock.now()
    }
  }

  async #segmentFor(bytes: number): Promise<OpenSegment> {
    const { clock, dir, writer, owner, segmentBytes, segmentAgeMs } = this.options
    const open = this.#segment
    const full = open !== undefined && open.bytes + bytes > segmentBytes && open.bytes > bytes
    if (full || (open !== undefined && clock.now() - open.openedAtMs > segmentAgeMs))
      await this.#finishSegment()
    this.#segment ??= { ...createSegment(dir, writer, owner), openedAtMs: clock.now() }
    return this.#segment
  }

  async #finishSegment(): Promise<void> {
    const segment = this.#segment
    this.#segment = undefined
    if (segment === undefined) return
    try {
      await written(segment.fd, [sealOfSegment()])
      if (this.options.fsync !== 'never') await synced(segment.fd)
    } catch (error) {
      // It only stays open in the reader's eyes until this process has ended.
      if (!(error instanceof Error && 'code' in error)) throw error
    } finally {
      closeSync(segment.fd)
    }
  }

  #abandonSegment(): void {
    if (this.#segment !== undefined) closeSync(this.#segment.fd)
    this.#segment = undefined
  }
}

/** Writes all of the buffers: writev may take a part only. */
function written(fd: number, buffers: readonly Buffer[]): Promise<void> {
  return new Promise((resolve, reject) => {
    writev(fd, buffers, (error, bytes) => {
      if (error !== null) return reject(error)
      const rest = after(buffers, bytes)
      if (rest.length === 0) resolve()
      else written(fd, rest).then(resolve, reject)
    })
  })
}

function after(buffers: readonly Buffer[], bytes: number): Buffer[] {
  const rest: Buffer[] = []
  let left = bytes
  for (const buffer of buffers) {
    if (left >= buffer.length) left -= buffer.length
    else {
      rest.push(buffer.subarray(left))
      left = 0
    }
  }
  return rest
}

function synced(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fdatasync(fd, (error) => (error === null ? resolve() : reject(error)))
  })
}
