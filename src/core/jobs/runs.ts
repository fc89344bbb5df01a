import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Paths } from '../config/paths.ts'
import { writeFileAtomic } from '../config/write-file.ts'
import { type Identity, isAlive, machineBootId } from '../process.ts'
import { textIfRegular } from '../regular-file.ts'

/** One run of a job, written when it starts and again when it ends: NAME.runs.json in the directory of jobs. */
export interface Run {
  /** ISO 8601. */
  readonly startedAt: string
  /** Whether the scheduler started it, or a person. */
  readonly isScheduled: boolean
  /** The process that saw to it, and the boot of the machine in which its pid means something. */
  readonly process: Identity
  readonly boot: string
  /** Absent until it has ended. */
  readonly durationMs?: number
  /** Null after a signal. */
  readonly exitCode?: number | null
  /** Why it ended, where its exit code does not say. */
  readonly because?: string
}

/** What became of a run. `interrupted`: it was killed, or the machine went down under it. */
export type RunState = 'running' | 'done' | 'failed' | 'interrupted'

const MAX_RUNS = 20

/** What is known to have become of it. */
export function stateOf(run: Run): RunState {
  if (run.exitCode !== undefined) return run.exitCode === 0 ? 'done' : 'failed'
  return run.boot === machineBootId() && isAlive(run.process) ? 'running' : 'interrupted'
}

/** The latest runs of a job, last one first. */
export function readRuns(paths: Pick<Paths, 'jobs'>, job: string): readonly Run[] {
  const text = textIfRegular(runsPath(paths, job))
  if (text === undefined) return []
  try {
    const { version, runs } = Object(JSON.parse(text))
    return version === 1 && Array.isArray(runs) ? runs.filter(isRun) : []
  } catch {
    return []
  }
}

function isRun(value: unknown): value is Run {
  const { startedAt, process: who, boot } = Object(value)
  const { pid, startTime } = Object(who)
  return (
    Number.isFinite(Date.parse(startedAt)) &&
    typeof boot === 'string' &&
    Number.isInteger(pid) &&
    typeof startTime === 'string'
  )
}

/** Keeps a run: in the place of what was written when it started, else as the last one. */
export function keepRun(paths: Pick<Paths, 'jobs'>, job: string, run: Run): void {
  const others = readRuns(paths, job).filter(({ startedAt }) => startedAt !== run.startedAt)
  const runs = [run, ...others].slice(0, MAX_RUNS)
  writeFileAtomic(runsPath(paths, job), `${JSON.stringify({ version: 1, runs }, null, 2)}\n`)
}

/** Forgets the runs of a job. */
export function removeRuns(paths: Pick<Paths, 'jobs'>, job: string): void {
  rmSync(runsPath(paths, job), { force: true })
}

function runsPath(paths: Pick<Paths, 'jobs'>, job: string): string {
  return join(paths.jobs, `${job}.runs.json`)
}
