import { existsSync } from 'node:fs'
import { ownProgram } from '../jobs/install.ts'
import { type JobSet, readJobSet } from '../jobs/job-set.ts'
import { lastTime, parseAt } from '../jobs/schedule.ts'
import { differing, type Ground } from '../jobs/scheduler.ts'
import { schedulerCalled } from '../jobs/schedulers.ts'
import { type Standing, standings } from '../jobs/standing.ts'
import { counted } from '../report/counted.ts'
import type { Finding, Look } from './finding.ts'

const INSTALL = 'mycelium jobs install'
/** A job whose time has passed is caught up within the hour. */
const GRACE_MS = 2 * 3_600_000

/** Jobs: whether their scheduler still has them as they were installed, whether what it starts is there, and how they went. */
export async function checkJobs({ paths, where, clock }: Look): Promise<readonly Finding[]> {
  const ground: Ground = { paths, where, clock }
  const set = readJobSet(paths)
  if (set === undefined) return await leftLines(ground)
  const scheduler = await schedulerFindings(set, ground)
  const now = clock.wall()
  const all = standings(paths, now)
  const findings = [...scheduler, ...movedProgram(set, ground), ...all.flatMap((one) => ran(one, now))]
  if (findings.length > 0) return findings
  const message = `${counted(all.length, 'job')} installed with ${set.scheduler}`
  return [{ id: 'jobs', severity: 'ok', subject: 'jobs', message }]
}

async function schedulerFindings(set: JobSet, ground: Ground): Promise<readonly Finding[]> {
  const scheduler = schedulerCalled(set.scheduler)
  const why = scheduler.missing(ground)
  if (why !== undefined)
    return [warning('job-scheduler-gone', 'jobs', `nothing starts them any more: ${why}`, INSTALL)]
  return differing(await scheduler.changes(set, ground)).flatMap(({ path, before, after, job }) =>
    after === undefined
      ? []
      : [
          warning(
            'job-changed',
            job ?? 'jobs',
            before === undefined
              ? `${path} has nothing of it any more`
              : `${path} is not as it was installed`,
            INSTALL,
          ),
        ],
  )
}

/** After an upgrade of Node or a move of mycelium a scheduler starts what is not there, and nobody hears of it. */
function movedProgram({ program }: JobSet, ground: Ground): readonly Finding[] {
  const gone = [program.node, program.script].find((path) => !existsSync(path))
  if (gone !== undefined)
    return [
      {
        ...warning('job-program-gone', 'jobs', `${gone} is gone: no job can run`, INSTALL),
        severity: 'error',
      },
    ]
  const { script } = ownProgram(ground)
  if (script === program.script) return []
  return [warning('job-program-other', 'jobs', `they run ${program.script}, this is ${script}`, INSTALL)]
}

function ran({ job, last, state }: Standing, nowMs: number): readonly Finding[] {
  const again = `mycelium jobs run ${job.name}`
  if (state === 'failed')
    return [
      warning(
        'job-failed',
        job.name,
        `the last run, ${last!.startedAt}, ${last!.because ?? `ended with ${last!.exitCode}`}`,
        `mycelium jobs logs ${job.name}`,
      ),
    ]
  if (state === 'interrupted')
    return [
      warning(
        'job-interrupted',
        job.name,
        `the last run, ${last!.startedAt}, did not come to its end`,
        again,
      ),
    ]
  // Counted from when the time was last due, so that a machine that was off has its hour.
  const due = lastTime(parseAt(job.at).schedule, nowMs - GRACE_MS)
  const known = Math.max(Date.parse(job.since), last === undefined ? 0 : Date.parse(last.startedAt))
  if (due <= known) return []
  const message =
    last === undefined
      ? `it has never run since ${job.since}`
      : `it last ran ${last.startedAt}, and not since`
  return [warning('job-never-ran', job.name, message, again)]
}

/** Lines that no record knows of: their root was removed by hand, say. */
async function leftLines(ground: Ground): Promise<readonly Finding[]> {
  const cron = schedulerCalled('cron')
  if (cron.missing(ground) !== undefined) return []
  const changes = await cron.changes(undefined, ground).catch(() => [])
  return differing(changes).map(({ path }) =>
    warning(
      'job-unknown',
      'jobs',
      `${path} has jobs of mycelium that no record knows of`,
      'mycelium jobs remove',
    ),
  )
}

function warning(id: string, subject: string, message: string, fix: string): Finding {
  return { id, severity: 'warning', subject, message, fix }
}
