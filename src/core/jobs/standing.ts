import type { Paths } from '../config/paths.ts'
import { isDue } from './due.ts'
import { type InstalledJob, readJobSet } from './job-set.ts'
import { type Run, type RunState, readRuns, stateOf } from './runs.ts'
import { nextTime, parseAt } from './schedule.ts'

/** How one installed job stands. */
export interface Standing {
  readonly job: InstalledJob
  readonly last: Run | undefined
  /** Of the last run; undefined when there was none. */
  readonly state: RunState | undefined
  /** Milliseconds since the epoch. */
  readonly nextMs: number
  /** A time of it has passed and nothing came of it yet. */
  readonly isDue: boolean
}

/** All installed jobs; none where nothing is installed. Reads small files only. */
export function standings(paths: Pick<Paths, 'jobs'>, wallMs: number): readonly Standing[] {
  return (readJobSet(paths)?.jobs ?? []).map((job) => {
    const [last] = readRuns(paths, job.name)
    return {
      job,
      last,
      state: last === undefined ? undefined : stateOf(last),
      nextMs: nextTime(parseAt(job.at).schedule, wallMs),
      isDue: isDue(job, last?.startedAt, wallMs),
    }
  })
}

/** What `status` says of them in one line, and `status --json`. */
export interface JobsSummary {
  readonly installed: number
  readonly running: number
  /** Those whose last run failed or was interrupted. */
  readonly failed: number
  /** ISO 8601; null when none has run yet. */
  readonly lastRunAt: string | null
}

/** Sums them up. */
export function summaryOf(all: readonly Standing[]): JobsSummary {
  const count = (...states: readonly RunState[]) =>
    all.filter(({ state }) => state !== undefined && states.includes(state)).length
  const starts = all.flatMap(({ last }) => last?.startedAt ?? []).sort()
  return {
    installed: all.length,
    running: count('running'),
    failed: count('failed', 'interrupted'),
    lastRunAt: starts.at(-1) ?? null,
  }
}
