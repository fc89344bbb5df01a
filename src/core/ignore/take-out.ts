import { relative } from 'node:path'
import type { Problem } from '../clients/discover.ts'
import { removeGuards } from '../clients/install-hooks.ts'
import { readJournal } from '../clients/journal.ts'
import type { Where } from '../clients/places.ts'
import { undoIgnored } from '../clients/undo-ignore.ts'
import type { Paths } from '../config/paths.ts'
import { anyPlan, removePlan } from './plan-file.ts'

/** What taking a project's plan out of force did. */
export interface TakenOut {
  readonly files: readonly {
    readonly file: string
    readonly outcome: 'restored' | 'merged' | 'clean' | 'missing'
  }[]
  /** The hook in the client's settings went too: no project hides anything now. */
  readonly unhooked: readonly string[]
  readonly problems: readonly Problem[]
}

/** The files of a project that hold something of ours by the journal. */
export function ignoredFiles(project: string, paths: Paths): readonly string[] {
  return readJournal(paths)
    .files.filter(({ ignore }) => ignore?.project === project)
    .map(({ file }) => file)
    .sort()
}

/** Makes everything in a project visible again: guard, blocks and rules, and, when it was the last project, the hook. */
export async function takeOut(project: string, where: Where, paths: Paths): Promise<TakenOut> {
  removePlan(paths, project)
  const { files, problems } = await undoIgnored(ignoredFiles(project, paths), where, paths)
  const hooks = anyPlan(paths) ? { changed: [], problems: [] } : await removeGuards(where, paths)
  return { files, unhooked: hooks.changed, problems: [...problems, ...hooks.problems] }
}

/** Takes ours out of files of the project that a new plan no longer speaks to. */
export async function dropOthers(
  project: string,
  spoken: readonly string[],
  where: Where,
  paths: Paths,
): Promise<readonly Problem[]> {
  const others = ignoredFiles(project, paths).filter((file) => !spoken.includes(file))
  return others.length === 0 ? [] : (await undoIgnored(others, where, paths)).problems
}

/** A file of a project as people name it. */
export function shortName(project: string, file: string): string {
  return file.startsWith(`${project}/`) ? relative(project, file) : file
}
