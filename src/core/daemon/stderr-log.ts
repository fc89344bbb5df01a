import type { Clock } from '../clock.ts'
import { LineSplitter } from '../lines.ts'
import type { Log } from '../log.ts'
import { redact } from '../pool/profile.ts'
import { Quota } from '../quota.ts'

/** Longest line of a server's standard error that is kept. */
const MAX_LINE_BYTES = 64 * 1024
/** Of one process in a second, each line counted as so much longer for what it costs to write: the others must not notice. */
const BYTES_PER_SECOND = 128 * 1024
const LINE_BYTES = 64
/** Lines are written together. */
const GATHER_MS = 100
const NEWLINE = 0x0a

/** Whose standard error it is. */
export interface StderrSource {
  readonly server: string
  readonly secrets: readonly string[]
}

/** Takes one process's standard error to the log, without its secrets. What is too much in a second is left out and counted. */
export class StderrLog {
  readonly #source: StderrSource
  readonly #clock: Clock
  readonly #log: Log
  readonly #lines: LineSplitter
  readonly #quota: Quota
  /** Kept and not yet written. */
  #kept: Buffer[] = []
  #leftOutBytes = 0
  /** In the middle of a line whose beginning was left out: half a secret is not recognised. */
  #skipping = false

  constructor(source: StderrSource, clock: Clock, log: Log) {
    this.#source = source
    this.#clock = clock
    this.#log = log
    this.#lines = new LineSplitter(
      MAX_LINE_BYTES,
      (line) => this.#keep(line),
      () => {},
    )
    this.#quota = new Quota(clock, BYTES_PER_SECOND, () => this.#tellLeftOut())
  }

  push(chunk: Buffer): void {
    if (this.#quota.spent) {
      this.#leftOutBytes += chunk.length + (this.#lines.end()?.length ?? 0)
      this.#skipping = chunk.at(-1) !== NEWLINE
      return
    }
    const from = this.#skipping ? chunk.indexOf(NEWLINE) + 1 : 0
    if (this.#skipping && from === 0) {
      this.#leftOutBytes += chunk.length
      return
    }
    this.#skipping = false
    this.#leftOutBytes += from
    this.#lines.push(from === 0 ? chunk : chunk.subarray(from))
  }

  /** The process has ended: what it said last is written. */
  end(): void {
    const rest = this.#lines.end()
    if (rest !== undefined && !this.#skipping) this.#keep(rest)
    this.#flush()
  }

  #keep(line: Buffer): void {
    if (!this.#quota.take(line.length + LINE_BYTES)) {
      this.#leftOutBytes += line.length + 1
      return
    }
    if (this.#kept.length === 0) this.#clock.after(GATHER_MS, () => this.#flush())
    this.#kept.push(line)
  }

  #flush(): void {
    if (this.#kept.length === 0) return
    const text = this.#kept.map((line) => line.toString('utf8').trimEnd()).join('\n')
    this.#kept = []
    this.#log.server(this.#source.server, redact(text, this.#source.secrets).split('\n'))
  }

  #tellLeftOut(): void {
    this.#flush()
    const bytes = this.#leftOutBytes
    this.#leftOutBytes = 0
    const why = `more than ${BYTES_PER_SECOND} in a second, each line counted as ${LINE_BYTES} longer`
    this.#log.server(this.#source.server, [`mycelium: ${bytes} bytes left out here (${why})`])
  }
}
