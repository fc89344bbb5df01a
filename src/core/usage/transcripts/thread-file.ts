import type { EventOf } from '../../events/event.ts'
import type { attempt, Outcome, Told } from './attempt.ts'
import type { FoundFile } from './reader.ts'

/** Events of one message between threads. */
const BATCH_EVENTS = 512
/** Messages that a thread may be ahead of what was taken from it: some ten megabytes. */
const MAX_AHEAD = 64

/** To a thread: read this file, or: a message of yours was taken. */
export type ToThread =
  | {
      readonly file: FoundFile
      readonly known: EventOf<'progress'> | undefined
      readonly now: number
    }
  | 'taken'

/** From a thread: some of what it found and read; with `outcome` the last of that file. */
export interface FromThread {
  readonly events: readonly Told[]
  readonly bytes: number
  readonly outcome?: Outcome
}

/** What a thread does with each message it gets: it reads one file at a time and never runs far ahead of whom it tells. */
export function fileServer(
  tell: (message: FromThread) => void,
  read: typeof attempt,
): (message: ToThread) => void {
  let ahead = 0
  let resume = (): void => {}
  let events: Told[] = []
  let bytes = 0
  const send = (outcome?: Outcome): void => {
    tell({ events, bytes, ...(outcome === undefined ? {} : { outcome }) })
    ahead++
    events = []
    bytes = 0
  }
  return (message) => {
    if (message === 'taken') {
      ahead--
      resume()
      return
    }
    const context = {
      emit: (...told: Told) => {
        events.push(told)
        if (events.length >= BATCH_EVENTS) send()
      },
      ready: async () => {
        if (bytes > 0) send()
        while (ahead > MAX_AHEAD) {
          await new Promise<void>((resolve) => {
            resume = resolve
          })
        }
      },
      onBytes: (n: number) => {
        bytes += n
      },
      // A thread is ended from outside.
      signal: new AbortController().signal,
      now: message.now,
    }
    void read(message.file, message.known, context as Parameters<typeof attempt>[2]).then(send)
  }
}
