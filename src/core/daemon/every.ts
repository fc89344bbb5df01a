import type { Log } from '../log.ts'

/** Does something again and again, and gives it, to be done in between. What fails is on record: it must not end the daemon, and every session with it. */
export function every(log: Log, ms: number, work: () => void): () => void {
  const round = (): void => {
    try {
      work()
    } catch (error) {
      log.event('bug', { what: whatOf(error) })
    }
  }
  setInterval(round, ms)
  return round
}

/** An error for the log: where it happened, not only what. */
export function whatOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
