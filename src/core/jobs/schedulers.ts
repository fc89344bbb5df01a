import { MyceliumError } from '../errors.ts'
import { cron } from './cron.ts'
import type { JobSet, SchedulerName } from './job-set.ts'
import { launchd } from './launchd.ts'
import { type Change, differing, type Ground, type Scheduler } from './scheduler.ts'
import { systemd } from './systemd.ts'

/** Every scheduler, best first. */
const ALL: readonly Scheduler[] = [launchd, systemd, cron]

/** The one of that name. */
export function schedulerCalled(name: SchedulerName): Scheduler {
  return ALL.find((one) => one.name === name)!
}

/** The one to install with: the one asked for, else the one that jobs are with, else the best that is here. Throws scheduler_missing. */
export function chooseScheduler(
  wanted: SchedulerName | undefined,
  former: JobSet | undefined,
  ground: Ground,
): Scheduler {
  if (wanted !== undefined) {
    const scheduler = schedulerCalled(wanted)
    const why = scheduler.missing(ground)
    if (why === undefined) return scheduler
    throw new MyceliumError('scheduler_missing', `${wanted} cannot start jobs here: ${why}`, {
      hint: 'mycelium jobs install, without --scheduler',
    })
  }
  const inUse = former === undefined ? [] : [schedulerCalled(former.scheduler)]
  const found = [...inUse, ...ALL].find((one) => one.missing(ground) === undefined)
  if (found !== undefined) return found
  const whys = ALL.map((one) => `${one.name}: ${one.missing(ground)}`)
  throw new MyceliumError('scheduler_missing', `nothing here starts jobs by the clock (${whys.join('; ')})`)
}

/** What would change if the machine were made to agree with `next` where it agrees with `former` now. */
export async function previewJobs(
  next: JobSet | undefined,
  former: JobSet | undefined,
  ground: Ground,
): Promise<readonly Change[]> {
  const left = former !== undefined && former.scheduler !== next?.scheduler ? [former.scheduler] : []
  const changes: Change[] = []
  for (const name of left) changes.push(...(await schedulerCalled(name).changes(undefined, ground)))
  if (next !== undefined) changes.push(...(await schedulerCalled(next.scheduler).changes(next, ground)))
  return differing(changes)
}

/** Makes the machine agree with a set. When that fails it is as it was before, as far as the scheduler lets it. */
export async function applyJobs(next: JobSet, former: JobSet | undefined, ground: Ground): Promise<void> {
  const scheduler = schedulerCalled(next.scheduler)
  const isMove = former !== undefined && former.scheduler !== next.scheduler
  try {
    await scheduler.apply(next, ground)
    if (isMove) await schedulerCalled(former.scheduler).apply(undefined, ground)
  } catch (error) {
    // What failed first is what is to be mended; that the way back failed too would only hide it.
    await scheduler.apply(isMove ? undefined : former, ground).catch(() => {})
    throw error
  }
}

/** Takes everything of ours from all schedulers: also what no record of ours knows of. Throws scheduler_refused, not_removed. */
export async function clearSchedulers(former: JobSet | undefined, ground: Ground): Promise<void> {
  for (const scheduler of ALL) {
    try {
      await scheduler.apply(undefined, ground)
    } catch (error) {
      const isRefusal = error instanceof MyceliumError && error.code === 'scheduler_refused'
      // One that we never gave anything to may refuse us.
      if (!isRefusal || former?.scheduler === scheduler.name) throw error
    }
  }
}
