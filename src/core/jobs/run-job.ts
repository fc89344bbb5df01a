import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { type Clock, pause } from '../clock.ts'
import { type Paths, preparePaths } from '../config/paths.ts'
import { acquireLock } from '../daemon/lock.ts'
import { hasErrno } from '../errors.ts'
import { type Identity, identityOf, machineBootId } from '../process.ts'
import { jobDue } from './due.ts'
import { openJobLog } from './job-log.ts'
import { makeJobsDirectory, readJobSet } from './job-set.ts'
import { commandOf, type Job } from './job-table.ts'
import { keepRun, type Run } from './runs.ts'
import { longestDelay, parseAt } from './schedule.ts'

/** A job that takes longer hangs. */
const LIMIT_MS = 2 * 3_600_000
const KILL_AFTER_MS = 5_000

/** One job, and where and how it runs. */
export interface RunRequest {
  readonly job: Job
  readonly paths: Paths
  readonly clock: Clock
  /** The program that runs mycelium, and its script. */
  readonly program: readonly [node: string, script: string]
  readonly env: NodeJS.ProcessEnv
  /** As the scheduler starts it: only when its time has come since it last ran, and a little later than that. */
  readonly isDueOnly: boolean
  readonly signal: AbortSignal
  /** Shown as it comes, besides going to the log. */
  readonly onOutput: (text: string) => void
}

/** The run, or why there was none: another process is at it, or its time has not come. */
export type RunOutcome = { readonly run: Run } | { readonly heldBy: Identity } | { readonly notDue: true }

/** Runs a job to its end, on record and in its log, unless another process runs it. Throws what preparing the root throws. */
export async function runJob(request: RunRequest): Promise<RunOutcome> {
  const { job, paths, clock, isDueOnly, signal } = request
  if (isDueOnly && !isDueNow(request)) return { notDue: true }
  if (isDueOnly) await delay(request)
  preparePaths(paths)
  makeJobsDirectory(paths)
  const self = identityOf(process.pid) as Identity
  const lock = await acquireLock(paths.run, jobLock(job.name), { identity: self, clock })
  if ('heldBy' in lock) return lock
  try {
    // Whoever had the lock until now may have done it.
    if (isDueOnly && (signal.aborted || !isDueNow(request))) return { notDue: true }
    return { run: await recorded(request, self) }
  } finally {
    lock.release()
  }
}

/** The lock of a job in the run directory; undo knows the name (config/own-names.ts). */
export function jobLock(job: string): string {
  return `job-${job}`
}

function isDueNow({ job, paths, clock }: RunRequest): boolean {
  return jobDue(paths, job.name, clock.wall())
}

/** systemd has seen to it already. */
async function delay({ job, paths, clock, signal }: RunRequest): Promise<void> {
  const set = readJobSet(paths)
  const at = set?.jobs.find(({ name }) => name === job.name)?.at
  if (set === undefined || set.scheduler === 'systemd' || at === undefined) return
  const ended = new Promise<void>((resolve) =>
    signal.addEventListener('abort', () => resolve(), { once: true }),
  )
  await Promise.race([pause(clock, Math.random() * longestDelay(parseAt(at).schedule)), ended])
}

async function recorded(request: RunRequest, self: Identity): Promise<Run> {
  const { job, paths, clock, isDueOnly } = request
  const startedMs = clock.now()
  const started: Run = {
    startedAt: new Date(clock.wall()).toISOString(),
    isScheduled: isDueOnly,
    process: self,
    boot: machineBootId(),
  }
  keepRun(paths, job.name, started)
  const log = openJobLog(paths, job.name)
  log.note(`${started.startedAt} ${commandOf(job)}, pid ${self.pid}`)
  const end = await carriedOut(request, (text) => {
    log.output(text)
    request.onOutput(text)
  })
  const run: Run = { ...started, durationMs: Math.round(clock.now() - startedMs), ...end }
  log.close()
  log.note(`${new Date(clock.wall()).toISOString()} ${run.because ?? `ended with ${run.exitCode}`}`)
  try {
    keepRun(paths, job.name, run)
  } catch (error) {
    // It was removed meanwhile, and mycelium with it.
    if (!hasErrno(error, 'ENOENT', 'ENOTDIR')) throw error
  }
  return run
}

function carriedOut(
  { job, program: [node, script], env, clock, signal }: RunRequest,
  onOutput: (text: string) => void,
): Promise<Pick<Run, 'exitCode' | 'because'>> {
  return new Promise((resolve) => {
    let because: string | undefined
    const child = spawn(node, [script, ...job.args], {
      cwd: '/',
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const end = (why: string) => {
      because ??= why
      kill(child.pid, 'SIGTERM')
      clock.after(KILL_AFTER_MS, () => kill(child.pid, 'SIGKILL'))
    }
    const onAbort = () => end('stopped by a signal')
    const cancel = clock.after(LIMIT_MS, () => end(`stopped after ${LIMIT_MS / 3_600_000} h`))
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', onOutput)
    const settle = (exitCode: number | null, why: string | undefined) => {
      cancel()
      signal.removeEventListener('abort', onAbort)
      resolve({ exitCode, ...(why !== undefined && { because: why }) })
    }
    child.once('error', (error: NodeJS.ErrnoException) =>
      settle(null, `${node} did not start: ${error.code}`),
    )
    child.once('close', (code, by) =>
      settle(because === undefined ? code : null, because ?? (by === null ? undefined : `ended by ${by}`)),
    )
  })
}

/** The group: a job may have started others. */
function kill(pid: number | undefined, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal)
  } catch (error) {
    if (!hasErrno(error, 'ESRCH')) throw error
  }
}

/** The exit status that tells how a run ended: the job's own, and 130 for one that was stopped. */
export function exitStatusOf({ exitCode }: Run): number {
  return exitCode ?? 128 + constants.signals.SIGINT
}
