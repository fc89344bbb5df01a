import { namedClients } from '../core/clients/client-lookup.ts'
import { type Problem, problemOf } from '../core/clients/discover.ts'
import type { Left } from '../core/clients/left-behind.ts'
import { anythingOfOurs } from '../core/clients/our-files.ts'
import { whereFrom } from '../core/clients/places.ts'
import { redacted } from '../core/clients/redact.ts'
import { type Undone, undo } from '../core/clients/undo.ts'
import { previewUndo, type UndoneFile, undoTargets } from '../core/clients/undo-targets.ts'
import { systemClock } from '../core/clock.ts'
import { isForeignRun, type Paths, pathsOf, rootFrom } from '../core/config/paths.ts'
import { runAlone } from '../core/daemon/alone.ts'
import { stopDaemon } from '../core/daemon/connect.ts'
import { removeLeftGroups } from '../core/daemon/records.ts'
import type { MyceliumError } from '../core/errors.ts'
import { jobsOnRecord, removeJobs } from '../core/jobs/install.ts'
import { type JobSet, readJobSet } from '../core/jobs/job-set.ts'
import type { Ground } from '../core/jobs/scheduler.ts'
import { schedulerCalled } from '../core/jobs/schedulers.ts'
import { shellQuote } from '../core/launch/render.ts'
import type { Io } from '../core/report/io.ts'
import { jsonText } from '../core/report/json.ts'
import { exitCodeAfter, problemRows, problemText } from '../core/report/problems.ts'
import { unifiedDiff } from '../core/report/unified-diff.ts'

/** `mycelium undo`. */
export interface UndoOptions {
  readonly client?: readonly string[]
  readonly dryRun?: boolean
  readonly keepUsage?: boolean
  readonly json?: boolean
}

/** Takes every edit back and, when no client is left, removes the rest. Resolves to the exit code. */
export async function runUndo(io: Io, options: UndoOptions): Promise<number> {
  const where = whereFrom(io.env, io.cwd)
  const paths = pathsOf(rootFrom(io.env))
  const only =
    (options.client ?? []).length === 0 ? [] : namedClients(options.client ?? []).map((client) => client.id)
  const problems: Problem[] = []
  const ground: Ground = { paths, where, clock: systemClock }
  const jobs = readJobSet(paths)
  const present = anythingOfOurs(paths)
  if (options.dryRun) {
    const targets = undoTargets(where, paths, only, problems)
    const previews = previewUndo(targets, where, paths, problems)
    for (const { file, format, before, after, isPatterns } of options.json ? [] : previews) {
      const shown = (text: string) => (isPatterns ? text : redacted(text, format, file))
      const texts = [shown(before), shown(after)] as const
      io.write(unifiedDiff(file, ...texts, io.paint.stdout))
    }
    const ending = only.length === 0 && jobs !== undefined ? jobs.jobs.map(({ name }) => name) : []
    const dry = { files: previews, problems, removed: false, daemonStopped: false }
    return report(io, options, dry, present, ending)
  }
  let ended: readonly string[] = []
  /** When nothing of ours is to stay. What starts a job starts mycelium anew, so its scheduler is told first. */
  const stopAll = async () => {
    ended = await endJobs(ground, jobs, io, problems)
    return stopReachable(paths)
  }
  const takeBack = () =>
    undo(undoTargets(where, paths, only, problems), where, paths, stopAll, {
      signal: io.signal,
      keepUsage: options.keepUsage,
    })
  // It is the way out, also where nothing else works any more.
  const withoutLock = ({ message }: MyceliumError) =>
    io.talk(`goes on without keeping other mycelium commands out: ${message}\n`)
  const undone = present ? await runAlone(paths, takeBack, { withoutLock }) : await takeBack()
  return report(io, options, { ...undone, problems: [...problems, ...undone.problems] }, present, ended)
}

/** Takes all jobs from their scheduler; one that refuses is a problem, one that is gone none. Gives their names. */
async function endJobs(
  ground: Ground,
  set: JobSet | undefined,
  io: Io,
  problems: Problem[],
): Promise<readonly string[]> {
  const names = jobsOnRecord(ground)
  try {
    if (set !== undefined && schedulerCalled(set.scheduler).missing(ground) !== undefined)
      io.talk(
        `${set.scheduler}, which jobs were installed with, is gone: what it still has of them does nothing\n`,
      )
    await removeJobs(names, ground)
    return names
  } catch (error) {
    problems.push(problemOf('mycelium', set?.scheduler ?? 'crontab', error))
    return []
  }
}

async function stopReachable(paths: Paths): Promise<boolean> {
  if (isForeignRun(paths)) return false
  const stopped = await stopDaemon(paths)
  removeLeftGroups(paths)
  return stopped
}

function report(
  io: Io,
  options: UndoOptions,
  undone: Undone,
  present: boolean,
  jobs: readonly string[],
): number {
  const { files, problems, removed, daemonStopped } = undone
  if (options.json) {
    io.write(
      jsonText({
        dryRun: options.dryRun === true,
        files: files.map(({ file, clients, outcome, servers }) => ({ file, clients, outcome, servers })),
        removed,
        daemonStopped,
        jobs,
        records: undone.records ?? null,
        settings: undone.left?.settings ?? null,
        problems: problemRows(problems),
      }),
    )
  } else {
    for (const file of files) io.write(`${file.file}: ${SENTENCES[file.outcome]}\n`)
    if (jobs.length > 0) io.write(`jobs ${options.dryRun ? 'to be ' : ''}removed: ${jobs.join(', ')}\n`)
    io.talk(problemText(problems, io.paint.stderr))
    io.write(
      options.dryRun ? 'dry run: nothing was changed\n' : lastLine(undone, present) + leftText(undone.left),
    )
  }
  return exitCodeAfter(problems)
}

const SENTENCES: Readonly<Record<UndoneFile['outcome'], string>> = {
  restored: 'as it was, byte for byte',
  merged: 'it had changed meanwhile; our edits were taken back and the other changes kept',
  clean: 'nothing of ours was in it any more; left as it is',
  missing: 'it is gone meanwhile; not made anew',
}

/** The promise is that nothing stays unless it is said, with the way to be rid of it. */
function leftText(left: Left | undefined): string {
  if (left === undefined) return ''
  const { settings, removable, others } = left
  const own =
    settings === undefined
      ? ''
      : `your own settings stay: ${settings}\n  next: rm ${removable === settings ? '' : '-r '}${shellQuote(removable ?? settings)}\n`
  return own + others.map((path) => `${path} stays: mycelium did not make it\n`).join('')
}

function lastLine(
  { files, problems, removed, daemonStopped, stays, records }: Undone,
  present: boolean,
): string {
  const daemon = daemonStopped ? ', daemon stopped' : ''
  const usage =
    records === undefined
      ? ''
      : records === 'kept'
        ? '; recorded usage stays'
        : ', and recorded usage with them'
  if (files.length === 0 && problems.length > 0 && stays !== undefined) return 'nothing was undone\n'
  if (stays === 'failed') return 'launchers and daemon stay until mycelium undo has done the rest\n'
  if (files.length === 0 && (stays === 'in use' || !present)) return 'nothing to undo\n'
  if (stays === 'in use') return 'launchers and daemon stay: other configs still use them\n'
  return removed
    ? `launchers, registry, backups and sockets removed${usage}${daemon}\n`
    : `everything else of mycelium is removed${usage}${daemon}\n`
}
