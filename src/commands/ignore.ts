import { existsSync } from 'node:fs'
import { whereFrom } from '../core/clients/places.ts'
import { type Clock, pause, systemClock } from '../core/clock.ts'
import { resolveSettings } from '../core/config/layers.ts'
import { packageRoot } from '../core/config/package-root.ts'
import { pathsFrom } from '../core/config/paths.ts'
import { runAlone } from '../core/daemon/alone.ts'
import { exitCodeOf, MyceliumError, withHint } from '../core/errors.ts'
import { carryOut, previewWrite } from '../core/ignore/carry-out.ts'
import { makePlan, type PlanPlace, projectFor, targetWishes, untold } from '../core/ignore/make-plan.ts'
import { nothingHidden, type PlanRequest, readPlan, storedPlans } from '../core/ignore/plan-file.ts'
import type { RankRepository } from '../core/ignore/source.ts'
import { renderQuiet } from '../core/launch/quiet.ts'
import { agreed } from '../core/report/agreed.ts'
import { counted } from '../core/report/counted.ts'
import { failureText } from '../core/report/failure.ts'
import { changesText, planJson, planReport } from '../core/report/ignore-report.ts'
import type { Io } from '../core/report/io.ts'
import { jsonText } from '../core/report/json.ts'
import { printable } from '../core/report/printable.ts'
import { exitCodeAfter, problemRows, problemText } from '../core/report/problems.ts'
import { rankFor } from '../core/report/ranked.ts'
import { unifiedDiff } from '../core/report/unified-diff.ts'

/** `mycelium ignore plan` and `write`. */
export interface IgnoreOptions {
  readonly budget?: number
  readonly keep?: number
  readonly target?: readonly string[]
  readonly hideTests?: boolean
  readonly dryRun?: boolean
  readonly watch?: boolean
  readonly yes?: boolean
  readonly json?: boolean
  readonly config?: readonly string[]
}

/** How often `--watch` looks whether there is new usage. */
const WATCH_MS = 60_000

/** `mycelium ignore plan [PATH]`: shows what would be hidden, and changes nothing. */
export async function runIgnorePlan(
  io: Io,
  path: string | undefined,
  options: IgnoreOptions,
  rank: RankRepository = (root) => rankFor(io, root),
): Promise<void> {
  const { place, request, allowed } = standingOf(io, path, options, rank)
  const made = await makePlan(place, request, allowed)
  const targets = targetWishes(made.plan, request.targets, place.project, place.where)
  if (options.json) io.write(jsonText(planJson(made, targets, place.project)))
  else
    io.write(planReport(made, targets, untold(request.targets), { width: io.width, paint: io.paint.stdout }))
}

/** `mycelium ignore diff [PATH]`: what a new plan would change beside the one in force, and why. Throws ignore_none. */
export async function runIgnoreDiff(
  io: Io,
  path: string | undefined,
  options: IgnoreOptions,
  rank: RankRepository = (root) => rankFor(io, root),
): Promise<void> {
  const { place, request, allowed } = standingOf(io, path, options, rank)
  const { changes, stored } = await makePlan(place, request, allowed)
  if (stored === undefined) throw nothingHidden(place.project)
  if (options.json) io.write(jsonText({ project: place.project, changes }))
  else io.write(changes.length === 0 ? 'nothing would change\n' : changesText(changes))
}

/**
 * `mycelium ignore write [PATH]`: shows the diff and, when the user agrees, puts the plan in force. With `--watch` it stays, for as long as the
 * user agreed to the first plan; what fails in a later turn is said, and tried again in the next.
 */
export async function runIgnoreWrite(
  io: Io,
  path: string | undefined,
  options: IgnoreOptions,
  rank: RankRepository = (root) => rankFor(io, root),
  clock: Clock = systemClock,
): Promise<number> {
  const first = await writeOnce(io, path, options, rank)
  let { code } = first
  if (!options.watch || !first.isAgreed) return code
  for (;;) {
    await Promise.race([pause(clock, WATCH_MS), aborted(io.signal)])
    if (io.signal.aborted) return code
    try {
      code = (await writeOnce(io, path, { ...options, yes: true }, rank, true)).code
    } catch (error) {
      code = exitCodeOf(error)
      io.talk(failureText(error, io.paint.stderr))
    }
  }
}

/**
 * `mycelium ignore refresh`: plans anew in every project that has a plan in force, each as it was asked for. A project that is gone, or
 * cannot be planned, keeps the plan that it has. Resolves to 1 when one could not be planned.
 */
export async function runIgnoreRefresh(
  io: Io,
  options: Pick<IgnoreOptions, 'json' | 'config'>,
  rank: RankRepository = (root) => rankFor(io, root),
): Promise<number> {
  const rows: { readonly project: string; readonly outcome: string; readonly message?: string }[] = []
  for (const { project } of storedPlans(pathsFrom(io.env))) {
    if (io.signal.aborted) throw new MyceliumError('interrupted', 'interrupted between two projects')
    if (!existsSync(project)) {
      rows.push({ project, outcome: 'gone' })
      continue
    }
    let said = ''
    const quiet: Io = { ...io, cwd: project, write: () => {}, talk: (text) => (said += text) }
    try {
      const { code } = await writeOnce(quiet, project, { ...options, json: false, yes: true }, rank, true)
      rows.push({
        project,
        outcome: code === 0 ? 'planned' : 'failed',
        ...(code !== 0 && { message: said.trim() }),
      })
    } catch (error) {
      if (!(error instanceof MyceliumError) || error.code === 'interrupted') throw error
      rows.push({ project, outcome: 'failed', message: withHint(error) })
    }
  }
  if (options.json) io.write(jsonText({ projects: rows }))
  else if (rows.length === 0) io.write('nothing is hidden in any project\n')
  else
    for (const row of rows)
      io.write(
        `${printable(row.project)}: ${REFRESHED[row.outcome]}${row.message === undefined ? '' : `: ${row.message}`}\n`,
      )
  return rows.some(({ outcome }) => outcome === 'failed') ? 1 : 0
}

