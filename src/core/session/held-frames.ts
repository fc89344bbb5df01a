import { idKey, keyOfText } from '../protocol/fields.ts'
import type { Frame } from '../protocol/frame.ts'
import type { BatchReply } from './batch.ts'

/** A message of the agent that cannot be acted on yet, and the batch it came in. */
export interface HeldFrame {
  readonly frame: Frame
  readonly batch: BatchReply | undefined
}

/** Messages of one agent that may be held. */
const MAX_HELD_FRAMES = 4096

/** An agent's messages in order, while its pool gets ready or its roots are asked for. */
export class HeldFrames {
  /** Undefined when nothing has to wait. */
  #frames: HeldFrame[] | undefined

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

  /** Holds one more; false when there are too many. A cancel takes the request it speaks of out, if that is held too. */
  add(frame: Frame, batch: BatchReply | undefined): boolean {
    this.begin()
    const frames = this.#frames as HeldFrame[]
    if (frame.kind === 'notification' && frame.method === 'notifications/cancelled') {
      const key = keyOfText(frame.line, frame.requestIdStart, frame.requestIdEnd)
      const at = frames.findLastIndex((held) => held.frame.kind === 'request' && idKey(held.frame) === key)
      if (at !== -1) {
        frames.splice(at, 1)[0]?.batch?.skip()
        return true
      }
    }
    if (frames.length >= MAX_HELD_FRAMES) return false
    frames.push({ frame, batch })
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
    return frames
  }
}
