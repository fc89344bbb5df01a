import type { Clock } from '../clock.ts'
import { idText } from '../protocol/fields.ts'
import { type Frame, scanFrame } from '../protocol/frame.ts'
import { requestText } from '../protocol/messages.ts'
import { MODERN_PROBE } from '../protocol/methods.ts'
import { ownCopy } from './greet.ts'
import type { UpstreamProcess } from './spawn.ts'

/** No number, as the ids of an Upstream are: an answer that comes too late is nobody's. */
const ID = '"mycelium-discover"'
const NEWLINE = 0x0a
/** A longer line is no answer to such a question. */
const MAX_BYTES = 1024 * 1024

/** What came of a question: `ended`, the process did; `silent`, it said nothing within the bound, or until it was stopped. */
export type Heard = Frame | 'ended' | 'silent'

/** A question put to a process that nobody uses yet. */
export interface Inquiry {
  readonly answer: Promise<Heard>
  /** Waits no longer. */
  stop(): void
}

/**
 * Sends `server/discover` to a process that no Upstream has yet, and leaves it as it was: what it wrote behind the answer
 * is there for whoever reads it next. Lines before the answer (logs, by most of those that write any) are dropped.
 */
export function inquire(
  process: UpstreamProcess,
  paramsText: string,
  { clock, boundMs }: { readonly clock: Clock; readonly boundMs: number },
): Inquiry {
  let rest = Buffer.alloc(0)
  let stop = (): void => {}
  const answer = new Promise<Heard>((resolve) => {
    let over = false
    const end = (how: Heard): void => {
      if (over) return
      over = true
      cancelTimer()
      process.stdout.pause()
      process.stdout.off('data', hear)
      if (rest.length > 0) process.stdout.unshift(rest)
      resolve(how)
    }
    const hear = (chunk: Buffer): void => {
      rest = Buffer.concat([rest, chunk])
      for (let at = rest.indexOf(NEWLINE); at !== -1; at = rest.indexOf(NEWLINE)) {
        const frame = scanFrame(rest.subarray(0, at))
        rest = rest.subarray(at + 1)
        if (frame === undefined || !isAnswer(frame)) continue
        end(ownCopy(frame))
        return
      }
      if (rest.length > MAX_BYTES) end('silent')
    }
    const cancelTimer = clock.after(boundMs, () => end('silent'))
    stop = () => end('silent')
    process.stdout.on('data', hear)
    process.stdout.resume()
    void process.exited.then(() => end('ended'))
    process.stdin.write(requestText(ID, MODERN_PROBE, paramsText))
  })
  return { answer, stop }
}

/** Servers that cannot read a request refuse it under the id null. */
function isAnswer(frame: Frame): boolean {
  if (frame.kind !== 'response') return false
  return idText(frame) === ID || (frame.isError && idText(frame) === 'null')
}
