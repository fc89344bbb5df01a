import type { Log } from '../log.ts'
import { whatOf } from './every.ts'

/** What ends the daemon from outside, or by an error that nobody caught; what nobody waited for is on record and ends nothing. */
export function stopAtEndings(log: Log, stop: (why: string) => unknown): void {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => stop(signal))
  process.on('uncaughtException', (error) => {
    log.event('bug', { what: whatOf(error) })
    stop('an internal error')
  })
  process.on('unhandledRejection', (error) => log.event('bug', { what: whatOf(error) }))
}
