import { whereFrom } from '../core/clients/places.ts'
import { systemClock } from '../core/clock.ts'
import { pathsFrom } from '../core/config/paths.ts'
import { runAlone } from '../core/daemon/alone.ts'
import { MyceliumError } from '../core/errors.ts'
import { installJobs, jobsOnRecord, ownProgram, plannedSet, removeJobs } from '../core/jobs/install.ts'
import { jobLogPath } from '../core/jobs/job-log.ts'
import { readJobSet, type SchedulerName } from '../core/jobs/job-set.ts'
import { type Job, namedJobs } from '../core/jobs/job-table.ts'
import { exitStatusOf, type RunOutcome, runJob } from '../core/jobs/run-job.ts'
import { readRuns, stateOf } from '../core/jobs/runs.ts'
import { nextTime, parseAt } from '../core/jobs/schedule.ts'
import type { Ground } from '../core/jobs/scheduler.ts'
import { previewJobs } from '../core/jobs/schedulers.ts'
import { standings } from '../core/jobs/standing.ts'
import { textIfRegular } from '../core/regular-file.ts'
import { timeText } from '../core/report/amounts.ts'
import type { Io } from '../core/report/io.ts'
import { jobJson, jobsTable, moment } from '../core/report/jobs-report.ts'
import { jsonText } from '../core/report/json.ts'
import { printable } from '../core/report/printable.ts'
import { unifiedDiff } from '../core/report/unified-diff.ts'

/** Options of `mycelium jobs install` and `remove`. */
export interface JobsOptions {
  readonly at?: string
  readonly scheduler?: SchedulerName
  readonly dryRun?: boolean
  readonly json?: boolean
}

/** `mycelium jobs install [NAME…]`. Throws job_time_invalid, scheduler_missing, scheduler_refused, job_path_unusable. */
export async function runJobsInstall(
  io: Io,
  known: readonly Job[],
  names: readonly string[],
  options: JobsOptions,
): Promise<void> {
  const ground = groundOf(io)
  const { paths } = ground
  const { at, scheduler } = options
  const request = { jobs: namedJobs(names, known), at, scheduler }
  const { set, changes } = await (options.dryRun ? inPlace : runAlone)(paths, async () => {
    const former = readJobSet(paths)
    const set = plannedSet(request, former, ground)
    const changes = await previewJobs(set, former, ground)
    if (!options.dryRun) await installJobs(set, former, ground)
    return { set, changes }
  })
  const installed = set.jobs.map((job) => ({
    ...job,
    nextMs: nextTime(parseAt(job.at).schedule, ground.clock.wall()),
  }))
  if (options.json) {
    const jobs = installed.map(({ name, at, nextMs }) => ({
      name,
      at,
      nextAt: new Date(nextMs).toISOString(),
    }))
    io.write(jsonText({ dryRun: options.dryRun === true, scheduler: set.scheduler, jobs, changes }))
    return
  }
  if (options.dryRun) {
    tellChanges(io, changes)
    io.write('dry run: nothing was changed\n')
    return
  }
  const named = installed.filter(({ name }) => request.jobs.some((job) => job.name === name))
  for (const { name, at, nextMs } of named) io.write(`${name}: ${at}, next ${moment(nextMs)}\n`)
  io.write(changes.length === 0 ? 'nothing to change\n' : `installed with ${set.scheduler}\n`)
  if (set.scheduler === 'systemd')
    io.talk(
      'your timers run while you are logged in\n  next: loginctl enable-linger, to have them run always\n',
    )
}

/** `mycelium jobs list`. */
export async function runJobsList(
  io: Io,
  known: readonly Job[],
  options: { readonly json?: boolean },
): Promise<void> {
  const { paths, clock } = groundOf(io)
  const all = standings(paths, clock.wall())
  const set = readJobSet(paths)
  const rows = known.map((job) => ({
    job,
    standing: all.find((one) => one.job.name === job.name),
    runs: readRuns(paths, job.name),
  }))
  if (options.json) io.write(jsonText({ scheduler: set?.scheduler ?? null, jobs: rows.map(jobJson) }))
  else io.write(jobsTable(rows, set?.scheduler, clock.wall(), { width: io.width, paint: io.paint.stdout }))
}

