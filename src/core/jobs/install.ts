import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { removeIfEmpty } from '../clients/our-files.ts'
import { pause } from '../clock.ts'
import { packageRoot } from '../config/package-root.ts'
import { deadClaims, holderOf } from '../daemon/lock.ts'
import { hasErrno } from '../errors.ts'
import { namesIn } from '../names-in.ts'
import { isAlive } from '../process.ts'
import { removeJobLogs } from './job-log.ts'
import {
  type JobSet,
  jobEnvironment,
  type Program,
  readJobSet,
  type SchedulerName,
  storeJobSet,
} from './job-set.ts'
import type { Job } from './job-table.ts'
import { jobLock } from './run-job.ts'
import { removeRuns } from './runs.ts'
import { parseAt } from './schedule.ts'
import type { Ground } from './scheduler.ts'
import { applyJobs, chooseScheduler, clearSchedulers } from './schedulers.ts'

/** What to install. */
export interface InstallRequest {
  readonly jobs: readonly Job[]
  /** As `--at` takes it, for all of them; without it each keeps its time, or gets its own. */
  readonly at?: string | undefined
  readonly scheduler?: SchedulerName | undefined
}

/** What mycelium is started by. */
export function ownProgram({ where, paths }: Ground): Program {
  return {
    node: process.execPath,
    script: join(packageRoot(), 'bin/mycelium.js'),
    env: jobEnvironment(where.env, where.home, paths),
  }
}

/** The set that a request makes of the one that is there. Throws job_time_invalid, scheduler_missing. */
export function plannedSet(request: InstallRequest, former: JobSet | undefined, ground: Ground): JobSet {
  const since = new Date(ground.clock.wall()).toISOString()
  const at = request.at === undefined ? undefined : parseAt(request.at).text
  const added = request.jobs.map(({ name, at: usual }) => {
    const before = former?.jobs.find((job) => job.name === name)
    const time = at ?? before?.at ?? parseAt(usual).text
    return before?.at === time ? before : { name, at: time, since }
  })
  const others = former?.jobs.filter((job) => !added.some(({ name }) => name === job.name)) ?? []
  return {
    version: 1,
    scheduler: chooseScheduler(request.scheduler, former, ground).name,
    program: ownProgram(ground),
    jobs: [...others, ...added].sort((a, b) => (a.name < b.name ? -1 : 1)),
  }
}

/** Installs a set. The record comes first: what a scheduler starts asks it for its time. */
export async function installJobs(next: JobSet, former: JobSet | undefined, ground: Ground): Promise<void> {
  const { paths } = ground
  storeJobSet(paths, next)
  try {
    await applyJobs(next, former, ground)
  } catch (error) {
    storeJobSet(paths, former ?? { ...next, jobs: [] })
    removeIfEmpty(paths.jobs)
    throw error
  }
}

/** Takes jobs away, with their logs and records; ends those that run. Throws scheduler_refused, not_removed. */
export async function removeJobs(names: readonly string[], ground: Ground): Promise<void> {
  const { paths } = ground
  const former = readJobSet(paths)
  const left = former?.jobs.filter(({ name }) => !names.includes(name)) ?? []
  if (former === undefined || left.length === 0) await clearSchedulers(former, ground)
  else await applyJobs({ ...former, jobs: left }, former, ground)
  if (former !== undefined) storeJobSet(paths, { ...former, jobs: left })
  for (const name of names) {
    await endRunning(name, ground)
    removeRuns(paths, name)
    removeJobLogs(paths, name)
    for (const path of deadClaims(paths.run, jobLock(name))) rmSync(path, { force: true })
  }
  removeIfEmpty(paths.jobs)
}

/** All that there is something of: installed, or with a record of runs. */
export function jobsOnRecord({ paths }: Ground): readonly string[] {
  const ran = namesIn(paths.jobs).flatMap((name) => /^([a-z-]+)\.runs\.json$/.exec(name)?.[1] ?? [])
  return [...new Set([...(readJobSet(paths)?.jobs.map(({ name }) => name) ?? []), ...ran])].sort()
}

const END_WAIT_MS = 10_000
const POLL_MS = 20

/** It ends its job and says so on record; then nothing of it is written any more. */
async function endRunning(name: string, { paths, clock }: Ground): Promise<void> {
  const holder = holderOf(paths.run, jobLock(name))
  if (holder === undefined) return
  try {
    process.kill(holder.pid, 'SIGTERM')
  } catch (error) {
    if (!hasErrno(error, 'ESRCH')) throw error
  }
  const deadline = clock.now() + END_WAIT_MS
  while (isAlive(holder) && clock.now() < deadline) await pause(clock, POLL_MS)
}
