import type { SchedulerName } from '../jobs/job-set.ts'
import { commandOf, type Job } from '../jobs/job-table.ts'
import { type Run, stateOf } from '../jobs/runs.ts'
import { type Standing, summaryOf } from '../jobs/standing.ts'
import { ageText, timeText } from './amounts.ts'
import { counted } from './counted.ts'
import { wrapped } from './facts.ts'
import type { Paint } from './paint.ts'
import { table } from './table.ts'

/** One job as `jobs list` shows it; no standing means that it is not installed. */
export interface JobRow {
  readonly job: Job
  readonly standing: Standing | undefined
  /** Last one first. */
  readonly runs: readonly Run[]
}

/** What `jobs list` prints. */
export function jobsTable(
  rows: readonly JobRow[],
  scheduler: SchedulerName | undefined,
  wallMs: number,
  { width, paint }: { readonly width: number; readonly paint: Paint },
): string {
  const cells = rows.map(({ job, standing, runs }) => [
    job.name,
    standing?.job.at ?? '-',
    runs[0] === undefined ? '-' : lastText(runs[0], wallMs, paint),
    standing === undefined ? '-' : moment(standing.nextMs),
    commandOf(job),
  ])
  const installed = rows.filter(({ standing }) => standing !== undefined)
  const foot =
    scheduler === undefined
      ? 'none is installed; next: mycelium jobs install\n'
      : `${counted(installed.length, 'job')} installed with ${scheduler}${installed.length < rows.length ? `, ${rows.length - installed.length} not` : ''}\n`
  const titles = ['JOB', 'AT', 'LAST RUN', 'NEXT', 'RUNS']
  return `${table(
    titles.map((title) => ({ title, shrinks: title === 'RUNS' || title === 'LAST RUN' })),
    cells,
    width,
  )}\n${foot}`
}

function lastText(run: Run, wallMs: number, paint: Paint): string {
  const state = stateOf(run)
  const word = state === 'done' ? paint.good(state) : state === 'running' ? state : paint.bad(state)
  const code = state === 'failed' ? ` (${run.because ?? run.exitCode})` : ''
  const took = run.durationMs === undefined ? '' : `, took ${timeText(run.durationMs)}`
  return `${word}${code} ${agoText(Date.parse(run.startedAt), wallMs)}${took}`
}

/** One job for `jobs list --json`; docs/jobs.md explains each key. */
export function jobJson({ job, standing, runs }: JobRow): object {
  const [last] = runs
  return {
    name: job.name,
    command: commandOf(job),
    sentence: job.sentence,
    usualAt: job.at,
    installed: standing !== undefined,
    at: standing?.job.at ?? null,
    nextAt: standing === undefined ? null : new Date(standing.nextMs).toISOString(),
    due: standing?.isDue ?? false,
    last: last === undefined ? null : runJson(last),
    runs: runs.map(runJson),
  }
}

function runJson(run: Run): object {
  const { startedAt, durationMs = null, exitCode = null, because = null, isScheduled, process } = run
  return {
    state: stateOf(run),
    startedAt,
    durationMs,
    exitCode,
    because,
    scheduled: isScheduled,
    pid: process.pid,
  }
}

/** The line of `status`; empty where no job is installed. */
export function jobsText(
  all: readonly Standing[],
  wallMs: number,
  { width, paint }: { readonly width: number; readonly paint: Paint },
): string {
  const { installed, running, failed, lastRunAt } = summaryOf(all)
  if (installed === 0) return ''
  const last = lastRunAt === null ? 'none has run yet' : `last run ${agoText(Date.parse(lastRunAt), wallMs)}`
  const failures = failed === 0 ? '0 failed' : `${paint.bad(`${failed} failed`)}; next: mycelium jobs list`
  const line = `jobs: ${installed} installed, ${last}${running > 0 ? `, ${running} running` : ''}, ${failures}`
  return wrapped(line, width)
    .map((part) => `${part}\n`)
    .join('')
}

function agoText(ms: number, wallMs: number): string {
  return ms > wallMs ? 'just now' : `${ageText(wallMs - ms)} ago`
}

/** A moment in local time, to the minute: "2026-11-27 03:30". */
export function moment(ms: number): string {
  const at = new Date(ms)
  const two = (n: number) => String(n).padStart(2, '0')
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`
}
