import { idKey, keyOfText } from '../protocol/fields.ts'
import type { Frame } from '../protocol/frame.ts'
import type { BatchReply } from './batch.ts'

/** A message of the agent that cannot be acted on yet, and the batch it came in. */
export interface HeldFrame {
  readonly frame: Frame
  readonly batch: BatchReply | undefined
  /** When it was read, ms of the daemon's clock: its wait counts from then. */
  readonly heardAtMs: number
}

/** Messages of one agent, and bytes of them, that are read and held before the agent is read no further. */
const MAX_HELD_FRAMES = 4096
const MAX_HELD_BYTES = 8 * 1024 * 1024

/** An agent's messages in order, while its pool gets ready, its roots are asked for or it has too many calls in flight. */
export class HeldFrames {
  readonly #stop: (stopped: boolean) => void
  #stopped = false
  /** Undefined when nothing has to wait. */
  #frames: HeldFrame[] | undefined
  /** Of those added since the last release: what was released and held again is in memory anyway. */
  #bytes = 0

  /** `stop` reads no further from the agent (true) until told otherwise. */
  constructor(stop: (stopped: boolean) => void) {
    this.#stop = stop
  }

  /** Reads no further while too much is held, unless the agent owes an answer: calls in flight may need it to end. */
  readOn(agentOwes: boolean): void {
    const stops = this.full && !agentOwes
    if (stops !== this.#stopped) this.#stop(stops)
    this.#stopped = stops
  }

  /** Whether what comes now has to wait. */
  get holding(): boolean {
    return this.#frames !== undefined
  }

  get length(): number {
    return this.#frames?.length ?? 0
  }

  begin(): void {
    this.#frames ??= []
  }

  /** So much waits that no more should be read. */
  get full(): boolean {
    return this.length >= MAX_HELD_FRAMES || this.#bytes > MAX_HELD_BYTES
  }

  /** Holds one more. */
  add(one: HeldFrame): void {
    this.begin()
    this.#frames?.push(one)
    this.#bytes += one.frame.line.length
  }

  /** Takes the request out that a cancel speaks of; false when it is not held. */
  withdraw(notice: Frame): boolean {
    const frames = this.#frames ?? []
    const key = keyOfText(notice.line, notice.requestIdStart, notice.requestIdEnd)
    const at = frames.findLastIndex((held) => held.frame.kind === 'request' && idKey(held.frame) === key)
    if (at === -1) return false
    frames.splice(at, 1)[0]?.batch?.skip()
    return true
  }

  /** Holds again what release() gave and nobody acted on, behind what is held by now. */
  append(frames: readonly HeldFrame[]): void {
    this.#frames = [...(this.#frames ?? []), ...frames]
  }

  /** Gives what is held before the first request with this method; from that on all is held still. */
  releaseUntil(method: string): HeldFrame[] {
    const frames = this.#frames ?? []
    const at = frames.findIndex(({ frame }) => frame.kind === 'request' && frame.method === method)
    this.#frames = at === -1 ? undefined : frames.slice(at)
    return at === -1 ? frames : frames.slice(0, at)
  }

  /** Gives all that is held; from now on nothing has to wait. */
  release(): HeldFrame[] {
    const frames = this.#frames ?? []
    this.#frames = undefined
    this.#bytes = 0
    return frames
  }
}
