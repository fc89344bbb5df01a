import { systemClock } from '../core/clock.ts'
import { isForeignRun, type Paths, pathsFrom, refuseForeignRun } from '../core/config/paths.ts'
import { readRegistry } from '../core/config/registry.ts'
import { asking, connect } from '../core/daemon/connect.ts'
import { drainingDaemons } from '../core/daemon/draining.ts'
import type { Overview } from '../core/daemon/wire-overview.ts'
import type { Circumstances, Optimization } from '../core/effects/optimizations.ts'
import type { DayRecord } from '../core/effects/record.ts'
import { statusSums } from '../core/effects/status-sums.ts'
import { MyceliumError } from '../core/errors.ts'
import { standings, summaryOf } from '../core/jobs/standing.ts'
import { namesIn } from '../core/names-in.ts'
import { failureText } from '../core/report/failure.ts'
import type { Io } from '../core/report/io.ts'
import { jobsText } from '../core/report/jobs-report.ts'
import { jsonText } from '../core/report/json.ts'
import { statusJson } from '../core/report/status-json.ts'
import { downText, drainingText, statusText } from '../core/report/status-report.ts'

/** `mycelium status`. */
export interface StatusOptions {
  readonly showOptimization?: boolean
  readonly json?: boolean
  readonly watch?: boolean
  /** `--config key=value`. */
  readonly config?: readonly string[]
}

/** A database that somebody reads for long: the rest of the answer is not kept waiting. */
const STORE_WAIT_MS = 2_000

/** Prints what runs, at once; what only the database knows comes after it, and only when asked for. */
export async function runStatus(io: Io, options: StatusOptions): Promise<void> {
  const paths = pathsFrom(io.env)
  if (options.watch) return await watch(io, paths)
  const blocked = isForeignRun(paths)
  const connection = blocked ? undefined : await connect(paths)
  const overview =
    connection === undefined ? undefined : await asking(connection, (open) => open.ask<Overview>('overview'))
  const sums = overview === undefined ? undefined : statusSums(overview)
  const known = overview === undefined ? readRegistry(paths).servers : []
  const drainingPids = blocked ? [] : drainingDaemons(paths).map(({ pid }) => pid)
  const screen = { width: io.width, paint: io.paint.stdout }
  const now = systemClock.wall()
  const jobs = standings(paths, now)
  if (!options.json)
    io.write(
      (overview === undefined || sums === undefined
        ? downText(known, screen)
        : statusText(overview, sums, screen)) +
        drainingText(drainingPids, screen) +
        jobsText(jobs, now, screen),
    )
  if (blocked) io.talk(failureText(whyBlocked(paths), io.paint.stderr))
  const report = options.showOptimization ? await import('../core/report/optimization-report.ts') : undefined
  const rows = report === undefined ? undefined : await optimizationRows(io, paths, options)
  if (options.json)
    io.write(
      jsonText({
        ...statusJson(overview, sums, known),
        drainingPids,
        jobs: summaryOf(jobs),
        ...(rows && { optimizations: rows.map(report!.optimizationJson) }),
      }),
    )
  else if (rows !== undefined) io.write(`\n${report!.optimizationText(rows, screen)}`)
}

/** Nothing of this user's can run behind it, and the next start says the same. */
function whyBlocked(paths: Paths): unknown {
  try {
    refuseForeignRun(paths)
    return undefined
  } catch (error) {
    return error
  }
}

async function optimizationRows(
  io: Io,
  paths: Paths,
  { config = [] }: StatusOptions,
): Promise<readonly Optimization[]> {
  const { optimizations } = await import('../core/effects/optimizations.ts')
  const around: Circumstances = {
    isOn: await settingsReader(io, paths, config),
    hasCompiledRelay: hasCompiledRelay(paths),
  }
  const day = await dayRecord(paths)
  return typeof day === 'string' ? optimizations(around, undefined, day) : optimizations(around, day)
}

/** Settings that cannot be read are unknown, and the rest is shown all the same. */
async function settingsReader(
  io: Io,
  paths: Paths,
  flags: readonly string[],
): Promise<Circumstances['isOn']> {
  const { resolveSettings } = await import('../core/config/layers.ts')
  try {
    const resolved = resolveSettings({ flags, env: io.env, cwd: io.cwd, paths })
    return (key) => resolved.winner(key).value === true
  } catch (error) {
    if (!(error instanceof MyceliumError) || flags.length > 0) throw error
    io.talk(failureText(error, io.paint.stderr))
    return () => null
  }
}

function hasCompiledRelay(paths: Paths): boolean {
  return namesIn(paths.bin).some((name) => name.startsWith('relay-'))
}

/** What the store knows of the last day, or why it cannot be asked. */
async function dayRecord(paths: Paths): Promise<DayRecord | string> {
  const { askStore } = await import('../core/events/store.ts')
  const { readDay } = await import('../core/effects/record.ts')
  try {
    return await askStore(paths, ({ database }) => readDay(database.connection, systemClock.wall() * 1000), {
      ingestWaitMs: STORE_WAIT_MS,
    })
  } catch (error) {
    if (!(error instanceof MyceliumError)) throw error
    return error.code === 'database_none' ? 'nothing on record' : error.message
  }
}

async function watch(io: Io, paths: Paths): Promise<void> {
  if (!io.terminal.stdin || !io.terminal.stdout)
    throw new MyceliumError('usage', '--watch needs a terminal to draw on and to read keys from', {
      hint: 'mycelium status, or mycelium status --json in a loop',
    })
  const [{ watchStatus }, { Poller }] = await Promise.all([
    import('../core/live/watch.ts'),
    import('../core/live/poller.ts'),
  ])
  await watchStatus({ poller: new Poller(paths, systemClock), paint: io.paint.stdout, signal: io.signal })
}
