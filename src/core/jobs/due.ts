import type { Paths } from '../config/paths.ts'
import { type InstalledJob, readJobSet } from './job-set.ts'
import { readRuns } from './runs.ts'
import { lastTime, parseAt } from './schedule.ts'

/**
 * Whether a time of the job has passed since it last started, or was installed: also when many have, it is due once. Of a job that is not
 * installed no time is known: it is never due.
 */
export function jobDue(paths: Pick<Paths, 'jobs'>, name: string, wallMs: number): boolean {
  const job = readJobSet(paths)?.jobs.find((one) => one.name === name)
  return job !== undefined && isDue(job, readRuns(paths, name)[0]?.startedAt, wallMs)
}

/** As jobDue, of what is known; times are ISO 8601 and milliseconds since the epoch. */
export function isDue({ at, since }: InstalledJob, lastStart: string | undefined, wallMs: number): boolean {
  const started = lastStart === undefined ? 0 : Date.parse(lastStart)
  // A clock that was set back: what lies ahead of it says nothing.
  const known = [Date.parse(since), started].filter((ms) => ms <= wallMs)
  return lastTime(parseAt(at).schedule, wallMs) > Math.max(0, ...known)
}
