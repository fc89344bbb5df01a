import type { Log } from '../log.ts'

/** Does something again and again. What fails is on record: it must not end the daemon, and every session with it. */
export function every(log: Log, ms: number, work: () => void): void {
  setInterval(() => {
    try {
      work()
    } catch (error) {
      log.event('bug', { what: whatOf(error) })
    }
  }, ms)
}

/** An error for the log: where it happened, not only what. */
export function whatOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
