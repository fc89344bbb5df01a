import { relative, resolve } from 'node:path'
import { whereFrom } from '../core/clients/places.ts'
import { systemClock } from '../core/clock.ts'
import { packageRoot } from '../core/config/package-root.ts'
import { type Paths, pathsFrom } from '../core/config/paths.ts'
import { runAlone } from '../core/daemon/alone.ts'
import { MyceliumError } from '../core/errors.ts'
import { reopened } from '../core/ignore/allow.ts'
import { carryOut } from '../core/ignore/carry-out.ts'
import { projectFor, targetWishes } from '../core/ignore/make-plan.ts'
import { readPlan, type StoredPlan } from '../core/ignore/plan-file.ts'
import { ignoredFiles, shortName, takeOut } from '../core/ignore/take-out.ts'
import { renderQuiet } from '../core/launch/quiet.ts'
import type { Io } from '../core/report/io.ts'
import { jsonText } from '../core/report/json.ts'
import { printable } from '../core/report/printable.ts'
import { exitCodeAfter, problemRows, problemText } from '../core/report/problems.ts'
import { table } from '../core/report/table.ts'

/** `--json`. */
export interface IgnoreStateOptions {
  readonly json?: boolean
}

const MAX_ROWS = 50

/** `mycelium ignore status [PATH]`: the plan in force, and where it stands. Throws ignore_none. */
export async function runIgnoreStatus(
  io: Io,
  path: string | undefined,
  options: IgnoreStateOptions,
): Promise<number> {
  const { project, paths, stored } = inForce(io, path)
  const files = ignoredFiles(project, paths).map((file) => shortName(project, file))
  if (options.json) {
    const { hide, allowed, savedTokens, totalTokens, writtenAt, request } = stored
    io.write(jsonText({ project, writtenAt, request, files, allowed, savedTokens, totalTokens, hide }))
    return 0
  }
  const rows = [...stored.hide].sort((a, b) => b.tokens - a.tokens)
  const columns = [
    { title: 'HIDDEN', shrinks: true },
    { title: 'TOKENS', align: 'right' as const },
    { title: 'WHY', shrinks: true },
  ]
  io.write(
    table(
      columns,
      rows.slice(0, MAX_ROWS).map(({ path: one, tokens, why }) => [printable(one), String(tokens), why]),
      io.width,
    ),
  )
  if (rows.length > MAX_ROWS) io.write(`and ${rows.length - MAX_ROWS} more: --json lists all\n`)
  io.write(
    `\n${stored.savedTokens} of ${stored.totalTokens} tokens hidden since ${stored.writtenAt}, said in ${files.join(', ') || 'no file'}\n`,
  )
  if (stored.allowed.length > 0) io.write(`opened by you: ${stored.allowed.map(printable).join(', ')}\n`)
  return 0
}

/** `mycelium ignore allow FILE`: opens one file, or a directory, and keeps it open in every later plan. Throws ignore_path_unknown, ignore_none. */
export async function runIgnoreAllow(io: Io, file: string, options: IgnoreStateOptions): Promise<number> {
  const { project, paths, stored } = inForce(io, undefined)
  const where = whereFrom(io.env, project)
  // As the hook names it: below the project; or as the shell completes it: from here.
  const named = file.replace(/^\.\//, '').replace(/\/+$/, '')
  const isKnown = stored.hide.some(({ path }) => path === named || path.startsWith(`${named}/`))
  const path = isKnown ? named : relative(project, resolve(io.cwd, file))
  const plan = reopened(stored, path)
  const kept = { ...stored, allowed: [...new Set([...stored.allowed, path])].sort() }
  const quietText = renderQuiet(paths, process.execPath, packageRoot())
  const { changed, problems } = await runAlone(paths, () =>
    carryOut(
      plan,
      targetWishes(plan, stored.request.targets, project, where),
      { ...kept, writtenAt: new Date(systemClock.wall()).toISOString() },
      where,
      paths,
      quietText,
    ),
  )
  if (options.json) io.write(jsonText({ project, opened: path, changed, problems: problemRows(problems) }))
  else {
    io.talk(problemText(problems, io.paint.stderr))
    io.write(
      `${printable(path)} is visible again, now and in later plans; mycelium ignore write plans anew\n`,
    )
  }
  return exitCodeAfter(problems)
}

/** `mycelium ignore undo [PATH]`: everything visible again, each file as it was. */
export async function runIgnoreUndo(
  io: Io,
  path: string | undefined,
  options: IgnoreStateOptions,
): Promise<number> {
  const project = projectFor(io.cwd, path)
  const paths = pathsFrom(io.env)
  const where = whereFrom(io.env, project)
  if (readPlan(paths, project) === undefined && ignoredFiles(project, paths).length === 0) {
    if (options.json) io.write(jsonText({ project, files: [], problems: [] }))
    else io.write('nothing to undo\n')
    return 0
  }
  const { files, unhooked, problems } = await runAlone(paths, () => takeOut(project, where, paths))
  if (options.json) io.write(jsonText({ project, files, unhooked, problems: problemRows(problems) }))
  else {
    for (const { file, outcome } of files) io.write(`${shortName(project, file)}: ${SENTENCES[outcome]}\n`)
    for (const file of unhooked) io.write(`${file}: the hook is taken out\n`)
    io.talk(problemText(problems, io.paint.stderr))
    io.write('everything in this project is visible to agents again\n')
  }
  return exitCodeAfter(problems)
}

const SENTENCES = {
  restored: 'as it was, byte for byte',
  merged: 'it had changed meanwhile; ours was taken out and the other changes kept',
  clean: 'nothing of ours was in it any more; left as it is',
  missing: 'it is gone meanwhile; not made anew',
} as const

function inForce(io: Io, path: string | undefined): { project: string; paths: Paths; stored: StoredPlan } {
  const project = projectFor(io.cwd, path)
  const paths = pathsFrom(io.env)
  const stored = readPlan(paths, project)
  if (stored === undefined) throw new MyceliumError('ignore_none', `nothing is hidden in ${project}`)
  return { project, paths, stored }
}