/** `mycelium jobs run [NAME]`: resolves to the job's own exit status. Throws job_running, usage. */
export async function runJobsRun(
  io: Io,
  known: readonly Job[],
  name: string | undefined,
  options: { readonly due?: boolean; readonly json?: boolean },
): Promise<number> {
  if (name === undefined && !options.due)
    throw new MyceliumError('usage', 'which job?', { hint: 'mycelium jobs list' })
  const ground = groundOf(io)
  const isQuiet = options.due === true || options.json === true
  let status = 0
  for (const job of namedJobs(name === undefined ? [] : [name], known)) {
    const { node, script } = ownProgram(ground)
    const outcome = await runJob({
      job,
      paths: ground.paths,
      clock: ground.clock,
      program: [node, script],
      env: io.env,
      isDueOnly: options.due === true,
      signal: io.signal,
      onOutput: isQuiet ? () => {} : io.write,
    })
    if (options.json) io.write(jsonText({ job: job.name, ...outcomeJson(outcome) }))
    status = Math.max(status, statusOf(outcome, job, ground, options.due === true))
    if (!isQuiet && 'run' in outcome)
      io.talk(
        `${job.name}: ${outcome.run.because ?? `ended with ${outcome.run.exitCode}`} after ${timeText(outcome.run.durationMs ?? 0)}\n`,
      )
    if (io.signal.aborted) break
  }
  return status
}

/** `mycelium jobs logs NAME`. Throws job_not_run. */
export async function runJobsLogs(io: Io, name: string, options: { readonly lines: number }): Promise<void> {
  const { paths } = groundOf(io)
  const text = textIfRegular(jobLogPath(paths, name))
  if (text === undefined)
    throw new MyceliumError('job_not_run', `${name} has not run yet`, { hint: `mycelium jobs run ${name}` })
  const lines = text.split('\n').slice(0, -1)
  for (const line of options.lines === 0 ? [] : lines.slice(-options.lines)) io.write(`${printable(line)}\n`)
}

/** `mycelium jobs remove [NAME…]`. Throws scheduler_refused, not_removed. */
export async function runJobsRemove(io: Io, names: readonly string[], options: JobsOptions): Promise<void> {
  const ground = groundOf(io)
  const { paths } = ground
  const { removed, changes } = await (options.dryRun ? inPlace : runAlone)(paths, async () => {
    const former = readJobSet(paths)
    const removed = jobsOnRecord(ground).filter((name) => names.length === 0 || names.includes(name))
    const left = former?.jobs.filter(({ name }) => !removed.includes(name)) ?? []
    const next = former === undefined || left.length === 0 ? undefined : { ...former, jobs: left }
    const changes = await previewJobs(next, former, ground)
    if (!options.dryRun && (removed.length > 0 || names.length === 0)) await removeJobs(removed, ground)
    return { removed, changes }
  })
  if (options.json) return io.write(jsonText({ dryRun: options.dryRun === true, removed, changes }))
  if (options.dryRun) tellChanges(io, changes)
  if (options.dryRun) io.write('dry run: nothing was changed\n')
  else io.write(removed.length === 0 ? 'nothing to remove\n' : `removed: ${removed.join(', ')}\n`)
}

function groundOf(io: Io): Ground {
  return { paths: pathsFrom(io.env), where: whereFrom(io.env, io.cwd), clock: systemClock }
}

/** To look is nobody's turn. */
async function inPlace<T>(_: unknown, look: () => Promise<T>): Promise<T> {
  return look()
}

function tellChanges(io: Io, changes: Awaited<ReturnType<typeof previewJobs>>): void {
  for (const { path, before, after } of changes)
    io.write(`${unifiedDiff(path, before ?? '', after ?? '', io.paint.stdout)}\n`)
}

/** A scheduler that finds nothing to do, or somebody doing it, has not failed. */
function statusOf(outcome: RunOutcome, { name }: Job, { paths }: Ground, isDueOnly: boolean): number {
  if ('run' in outcome) return exitStatusOf(outcome.run)
  if (isDueOnly || 'notDue' in outcome) return 0
  const since = readRuns(paths, name)[0]?.startedAt
  throw new MyceliumError(
    'job_running',
    `${name} is running already: pid ${outcome.heldBy.pid}${since === undefined ? '' : `, since ${since}`}`,
  )
}

function outcomeJson(outcome: RunOutcome): object {
  if ('run' in outcome) {
    const { startedAt, durationMs, exitCode, because } = outcome.run
    return { state: stateOf(outcome.run), startedAt, durationMs, exitCode, because: because ?? null }
  }
  return { state: 'notDue' in outcome ? 'not due' : 'running' }
}