const REFRESHED: Readonly<Record<string, string>> = {
  planned: 'planned anew',
  gone: 'it is gone, and its plan does nothing',
  failed: 'not planned',
}

async function writeOnce(
  io: Io,
  path: string | undefined,
  options: IgnoreOptions,
  rank: RankRepository,
  isRepeat = false,
): Promise<{ readonly code: number; readonly isAgreed: boolean }> {
  const { place, request, allowed } = standingOf(io, path, options, rank)
  const { project, where, paths } = place
  const made = await makePlan(place, request, allowed)
  const { plan, stored, changes } = made
  if (isRepeat && changes.length === 0) return { code: 0, isAgreed: true }
  const targets = targetWishes(plan, request.targets, project, where)
  const preview = previewWrite(targets, request.targets, where, paths)
  if (!options.json && isRepeat) io.write(changesText(changes))
  if (!options.json && !isRepeat) {
    io.write(planReport(made, targets, untold(request.targets), { width: io.width, paint: io.paint.stdout }))
    // Only our own lines: what else is in those files may be a secret.
    for (const { file, before, after } of preview.files)
      io.write(`\n${unifiedDiff(file, ownLines(before), ownLines(after), io.paint.stdout)}`)
    for (const { file, added, wish } of preview.hooks) {
      io.write(`\n${file}: the hook for ${added.join(', ')} is added\n`)
      if (wish.host.needs !== undefined) io.write(`next: ${wish.host.needs}\n`)
    }
  }
  const count = preview.files.length + preview.hooks.length
  const isAgreed = !options.dryRun && (await agreed(io, options, count, 'mycelium ignore write'))
  const quietText = renderQuiet(paths, process.execPath, packageRoot())
  const kept = { project, writtenAt: new Date(systemClock.wall()).toISOString(), request, allowed }
  const written = isAgreed
    ? await runAlone(paths, () => carryOut(plan, targets, kept, where, paths, quietText))
    : { changed: [], problems: [] }
  const problems = [
    ...preview.problems,
    ...written.problems.filter(({ file }) => !preview.problems.some((one) => one.file === file)),
  ]
  if (options.json)
    io.write(
      jsonText({
        dryRun: options.dryRun === true,
        changed: options.dryRun
          ? [...preview.files, ...preview.hooks].map(({ file }) => file)
          : written.changed,
        ...planJson(made, targets, project),
        problems: problemRows(problems),
      }),
    )
  else {
    io.talk(problemText(problems, io.paint.stderr))
    io.write(lastLine(options, isAgreed, written.changed.length, stored === undefined))
  }
  return { code: exitCodeAfter(problems), isAgreed }
}

function lastLine(options: IgnoreOptions, isAgreed: boolean, changed: number, isFirst: boolean): string {
  if (options.dryRun) return '\ndry run: nothing was changed\n'
  if (!isAgreed) return '\nnothing was changed\n'
  const what = changed === 0 ? 'nothing to change' : `${counted(changed, 'file')} written`
  return `\n${what}; ${isFirst ? 'sessions that run now read their settings when they start anew; ' : ''}check with: mycelium ignore verify\n`
}

/** Our lines of a text, between our marks or as rules, so that a diff shows no other. */
function ownLines(text: string): string {
  return text
    .split('\n')
    .filter((line) => /^# (>>>|<<<) mycelium|^\/|^#|Read\(|"deny"/.test(line.trim()))
    .map((line) => `${line}\n`)
    .join('')
}

interface Standing {
  readonly place: PlanPlace
  readonly request: PlanRequest
  readonly allowed: readonly string[]
}

/** What was asked for now, or else when the plan in force was written. */
function standingOf(
  io: Io,
  path: string | undefined,
  options: IgnoreOptions,
  rank: RankRepository,
): Standing {
  const project = projectFor(io.cwd, path)
  const paths = pathsFrom(io.env)
  const where = whereFrom(io.env, project)
  const settings = resolveSettings({ flags: options.config ?? [], env: io.env, cwd: project, paths })
  const stored = readPlan(paths, project)
  const isSized = options.budget !== undefined || options.keep !== undefined
  const request: PlanRequest = {
    ...(options.budget !== undefined && { budgetTokens: options.budget }),
    ...(options.keep !== undefined && { keepPercent: options.keep }),
    ...(!isSized &&
      stored?.request.budgetTokens !== undefined && { budgetTokens: stored.request.budgetTokens }),
    ...(!isSized && stored?.request.keepPercent !== undefined && { keepPercent: stored.request.keepPercent }),
    targets: options.target ?? stored?.request.targets ?? [],
    hideTests: options.hideTests ?? stored?.request.hideTests ?? false,
  }
  const place = { project, where, paths, keep: settings.get('ignore.keep'), rank }
  return { place, request, allowed: stored?.allowed ?? [] }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
