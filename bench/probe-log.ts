import { existsSync, readFileSync } from 'node:fs'

/** One line of a probe server's log. */
export interface ProbeEvent {
  readonly event: string
  readonly pid: number
  readonly at: number
  readonly tool?: string
}

/** Everything that a probe server and its copies noted so far. */
export function readProbeLog(file: string): ProbeEvent[] {
  if (!existsSync(file)) return []
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ProbeEvent)
}
